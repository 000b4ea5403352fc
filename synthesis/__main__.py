"""Write the example sounds, their list, and the pictures on their pads: ``python -m synthesis``."""

import csv
import inspect
from pathlib import Path

import soundfile
from PIL import Image

from drumclf.audio import read_clip
from drumclf.constants import CLASS_TITLES
from drumclf.spectrogram import rgb_spectrogram
from synthesis import drums
from synthesis.beat import beat, grid
from synthesis.parts import SAMPLE_RATE

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "example_samples"
PADS = ROOT / "static" / "pads"


def main() -> None:
    """Make all examples again; the same code gives the same files."""
    readme = [
        "# Example sounds",
        "",
        "Made by `python -m synthesis` (see `synthesis/drums.py`), from physics and circuit descriptions alone: no",
        "recording went into them. The model was not trained on them, but on random relatives of theirs among its",
        "training sounds. CC0: use them for anything.",
        "",
        "| file | class | how it is made |",
        "|---|---|---|",
    ]
    with (FOLDER / "examples.csv").open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["file", "label", "title"])
        for name, (label, title, make) in drums.EXAMPLES.items():
            soundfile.write(FOLDER / f"{name}.wav", make(), SAMPLE_RATE, subtype="PCM_16")
            draw_pad(FOLDER / f"{name}.wav").save(PADS / f"{name}.png", optimize=True)
            table.writerow([f"{name}.wav", label, title])
            how = " ".join(inspect.getdoc(make).split())
            readme.append(f"| `{name}.wav` | {CLASS_TITLES[label]} | {how} |")
    soundfile.write(FOLDER / "loops" / "beat.flac", beat(), SAMPLE_RATE, subtype="PCM_16")
    Image.fromarray(grid()).save(PADS / "beat.png")
    readme += ["", "`loops/beat.flac` is a bar of them, played twice (`synthesis/beat.py`)."]
    readme += ["", "Literature: " + " ".join(inspect.getdoc(drums).split("Sources: ")[1].split()), ""]
    (FOLDER / "README.md").write_text("\n".join(readme), encoding="utf-8")


def draw_pad(path: Path) -> Image.Image:
    """The RGB spectrogram of a sound, one pixel per cell, low frequencies at the bottom."""
    return Image.fromarray((255 * rgb_spectrogram(read_clip(path).samples)[::-1]).round().astype("uint8"))


if __name__ == "__main__":
    main()
