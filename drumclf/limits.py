"""What may be sent: said before an upload, and enforced while it is read."""

from drumclf import constants as c

ACCEPTED = "WAV, AIFF, FLAC, OGG, Opus, MP3, CAF, AU or W64"
MAX_ARCHIVE_BYTES = 200_000_000
MAX_SOUNDS = 2_000
"""In one archive."""
MAX_UNPACKED_BYTES = 1_000_000_000
"""Of all archives that came together."""
MAX_TOGETHER = 5_000
"""Sounds of one visitor at a time, out of however many archives."""
LIMITS = (
    f"up to {c.MAX_FILE_BYTES // 1_000_000} MB and {c.MAX_DURATION / 60:.0f} minutes a sound, 1 to {c.MAX_CHANNELS} "
    f"channels, {c.MIN_FILE_RATE // 1000} to {c.MAX_FILE_RATE // 1000} kHz; a zip up to "
    f"{MAX_ARCHIVE_BYTES // 1_000_000} MB, {MAX_SOUNDS:,} sounds and {MAX_UNPACKED_BYTES // 1_000_000_000} GB "
    f"unpacked; {MAX_TOGETHER:,} sounds together"
)
