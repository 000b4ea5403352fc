"""Files to send, and the answer the page must give to each."""

import csv
import io
import itertools
import os
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from drumclf import AudioError, Classifier
from drumclf.decision import format_percent, verdict
from drumclf.hits.find import find_hits, may_hold_hits
from drumclf.names import visible
from tools.odd_files import odd_files as odd
from tools.server import ROOT

SHARED = ROOT.parent / "shared"
EXAMPLES = sorted((ROOT / "example_samples").glob("*.wav"))
START = "What drum is it?"  # the title while no sound is chosen
FORMATS = (
    ("WAV", "PCM_16"),
    ("WAV", "PCM_24"),
    ("WAV", "FLOAT"),
    ("AIFF", "PCM_16"),
    ("FLAC", "PCM_16"),
    ("OGG", "VORBIS"),
)


@dataclass(frozen=True)
class Sent:
    """A file, and what the page must show for it.

    Attributes
    ----------
    name : str
        Unique within a soak.
    data : bytes
    headline : str or None
        The title with its percentage, or with the number of hits if there are several; None if there is none.
    sentence : str
        The refusal, or all probabilities as in the stage's data; for several hits, those of the first.
    hits : tuple of str
        Labels of the hits on the time line; empty if there is none.
    """

    name: str
    data: bytes
    headline: str | None
    sentence: str
    hits: tuple[str, ...] = ()


def expect(classifier: Classifier, name: str, data: bytes) -> Sent:
    """The library's answer to a file, in the page's words."""
    try:
        prediction = classifier.classify(data)
    except AudioError as error:
        return Sent(name, data, None, str(error))
    if may_hold_hits(prediction.clip):
        hits = find_hits(classifier, data).hits
        if len(hits) > 1:
            labels = tuple(hit.prediction.label for hit in hits)
            return Sent(name, data, f"A loop of {len(hits)} hits", say(hits[0].prediction.probabilities), labels)
    headline, reason = verdict(prediction, classifier)
    percent = "" if reason else f" :gray[{format_percent(prediction.probability)}]"
    return Sent(name, data, headline + percent, say(prediction.probabilities))


def say(probabilities: dict[str, float]) -> str:
    """All probabilities to nine digits: no two sounds share them."""
    return ", ".join(f"{name} {probability:.9f}" for name, probability in probabilities.items())


def complaints(sent: Sent, picture) -> list[str]:
    """Everything on a page that is not as it must be."""
    found = [f"exception: {text}" for text in picture.exceptions]
    if visible(sent.name) not in picture.texts:
        found.append(f"{sent.name!r} is not on the page, but {picture.texts}")
    titles, alerts = ([sent.headline], []) if sent.headline is not None else ([], [sent.sentence])
    if picture.titles != titles or picture.alerts != alerts:
        found.append(f"{sent.name!r}: {picture.titles + picture.alerts}, not {titles + alerts}")
    shown = [say({row["name"]: row["probability"] for row in stage["classes"]}) for stage in picture.drawn("stage")]
    if shown != ([sent.sentence] if titles else []):
        found.append(f"{sent.name!r}: another sound's probabilities, or none")
    timelines = [tuple(hit["label"] for hit in timeline["hits"]) for timeline in picture.drawn("timeline")]
    if timelines != ([sent.hits] if sent.hits else []):
        found.append(f"{sent.name!r}: another sound's hits, or none")
    return found


def good_files(seed: int, sources: list[Path] | None = None) -> Iterator[tuple[str, bytes]]:
    """Endless variations of some drums, by default the examples and the corpus: name and bytes."""
    rng = np.random.default_rng(seed)
    sources = sources or EXAMPLES + corpus_files(rng)
    for number in itertools.count():
        path = sources[rng.integers(len(sources))]
        form, subtype = FORMATS[rng.integers(len(FORMATS))]
        yield f"{number} {path.stem}.{form.lower()}", encode(*vary(path, rng), form, subtype)


def corpus_files(rng: np.random.Generator, n: int = 300) -> list[Path]:
    """Some sounds from the corpus; none if there is no corpus."""
    folder = Path(os.environ.get("DRUMCLF_CORPUS", SHARED / "corpus"))
    if not (folder / "manifest.csv").exists():
        return []
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        paths = [folder / row["path"] for row in csv.DictReader(file)]
    return [paths[i] for i in rng.integers(len(paths), size=n)]


def vary(path: Path, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """A sound at another level, with a little noise, another pitch and another end; and its rate."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    samples = samples[: max(int(len(samples) * rng.uniform(0.5, 1)), 2_000)]
    samples = samples * 10 ** (rng.uniform(-20, 0) / 20)
    samples = samples + 10 ** (rng.uniform(-80, -60) / 20) * rng.standard_normal(samples.shape)
    return np.clip(samples, -1, 1).astype(np.float32), int(rate * rng.uniform(0.9, 1.1))


def encode(samples: np.ndarray, rate: int, form: str, subtype: str) -> bytes:
    """Samples, shape (n, n_channels), as the bytes of a sound file. Ogg keeps few rates: it gets 44,100 Hz."""
    buffer, rate = io.BytesIO(), 44_100 if form == "OGG" else rate
    with soundfile.SoundFile(buffer, "w", rate, samples.shape[1], subtype, format=form) as file:
        for start in range(0, len(samples), rate):  # libsndfile crashes on minutes of Ogg in one piece
            file.write(samples[start : start + rate])
    return buffer.getvalue()


def odd_files(seed: int) -> list[tuple[str, bytes]]:
    """Files that are no drum, no sound, or lie about themselves: name and bytes."""
    made = [(file.name, file.data) for file in odd.odd_files(seed)]
    return [*simple_odd_files(seed), *made, *hostile_files()]


def simple_odd_files(seed: int) -> list[tuple[str, bytes]]:
    """A few that need only this module."""
    rng = np.random.default_rng(seed)
    whole = EXAMPLES[0].read_bytes()
    return [
        ("empty.wav", b""),
        ("text.wav", b"This is no sound.\n" * 50),
        ("page.mp3", b"<!doctype html><title>404</title>"),
        ("noise of bytes.flac", rng.bytes(20_000)),
        ("cut in the header.wav", whole[:30]),
        ("header only.wav", whole[:44]),
        ("silence.wav", encode(np.zeros((44_100, 1), np.float32), 44_100, "WAV", "PCM_16")),
        ("a click.wav", encode(np.ones((20, 1), np.float32), 44_100, "WAV", "PCM_16")),
        ("not numbers.wav", encode(np.full((9_000, 1), np.nan, np.float32), 44_100, "WAV", "FLOAT")),
    ]


def hostile_files() -> list[tuple[str, bytes]]:
    """Those from the folder in DRUMCLF_HOSTILE; none if there is none."""
    archive = Path(os.environ.get("DRUMCLF_HOSTILE", SHARED / "hostile")) / "uploads.tar.xz"
    if not archive.exists():
        return []
    with tarfile.open(archive) as tar:
        return [
            (Path(member.name).name, tar.extractfile(member).read())
            for member in tar.getmembers()
            if member.isfile() and not member.name.endswith(".csv")
        ]


def bombs(classifier: Classifier, files: list[tuple[str, bytes]], n: int = 3) -> list[tuple[Sent, float]]:
    """The files that take the library longest, slowest first, and the seconds they took."""
    timed = []
    for name, data in [*files, *own_bombs()]:
        started = time.perf_counter()
        sent = expect(classifier, name, data)
        timed.append((sent, time.perf_counter() - started))
    return sorted(timed, key=lambda item: -item[1])[:n]


def own_bombs() -> list[tuple[str, bytes]]:
    """Small files that take long: minutes of silence or noise before the hit, many channels, a high rate."""
    hit, rate = soundfile.read(EXAMPLES[0], dtype="float32", always_2d=True)
    silence = np.zeros((590 * rate, 1), np.float32)
    whisper = np.full_like(silence, 2e-4)
    whisper[::2] *= -1
    wide = np.zeros((31_000_000 // 8, 8), np.float32)
    wide[-len(hit) :] = hit
    noise = np.random.default_rng(0).uniform(-1, 1, (1_600_000, 2))
    return [
        ("ten minutes of silence.flac", encode(np.concatenate([silence, hit]), rate, "FLAC", "PCM_16")),
        ("ten minutes of whispering.flac", encode(np.concatenate([whisper, hit]), rate, "FLAC", "PCM_24")),
        ("ten minutes of whispering.ogg", encode(np.concatenate([whisper, hit]), rate, "OGG", "VORBIS")),
        ("eight channels.flac", encode(wide, 192_000, "FLAC", "PCM_16")),
        ("fast noise.wav", encode(noise, 384_000, "WAV", "PCM_24")),
    ]
