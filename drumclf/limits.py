"""Every limit on what may be sent, stated before an upload and enforced while it is read."""

from drumclf.constants import CLIP_DURATION

ACCEPTED = "WAV, AIFF, FLAC, MP3, M4A, AAC, OGG, Opus, WMA, WavPack, APE, CAF, AU or W64"

# --- One sound. Durations in seconds, rates in hertz; levels are peak amplitudes, full scale 1.0.
MAX_FILE_BYTES = 10_000_000  # of an upload, or of bytes; of a file on the user's own disk, only the beginning is read
MAX_DURATION = 600.0
MIN_DURATION = 0.015  # anything shorter is only the attack
RECORDING_DURATION = 30.0  # how much is read to look for hits
MIN_FILE_RATE = 4_000
MAX_FILE_RATE = 768_000
MAX_CHANNELS = 64
USUAL_CHANNELS = 8  # of more, fewer seconds may be read
NOISE_LEVEL = 10 ** (-60 / 20)  # anything quieter before the hit is skipped as noise
SILENCE_LEVEL = 10 ** (-90 / 20)  # a file that is quieter throughout is silent; the last of 16 bits is just below
INAUDIBLE_LEVEL = 10 ** (-60 / 20)  # minimum peak of the clip, if the file's peak is scaled to 1.0
# How much silence before the hit is decoded, over all channels: 6 minutes of stereo, or 68 s for codecs other than PCM
# and FLAC, which take up to ten times the work: about a second.
MAX_SCANNED_SAMPLES = {"PCM": 32_000_000, "other": 6_000_000}
# Over all channels and a copy of one of them: 138 MB. CLIP_DURATION of any file with up to 8 channels fits, and of
# 64 channels up to 106 kHz; a longer clip may be cut.
MAX_DECODED_SAMPLES = int(CLIP_DURATION * MAX_FILE_RATE) * (USUAL_CHANNELS + 1)
# Read at a time while looking for the first sound, over all channels: 0.1 s of any file with up to 8 channels.
MAX_BLOCK_SAMPLES = MAX_FILE_RATE // 10 * USUAL_CHANNELS

# --- Archives.
MAX_ARCHIVE_BYTES = 200_000_000
MAX_SOUNDS = 2_000  # in one archive
MAX_UNPACKED_BYTES = 1_000_000_000  # from all archives of one upload
MAX_TOGETHER = 5_000  # sounds from one visitor at a time, in any number of archives
MAX_RATIO = 100  # unpacked to packed size, overall; drums pack to a half, zip bombs to a thousandth
RATIO_COUNTS_FROM = 50_000_000  # unpacked bytes before the ratio is checked
MAX_DIRECTORY_ENTRIES = 20_000
MAX_DIRECTORY_BYTES = 10_000_000

LIMITS = (
    f"up to {MAX_FILE_BYTES // 1_000_000} MB and {MAX_DURATION / 60:.0f} minutes a sound, 1 to {MAX_CHANNELS} "
    f"channels, {MIN_FILE_RATE // 1000} to {MAX_FILE_RATE // 1000} kHz; a zip up to "
    f"{MAX_ARCHIVE_BYTES // 1_000_000} MB, {MAX_SOUNDS:,} sounds and {MAX_UNPACKED_BYTES // 1_000_000_000} GB "
    f"unpacked; {MAX_TOGETHER:,} sounds together"
)
