"""What may be sent: said before an upload, and enforced while it is read."""

from drumclf.constants import CLIP_DURATION

ACCEPTED = "WAV, AIFF, FLAC, OGG, Opus, MP3, CAF, AU or W64"

# --- One sound. Durations in seconds, rates in hertz; levels are peak amplitudes, full scale 1.0.
MAX_FILE_BYTES = 10_000_000
MAX_DURATION = 600.0
MIN_DURATION = 0.015  # of less, nothing but the attack is left
RECORDING_DURATION = 30.0  # how much is read where hits are looked for
MIN_FILE_RATE = 4_000
MAX_FILE_RATE = 768_000
MAX_CHANNELS = 8
NOISE_LEVEL = 10 ** (-60 / 20)  # what is quieter before the hit is skipped as noise
SILENCE_LEVEL = 10 ** (-90 / 20)  # what is quieter all through is silence: the last bit of 16 is just below it
INAUDIBLE_LEVEL = 10 ** (-60 / 20)  # peak of the clip, before it is scaled, when the file's peak is 1.0
# Silence before the hit that is decoded at most, over all channels: 6 minutes of stereo; 90 s where a coding takes
# more work than PCM and FLAC, up to ten times. A second's work.
MAX_SCANNED_SAMPLES = {"PCM": 32_000_000, "other": 8_000_000}
# Of all channels, and of the one that is copied: 138 MB. CLIP_DURATION of no file has more; a longer clip is cut.
MAX_DECODED_SAMPLES = int(CLIP_DURATION * MAX_FILE_RATE) * (MAX_CHANNELS + 1)

# --- Archives.
MAX_ARCHIVE_BYTES = 200_000_000
MAX_SOUNDS = 2_000  # in one archive
MAX_UNPACKED_BYTES = 1_000_000_000  # of all archives that came together
MAX_TOGETHER = 5_000  # sounds of one visitor at a time, out of however many archives
MAX_RATIO = 100  # unpacked to packed, over all; drums pack to a half, zip bombs to a thousandth
RATIO_COUNTS_FROM = 50_000_000  # unpacked bytes
MAX_DIRECTORY_ENTRIES = 20_000
MAX_DIRECTORY_BYTES = 10_000_000

LIMITS = (
    f"up to {MAX_FILE_BYTES // 1_000_000} MB and {MAX_DURATION / 60:.0f} minutes a sound, 1 to {MAX_CHANNELS} "
    f"channels, {MIN_FILE_RATE // 1000} to {MAX_FILE_RATE // 1000} kHz; a zip up to "
    f"{MAX_ARCHIVE_BYTES // 1_000_000} MB, {MAX_SOUNDS:,} sounds and {MAX_UNPACKED_BYTES // 1_000_000_000} GB "
    f"unpacked; {MAX_TOGETHER:,} sounds together"
)
