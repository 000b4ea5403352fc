"""What is no sound: by content, and the same in a folder, in a zip and on the page."""

import io
import os
import zipfile

import pytest
from conftest import EXAMPLES, encode, make_hit

from drumclf.batch.archives import open_archive
from drumclf.batch.rows import find_sounds
from drumclf.batch.skipped import Skipped, say_skipped, what_else

WAV = (EXAMPLES / "kick_analogue.wav").read_bytes()
AIFF, FLAC = (encode(make_hit(), format=name) for name in ("AIFF", "FLAC"))
MP3 = encode(make_hit(), format="MP3", subtype="MPEG_LAYER_III")
OGG = encode(make_hit(), format="OGG", subtype="VORBIS")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
MIDI = b"MThd\0\0\0\6" + bytes(20)
ABLETON = b"\xab\x1eVx" + bytes(100)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("Crash", WAV), ("no ending.", WAV), ("a.bwf", WAV), ("x.aifs", AIFF), ("Snare 1.5", FLAC), ("readme.txt", WAV),
        ("cover.jpg", MP3), ("stream", MP3), ("tagged", b"ID3\4\0\0\x7f\x7f\x7f\x7f" + bytes(500)), ("voice", OGG),
        ("memo", b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(500)), ("apple", b"caff\0\1\0\0desc" + bytes(100)),
        ("damaged.wav", b"no sound"), ("picture.wav", PNG), ("film.mp4", b"no film"), ("loop.RX2", b""),
    ],
)  # fmt: skip
def test_what_is_a_sound_or_called_one_is_read(name, data):
    assert what_else(name, data[:4_096]) is None


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("kick.wav.asd", ABLETON, "companion file"), ("kick", ABLETON, "companion file"),
        ("kick.wav.reapeaks", b"RPKN" + bytes(50), "companion file"),
        ("kick.xmp", b"<?xpacket begin", "companion file"),
        ("cover.JPG", b"\xff\xd8\xff\xe0", "picture"),
        ("cover", PNG, "picture"),
        ("README", b"Thank you for buying", "text file"), ("notes.md", b"# Kit", "text file"),
        ("short utf16", "\ufeffkick".encode("utf-16-le"), "other file"),
        ("utf16", "\ufeffkick".encode("utf-16-le") * 100, "other file"),
        ("licence.pdf", b"%PDF-1.4", "text file"),
        ("a.mid", MIDI, "MIDI file"), ("a", MIDI, "MIDI file"), ("kit.adg", b"\x1f\x8b\x08", "preset"),
        ("kit.nki", bytes(300), "preset"), ("more.zip", b"PK\3\4", "archive"), ("more", b"Rar!\x1a\7", "archive"),
        ("empty", b"", "other file"), ("data.bin", bytes(range(256)) * 20, "other file"),
    ],
)  # fmt: skip
def test_what_is_none_is_counted_by_kind(name, data, kind):
    assert what_else(name, data) == kind


FILES = {
    "Crash": WAV,
    "kit/Kick 01.wav": WAV,
    "kit/Kick 01.wav.asd": ABLETON,
    "kit/damaged.wav": b"no sound",
    "kit/x.aifs": AIFF,
    "kit/cover.png": PNG,
    "read me": b"hello",
    "song.mid": MIDI,
    ".DS_Store": b"x",
    "__MACOSX/kit/._Kick 01.wav": b"x",
}


def test_a_folder_and_a_zip_agree(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(data)
    entries, in_zip = open_archive(packed.getvalue())
    in_folder = []
    sounds = [path.relative_to(tmp_path).as_posix() for path in find_sounds([tmp_path], in_folder.append)]
    assert sounds == [entry.name for entry in entries] == ["Crash", "kit/Kick 01.wav", "kit/damaged.wav", "kit/x.aifs"]
    assert say_skipped(in_zip) == "1 companion file, 1 picture, 1 text file, 1 MIDI file, 2 system files"
    # A folder of the system counts as one, however many files are in it.
    assert sorted(each.kind for each in in_folder) == sorted(each.kind for each in in_zip)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_and_pipes_are_accounted_for_and_not_opened(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kick.wav").write_bytes(WAV)
    folder = tmp_path / "kit"
    folder.mkdir()
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "gone.wav").symlink_to(tmp_path / "gone.wav")
    (folder / "hit.wav").symlink_to(tmp_path / "elsewhere" / "kick.wav")
    os.mkfifo(folder / "pipe")
    skipped = []
    assert [path.name for path in find_sounds([folder], skipped.append)] == ["hit.wav"]
    assert skipped == [
        Skipped(str(folder / "gone.wav"), "broken link"), Skipped(str(folder / "linked"), "linked folder"),
        Skipped(str(folder / "pipe"), "other file"),
    ]  # fmt: skip


def test_counts_in_words():
    assert say_skipped([]) == ""
    three = [Skipped("a", "text file"), Skipped("b", "picture"), Skipped("c", "picture")]
    assert say_skipped(three) == "2 pictures, 1 text file"


def test_what_to_do_about_archives_is_said():
    one, two, three = (Skipped("a.zip", "archive"), Skipped("b.rar", "archive"), Skipped("cover.png", "picture"))
    assert say_skipped([one, three]) == "1 archive (unpack it to include its sounds), 1 picture"
    assert say_skipped([one, two, three]) == "2 archives (unpack them to include their sounds), 1 picture"
