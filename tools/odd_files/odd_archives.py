"""Zip archives that strangers may send: odd names, wrong entries, and archives that never end."""

import struct

from tools.odd_files import odd_bytes as ob
from tools.odd_files.lying_files import MOST
from tools.odd_files.odd_files import KICK, OddFile, clean

# Offsets in an entry of the directory (PKWARE's APPNOTE.TXT, section 4.3.12).
_FLAGS, _METHOD, _DATE, _CHECKSUM, _PACKED_SIZE, _SIZE, _EXTRA_SIZE, _HEADER_AT = 8, 10, 14, 16, 20, 24, 30, 42


def odd_archives() -> list[OddFile]:
    """About 50 archives; `expect` and `reference` apply to every sound in them."""
    kick = ob.encode(clean(KICK))
    one = ob.zipped(("kick.wav", kick))
    readable = {f"named_{i}.zip": ob.zipped((name, kick)) for i, name in enumerate(_NAMES)} | {
        "folders.zip": ob.zipped(
            ("a/", b""), ("a/b/", b""), ("a/b/kick.wav", kick), ("__MACOSX/a/b/._kick.wav", b"\0\5")
        ),
        "zip_in_zip.zip": ob.zipped(("kick.wav", kick), ("inner.zip", ob.zipped(("inner.zip", one)))),
        "two_of_one_name.zip": ob.zipped(("a/kick.wav", kick), ("a\\kick.wav", kick), ("A/KICK.WAV", kick)),
        "behind_a_program.zip": b"MZ" + bytes(5_000) + one,
        "long_comment.zip": ob.patched(one, len(one) - 2, b"\xff\xff") + b"<script>" * 8_191 + bytes(7),
        "no_date.zip": ob.directory_saying(one, _DATE, bytes(2)),
    }
    unclear = {
        "size_lies_up.zip": ob.directory_saying(one, _SIZE, struct.pack("<I", MOST)),
        "packed_size_lies_up.zip": ob.directory_saying(one, _PACKED_SIZE, struct.pack("<I", MOST)),
        "packed_size_lies_down.zip": ob.directory_saying(one, _PACKED_SIZE, struct.pack("<I", 99)),
        "flags.zip": ob.directory_saying(one, _FLAGS, b"\xfe\xff"),
        "100_of_one.zip": ob.repeated_entry(one, 100),
        "extra_field_without_end.zip": ob.directory_saying(one, _EXTRA_SIZE, b"\xff\xff"),
        "spoilt_local_header.zip": ob.patched(one, 4, bytes(20)),
    }
    refused = {
        "no_zip.zip": b"This is no archive. " * 99,
        "cut_off.zip": one[:-30],
        "locked.zip": ob.directory_saying(one, _FLAGS, b"\1\0"),
        "wrong_checksum.zip": ob.directory_saying(one, _CHECKSUM, bytes(4)),
        "size_lies_down.zip": ob.directory_saying(one, _SIZE, struct.pack("<I", 99)),
        "not_packed_at_all.zip": ob.directory_saying(one, _METHOD, bytes(2)),
        "header_elsewhere.zip": ob.directory_saying(one, _HEADER_AT, struct.pack("<I", MOST)),
        "spoilt_stream.zip": ob.patched(one, 200, bytes(50)),
        "6000_sounds.zip": ob.repeated_entry(one, 6_000),
        "70000_entries.zip": ob.repeated_entry(one, 70_000),
        "long_names.zip": ob.zipped(*((f"{i}{'ä' * 32_000}.wav", b"") for i in range(170))),
        "bomb.zip": ob.zipped(*((f"{i}.wav", ob.wav(bytes(9_900_000))) for i in range(12))),
        **{f"method_{n}.zip": ob.directory_saying(one, _METHOD, struct.pack("<H", n)) for n in (1, 9, 12, 14, 93, 99)},
    }
    return [
        OddFile(name, data, expect, KICK if expect != "error" else None)
        for expect, table in (("classify", readable), ("either", unclear), ("error", refused))
        for name, data in table.items()
    ]


_NAMES = (
    "../../etc/kick.wav", "/etc/kick.wav", "C:\\Windows\\kick.wav", "..\\..\\kick.wav", "a/../../kick.wav",
    "//host/kick.wav", "<img src=x onerror=alert(1)>.wav", "**b** [l](javascript:1) :red[x].wav", "=1+1.wav",
    "-rf.wav", "two\nlines.wav", "\x1b[31mred.wav", "kick\u202evaw.exe.wav", "e\u0301\u200b\ufeff.wav", "鼓/🥁.wav",
    "L" * 5_000 + ".wav", "a/" * 3_000 + "b.wav", "con.wav", " .wav", "%2e%2e%2f.wav", "$(id).wav",
)  # fmt: skip
