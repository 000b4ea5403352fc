"""Every number the front end is made of, in one place.

Training, serving and drawing all read these; ``model/metadata.json`` records
them and loading refuses a model that was trained with others. Times are in
seconds, frequencies in hertz, levels in decibels relative to a peak unless a
name says otherwise. Why the grid looks as it does: ``docs/spectrogram.md``.
"""

# --- Classes: name in code and files, name on screen, in this order everywhere.
CLASS_TITLES = {
    "kick": "Kick",
    "snare": "Snare",
    "clap": "Clap",
    "closed_hat": "Closed hat",
    "open_hat": "Open hat",
    "tom": "Tom",
    "cymbal": "Cymbal",
    "percussion": "Percussion",
    "not_drum": "Not a drum",
}
CLASSES = tuple(CLASS_TITLES)
CORE_CLASSES = CLASSES[:5]

# --- What a file may be.
MAX_FILE_BYTES = 10_000_000
MAX_DURATION = 600.0
MIN_DURATION = 0.015
"""Of less, nothing but the attack is left."""
MIN_FILE_RATE, MAX_FILE_RATE = 4_000, 768_000
MAX_CHANNELS = 8
NOISE_LEVEL = 10 ** (-60 / 20)
"""Peak amplitude, full scale 1.0: what is quieter before the hit is passed over as noise."""
SILENCE_LEVEL = 10 ** (-90 / 20)
"""What is quieter all through is silence: the last bit of a 16-bit file is just below it."""
INAUDIBLE_LEVEL = 10 ** (-60 / 20)
"""Peak of the clip, before it is scaled, when the file's peak is 1.0."""

# --- The clip.
SAMPLE_RATE = 22_050
CLIP_DURATION = 5.0
"""How much is read, counted from the first sound in the file."""
RECORDING_DURATION = 30.0
"""How much is read where hits are looked for."""

# --- The RGB spectrogram: red, green and blue are a long, a middle and a short window.
ONSET_LEVEL = -30.0
PRE_ONSET = 0.005
WINDOW_LENGTHS = (2048, 512, 128)
HOP_LENGTHS = (256, 128, 64)
FFT_LENGTHS = (2048, 1024, 1024)
N_MELS = 64
MEL_FMIN = 20.0
MEL_FMAX = SAMPLE_RATE / 2
N_FRAMES = 96
FIRST_FRAME_DURATION = 0.003
ATTACK_FRAMES = 32
"""The first frames all last FIRST_FRAME_DURATION; after them each lasts longer than the last."""
SPAN = 1.0
DYNAMIC_RANGE = 60.0
