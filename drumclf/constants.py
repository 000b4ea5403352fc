"""The classes, and every number that a picture depends on.

Training, serving and drawing all use these. ``model/metadata.json`` records the numbers,
and a model that was trained with different ones is refused. Times are in seconds,
frequencies in hertz, levels in decibels relative to a peak. Why the grid looks the way
it does: ``docs/spectrogram.md``.
"""

# --- Classes: name in code and files -> title on screen. The order is the same everywhere.
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

# --- The clip.
SAMPLE_RATE = 22_050
CLIP_DURATION = 5.0  # how much is read, from the first sound in the file

# --- The RGB spectrogram: red, green and blue are a long, a middle and a short window, in samples.
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
ATTACK_FRAMES = 32  # these all last FIRST_FRAME_DURATION; each frame after them is longer than the one before
SPAN = 1.0
DYNAMIC_RANGE = 60.0
