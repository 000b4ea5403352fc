"""The classes, and every number that a picture depends on.

Training, serving and drawing all read these; ``model/metadata.json`` records all but
the classes, and loading refuses a model that was trained with others. Times are in
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

# --- The clip.
SAMPLE_RATE = 22_050
CLIP_DURATION = 5.0
"""How much is read, counted from the first sound in the file."""

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
