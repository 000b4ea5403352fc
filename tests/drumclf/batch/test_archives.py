import io
import struct
import subprocess
import sys
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import EXAMPLES, ROOT, encode, make_hit

from drumclf import AudioError, limits
from drumclf.batch.archives import ArchiveError, Budget, open_archive
from drumclf.batch.skipped import SYSTEM, Skipped

KICK = (EXAMPLES / "kick_analogue.wav").read_bytes()
UTF8, ENCRYPTED = 0x800, 0x1


def pack(*entries, **kwargs):
    """A zip of (name, data) by Python's own writer."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, **kwargs) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def entry(name, data=b"sound", *, flags=0, method=8, crc=None, size=None, packed=None, packed_size=None):
    """A zip's record of one file, byte by byte, so that any error can be written."""
    if packed is None:
        deflate = zlib.compressobj(wbits=-15)
        packed = deflate.compress(data) + deflate.flush() if method == 8 else data
    return {
        "name": name.encode() if isinstance(name, str) else name, "flags": flags, "method": method, "packed": packed,
        "crc": zlib.crc32(data) if crc is None else crc, "size": len(data) if size is None else size,
        "packed_size": len(packed) if packed_size is None else packed_size,
    }  # fmt: skip


def pack_by_hand(*entries, overlapping=False):
    """A zip of `entry`s; or one whose directory points at the bytes of the first entry repeatedly."""
    body, directory = b"", b""
    for e in entries:
        offset = 0 if overlapping else len(body)
        fields = (e["flags"], e["method"], 0, 33, e["crc"], e["packed_size"], e["size"], len(e["name"]))
        if not overlapping or not body:
            body += struct.pack("<4s5H3L2H", b"PK\3\4", 20, *fields, 0) + e["name"] + e["packed"]
        directory += struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, *fields, 0, 0, 0, 0, 0, offset) + e["name"]
    n = len(entries)
    return body + directory + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, n, n, len(directory), len(body), 0)


def outcomes(data, budget=None):
    """Name of each sound -> its bytes, or the error sentence."""
    found = []
    for sound in open_archive(data, budget)[0]:
        try:
            found.append((sound.name, sound.read()))
        except AudioError as error:
            assert 0 < len(str(error)) <= 200
            found.append((sound.name, str(error)))
    return dict(found)


def test_sounds_are_found_in_nested_folders_and_what_is_none_is_named():
    data = pack(("b/c/two.WAV", KICK), ("a/one.flac", b"1"), ("b/", b""), ("b/notes.txt", b""), ("inner.zip", pack()))
    sounds, skipped = open_archive(data)
    assert [sound.name for sound in sounds] == ["a/one.flac", "b/c/two.WAV"]
    assert [sound.read() for sound in sounds] == [b"1", KICK]
    assert skipped == [Skipped("b/notes.txt", "text file"), Skipped("inner.zip", "archive")]


@pytest.mark.parametrize(
    "name", ["__MACOSX/kit/._a.wav", ".DS_Store", "kit/.DS_Store", "./._a.wav", ".git/a.wav", "kit/Thumbs.db"]
)
def test_litter_is_counted_and_not_read(name):
    assert open_archive(pack((name, KICK), ("./a.wav", KICK)))[1] == [Skipped(name, SYSTEM)]
    assert list(outcomes(pack((name, KICK), ("./a.wav", KICK)))) == ["./a.wav"]


def test_a_sound_that_is_not_read_gets_its_sentence(classifier):
    sounds, _ = open_archive(pack(("a.m4a", b"\0\0\0\x20ftypM4A "), ("b.wav", pack(("c.wav", KICK))), ("k.wav", KICK)))
    apple, zipped, kick = classifier.classify_many(sounds)
    assert "M4A" in str(apple)
    assert "zip" in str(zipped)
    assert kick.label == "kick"


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (["Größe/Übung ü.wav", "鼓.wav"], "utf-8"),
        (
            ["ドラム/キック.wav", "ドラム/スネア 表.wav"],
            "cp932",
        ),  # its last byte is a backslash
        (["Барабаны/Бочка 01.wav", "Барабаны/Малый 02.wav"], "cp1251"),
        (["Барабаны/Бочка 01.wav", "Барабаны/Малый 02.wav"], "cp866"),  # Windows' own zips
        (["Große Trommel/Übung.wav", "Caisse claire étouffée.wav"], "cp850"),
        (["킥.wav", "스네어 드럼.wav"], "cp949"),
    ],
)
def test_names_in_the_encoding_of_a_country_that_is_not_said(names, encoding):
    data = pack_by_hand(*(entry(name.encode(encoding)) for name in [*names, "plain.wav"]))
    assert list(outcomes(data)) == sorted([*names, "plain.wav"])


def test_a_name_that_says_it_is_utf_8_does_not_mix_with_the_others():
    data = pack_by_hand(entry("ü/鼓.wav", flags=UTF8), entry("Бочка барабан.wav".encode("cp1251")))
    assert list(outcomes(data)) == ["ü/鼓.wav", "Бочка барабан.wav"]


def test_backslashes_are_folders_and_two_entries_of_one_name_are_two_sounds():
    sounds, _ = open_archive(pack_by_hand(entry(rb"kit\a.wav", b"1"), entry("kit/a.wav", b"2"), entry(rb".x\b.wav")))
    assert [sound.name for sound in sounds] == ["kit/a.wav", "kit/a.wav"]
    assert {sound.read() for sound in sounds} == {b"1", b"2"}


DAMAGED = {
    "locked": (entry("x.wav", flags=ENCRYPTED), "password"),
    "bad checksum": (entry("x.wav", crc=1), "damaged"),
    "bad stream": (entry("x.wav", packed=b"\xff" * 9), "damaged"),
    "stream cut off": (entry("x.wav", bytes(range(256)) * 9, packed=b"\xed\xc1"), "damaged"),
    "larger than stated": (entry("x.wav", b"sound" * 9, size=3), "damaged"),
    "deflate64": (entry("x.wav", method=9), "ordinary zip"),
    "lzma": (entry("x.wav", method=14, packed=b"\0" * 99), "ordinary zip"),
    "bzip2": (entry("x.wav", method=12), "ordinary zip"),
    "unknown method": (entry("x.wav", method=77), "ordinary zip"),
    "patched": (entry("x.wav", flags=0x20), "ordinary zip"),
    "strongly locked": (entry("x.wav", flags=0x41), "password"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_entry_is_one_sentence_and_the_others_go_on(kind):
    damaged, word = DAMAGED[kind]
    found = outcomes(pack_by_hand(entry("a.wav", KICK), damaged, entry("z.wav", b"last")))
    assert (found["a.wav"], found["z.wav"]) == (KICK, b"last")
    assert word in found["x.wav"]


def test_stated_sizes_are_not_believed():
    lies = [{"size": 2**32 - 2}, {"packed_size": 2**32 - 2}, {"size": 2**31, "packed_size": 2**31}]
    found = outcomes(pack_by_hand(*(entry(f"{i}.wav", KICK, **lie) for i, lie in enumerate(lies))))
    assert list(found.values()) == [KICK] * 3


@pytest.mark.parametrize("n_bytes", [0, 3, 30, 300])
def test_a_truncated_archive_is_one_sentence(n_bytes):
    with pytest.raises(ArchiveError, match="damaged") as caught:
        open_archive(pack(("a.wav", KICK))[: -n_bytes or 1])
    assert len(str(caught.value)) <= 200


@pytest.mark.parametrize("name", [b"", b"/", b"\0.wav", b"..", b"\xff\xfe"])
def test_an_odd_name_is_no_reason_to_fail(name):
    assert outcomes(pack_by_hand(entry(name), entry("a.wav", KICK)))["a.wav"] == KICK


def test_an_empty_archive_holds_nothing():
    assert open_archive(pack()) == ([], [])


def test_archives_that_are_too_large(monkeypatch):
    many = pack(*((f"{i}.wav", b"") for i in range(4)))
    for limit in ("MAX_SOUNDS", "MAX_DIRECTORY_ENTRIES", "MAX_ARCHIVE_BYTES"):
        with monkeypatch.context() as patch:
            open_archive(many)
            patch.setattr(limits, limit, 3)
            with pytest.raises(ArchiveError, match=r"send .*\.$"):
                open_archive(many)


def test_what_comes_out_is_counted_over_all_archives_of_an_upload(monkeypatch):
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 2_500)
    budget = Budget()
    noise = [encode(make_hit(seed=i, duration=0.01)) for i in range(3)]  # 926 bytes each
    first, _ = open_archive(pack(("a.wav", noise[0]), ("b.wav", noise[1])), budget)
    second, _ = open_archive(pack(("c.wav", noise[2])), budget)
    assert [sound.read() for sound in first] == noise[:2]
    for _ in range(2):  # refused the second time, too
        with pytest.raises(AudioError, match="unpacks to more"):
            second[0].read()
    assert [sound.read() for sound in first] == noise[:2]  # sounds within the budget can still be read


def test_entries_that_cannot_be_used_count_too(monkeypatch):
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 700_000)
    found = outcomes(pack_by_hand(*(entry(f"{i}.wav", bytes(300_000), crc=1) for i in range(5))))
    # Two blocks of each, 200,000 bytes, are read before the last one reveals the wrong checksum.
    assert ["damaged" in sentence for sentence in found.values()] == [True] * 3 + [False] * 2


@pytest.mark.parametrize("packed_size", [None, 300_000], ids=["honest", "lying"])
def test_a_zip_bomb_is_refused_by_its_ratio(monkeypatch, packed_size):
    monkeypatch.setattr(limits, "RATIO_COUNTS_FROM", 1_000_000)
    monkeypatch.setattr(limits, "MAX_RATIO", 3)
    bomb = [entry(f"{i}.wav", bytes(800_000), packed_size=packed_size) for i in range(4)]  # 800 bytes each
    bomb.append(entry("ballast.txt", bytes(200_000), method=0))  # room for the lying entries to point at
    found = list(outcomes(pack_by_hand(*bomb)).values())
    assert found[0] == bytes(800_000)
    assert all("times its size" in sentence for sentence in found[1:])


def test_overlapping_entries_are_counted_each(monkeypatch):
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 2_500_000)
    found = outcomes(pack_by_hand(*[entry("a.wav", bytes(1_000_000))] * 200, overlapping=True))
    assert isinstance(found["a.wav"], str)  # the last of them; newer Pythons refuse overlaps themselves


def test_a_kilobyte_never_takes_gigabytes_of_memory():
    """In a separate process, whose peak memory is measured."""
    code = """if True:
        import io, pathlib, re, zipfile
        from drumclf import AudioError, limits
        from drumclf.batch.archives import open_archive
        def peak():  # not ru_maxrss, which a process inherits from its parent
            return int(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]) // 1000
        def bomb(method):
            data = io.BytesIO()
            with zipfile.ZipFile(data, "w", method) as archive, archive.open("a.wav", "w") as file:
                for _ in range(150):
                    file.write(bytes(1_000_000))
            return data.getvalue()
        bombs = [bomb(zipfile.ZIP_BZIP2), bomb(zipfile.ZIP_DEFLATED)]
        before = peak()
        for data in bombs:
            try:
                open_archive(data)[0][0].read()
            except AudioError:
                pass
        print(peak() - before)
    """
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert int(done.stdout) < 60, done.stderr  # megabytes; it holds 150, and 10 may be read of one sound


def test_threads_read_entries_at_once():
    data = {f"{i}.wav": encode(make_hit(seed=i, duration=0.05)) for i in range(40)}
    sounds, _ = open_archive(pack(*data.items()))
    with ThreadPoolExecutor(8) as pool:
        for sound, read in zip(sounds * 5, pool.map(lambda sound: sound.read(), sounds * 5), strict=True):
            assert read == data[sound.name]
