"""Nothing that is printed carries control characters of a name, in no command and no error."""

import os
import pty
import shutil
import subprocess
import sys
import unicodedata

import pytest
from command_steps import KICK, load_once
from conftest import ROOT

from drumclf.__main__ import main
from drumclf.names import visible

loaded_once = pytest.fixture(load_once, autouse=True)
pytestmark = pytest.mark.skipif(os.name != "posix", reason="such names cannot be given to files")
BAD = os.fsdecode(b"a\x1b[31mb\nc\rd\x07e\x7ff\xc2\x85g\xe9\xe2\x80\xaeh")


def hidden(text):
    """What a screen would obey."""
    return {sign for sign in text if unicodedata.category(sign) in ("Cc", "Cs")} - {"\n"}


@pytest.fixture
def bad(tmp_path):
    folder = tmp_path / BAD
    (folder / f"kit{BAD}").mkdir(parents=True)
    for name in (f"kick{BAD}.wav", f"copy{BAD}.wav", f"kit{BAD}/kick{BAD}.wav"):
        shutil.copy(KICK, folder / name)
    (folder / f"bad{BAD}.wav").write_bytes(b"no sound")
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ["classify", "{bad}"], ["classify", "{bad}", "--format", "csv"], ["classify", "{bad}", "--format", "jsonl"],
        ["classify", "{bad}", "--duplicates"], ["classify", "{bad}/none"], ["classify", "{bad}", "--out", "{bad}"],
        ["classify", "{bad}", "--format", "csv", "--resume", "--out", "{bad}/kit" + BAD],
        ["classify", "{bad}", "--out", "{bad}/kick" + BAD + ".wav"],
        ["classify", "{bad}", "--model", "{bad}"], ["classify", "{bad}", "--format", BAD],
        ["sort", "a", "b", BAD], [BAD],
        ["hits", "{bad}/none"], ["hits", KICK, "--model", "{bad}"],
        ["sort", "{bad}", "{bad}/out", "--dry-run", "--skip-duplicates"], ["sort", "{bad}/none", "out"],
        ["sort", "{bad}", "{bad}/bad" + BAD + ".wav"], ["sort", "{bad}", "{bad}/bad" + BAD + ".wav/out"],
        ["sort", "{bad}", "out", "--pattern", "{{" + BAD + "}}"], ["sort", "{bad}/kit" + BAD, "{bad}/out"],
        ["undo", "{bad}"], ["undo", "{bad}/none"], ["serve", "--port", BAD],
    ],
    ids=lambda arguments: visible(arguments[0]),
)  # fmt: skip
def test_no_command_prints_them(arguments, bad, capsys, monkeypatch):
    monkeypatch.chdir(bad)
    try:
        main([str(argument).format(bad=bad) for argument in arguments])
    except SystemExit as stopped:  # wrong usage
        assert stopped.code == 2
    shown = capsys.readouterr()
    assert shown.out + shown.err
    assert hidden(shown.out + shown.err) == set()
    assert ("\u202e" in shown.out) <= ("csv" in arguments)  # a table in a pipe keeps a name as it is
    assert "\u202e" not in shown.err


@pytest.mark.parametrize("action", ["copy", "move"])
def test_nor_do_sorting_and_undoing(action, bad, capsys):
    out = bad / "out"
    main(["sort", str(bad), str(out), f"--{action}"])
    for path in out.rglob("kick*.wav"):
        path.write_bytes(b"mine")
    main(["sort", str(bad), str(out), f"--{action}"])
    main(["undo", str(out)])
    shown = capsys.readouterr()
    assert "changed since" in shown.err
    assert hidden(shown.out + shown.err) == set()


def test_a_table_for_spreadsheets_on_a_real_screen(bad):
    """Neither the byte order mark nor what reverses text."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "drumclf", "classify", bad, "--format", "csv"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    shown = b""
    try:
        while data := os.read(ours, 4096):
            shown += data
    except OSError:  # the other end is closed
        pass
    process.wait()
    os.close(ours)
    text = shown.decode().replace("\r\n", "\n")
    assert text.startswith("path,label,")
    assert len(text.splitlines()) == 5
    assert hidden(text) == set()


def test_a_byte_order_mark_and_every_reader_in_every_file(bad, tmp_path, capsys):
    pandas, pyarrow_csv = pytest.importorskip("pandas"), pytest.importorskip("pyarrow.csv")
    table = tmp_path / "answers.csv"
    main(["classify", str(bad), "--format", "csv", "--out", str(table), "--duplicates"])
    assert table.read_bytes().startswith(b"\xef\xbb\xbfpath,")
    assert list(pandas.read_csv(table)["path"]) == pyarrow_csv.read_csv(table)["path"].to_pylist()
