"""What a user of the command line has and does."""

from conftest import EXAMPLES

from drumclf.__main__ import main

KICK, SNARE = EXAMPLES / "kick_analogue.wav", EXAMPLES / "snare_acoustic.wav"


def load_once(classifier, monkeypatch):
    """The model is loaded once for all tests, and reads in this process; `test_as_a_process` loads its own."""
    for command in ("classify", "sort", "library"):
        monkeypatch.setattr(f"drumclf.cli.{command}.load_classifier", lambda *_, **__: classifier)
        monkeypatch.setattr(f"drumclf.cli.{command}.separate_reader", lambda: classifier.read_clip)


def hits_command(classifier, monkeypatch, capsys):
    """Runs `drumclf hits` with the loaded model; returns status, output and messages."""
    monkeypatch.setattr("drumclf.cli.hits.load_classifier", lambda *_, **__: classifier)

    def run(*arguments):
        status = main(["hits", *map(str, arguments)])
        return status, *capsys.readouterr()

    return run


def keep_library_in(monkeypatch, folder):
    """The library of the tests is not the one of whoever runs them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))


def run(capsys, *arguments):
    status = main([str(a) for a in arguments])
    return status, capsys.readouterr().out


def mixed_sounds(tmp_path):
    """A folder with drums, a copy, a refused file, and names of every kind."""
    folder = tmp_path / "in"
    (folder / "kit").mkdir(parents=True)
    kick, snare = KICK.read_bytes(), SNARE.read_bytes()
    files = {
        "kit/hit.wav": kick, "kit/hit.WAV": snare, "hit.wav": snare + b"!!", "=a,\"\r\nb\".wav": kick + b"!!",
        "bad.wav": b"no sound", "clap.wav": (EXAMPLES / "clap_hands.wav").read_bytes(),
    }  # fmt: skip
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder
