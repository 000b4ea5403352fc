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

# --- Kinds, the second level: name -> title. A class has some of these, or none; `model/metadata.json` says which.
KIND_TITLES = {
    "crash": "Crash",
    "ride": "Ride",
    "rimshot": "Rimshot",
    "snap": "Snap",
    "shaker": "Shaker",
    "tambourine": "Tambourine",
    "cowbell": "Cowbell",
    "other": "Other",  # hand drums, blocks, triangles
    "voice": "Voice",
    "bass": "Bass",
    "keys": "Keys",
    "synth": "Synth",
    "guitar": "Guitar",
    "orchestral": "Orchestral",
    "tuned_percussion": "Tuned percussion",
    "effect": "Effect",
    "foley": "Foley",
    "loop": "Loop",
}

# --- The clip.
SAMPLE_RATE = 44_100
CLIP_DURATION = 5.0  # how much is read, from the first sound in the file

# --- The onset: where the hit begins (onset.py).
EVENT = 0.05  # how far ahead energy is summed
EVENT_LEVEL = -13.0  # a softer hit before a louder one still counts, a click does not
ATTACK_LEVEL = -20.0  # of 2 ms, relative to the loudest near the event
ONSET_LEVEL = -30.0  # how far back a slow attack is followed

# --- The RGB spectrogram: red, green and blue are a long, a middle and a short window, in samples.
PRE_ONSET = 0.005
WINDOW_LENGTHS = (4096, 1024, 256)
HOP_LENGTHS = (512, 256, 128)  # between spectra, at least
FFT_LENGTHS = (4096, 2048, 2048)
SPECTRA_PER_FRAME = 4  # at most, on average
N_MELS = 80
MEL_FMIN = 20.0
MEL_FMAX = 20_000.0  # lossy codecs keep nothing above
N_FRAMES = 112
FIRST_FRAME_DURATION = 0.003
ATTACK_FRAMES = 32  # these all last FIRST_FRAME_DURATION; each frame after them is longer than the one before
SPAN = 2.2
DYNAMIC_RANGE = 60.0
