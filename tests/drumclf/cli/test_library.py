"""``drumclf library`` and ``drumclf find``, as a user runs them."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_steps import KICK, SNARE, keep_library_in, load_once, mixed_sounds, run
from conftest import EXAMPLES, ROOT, encode, make_loop

from drumclf.__main__ import main
from drumclf.cli.stopping import INTERRUPTED
from drumclf.library.opening import INDEX, open_index
from tools.server import free_port, wait_for

loaded_once = pytest.fixture(load_once, autouse=True)
sounds = pytest.fixture(mixed_sounds)


@pytest.fixture(autouse=True)
def own_library(monkeypatch, tmp_path):
    keep_library_in(monkeypatch, tmp_path)
    return tmp_path


def test_scan_says_what_it_did(sounds, capsys):
    assert main(["library", str(sounds), "--scan-only"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith(f"{sounds / 'bad.wav'}: This file")
    assert err == "drumclf: 6 files here, 1 of them refused; in this scan: 5 heard, 1 refused\n"
    (sounds / "bad.wav").unlink()
    assert main(["library", str(sounds), "--scan-only"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", "drumclf: 5 files here, 0 of them refused; in this scan: 5 unchanged, 1 vanished\n")


def test_find_in_all_formats(capsys):
    run(capsys, "library", EXAMPLES, "--scan-only")
    _, table = run(capsys, "find", KICK, "-n", 3)
    _, text = run(capsys, "find", KICK, "-n", 3, "--format", "csv")
    _, lines = run(capsys, "find", KICK, "-n", 3, "--format", "jsonl")
    rows = [json.loads(line) for line in lines.splitlines()]
    assert len(rows) == 3
    assert rows[0]["path"] == str(EXAMPLES / "kick_acoustic.wav")
    assert [row["path"] for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))] == [
        r["path"] for r in rows
    ]
    for line, row in zip(table.splitlines(), rows, strict=True):
        assert line.endswith(row["path"])
        assert float(line.split("%")[0].strip(" <>")) == pytest.approx(100 * row["nearness"], abs=1.01)
    _, snares = run(capsys, "find", KICK, "--class", "snare", "--in", EXAMPLES, "--format", "jsonl")
    assert {json.loads(line)["label"] for line in snares.splitlines()} == {"snare"}


def test_find_a_hit_of_a_loop(tmp_path, capsys):
    pytest.importorskip("librosa")
    run(capsys, "library", EXAMPLES, "--scan-only")
    loop = tmp_path / "loop.wav"
    loop.write_bytes(encode(make_loop()[0]))
    status, out = run(capsys, "find", loop, "--hit", 1, "-n", 1, "--format", "jsonl")
    assert (status, len(out.splitlines())) == (0, 1)
    assert main(["find", str(loop), "--hit", "999"]) == 2
    assert "hits in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["find", KICK], 1, "first: drumclf library"),
        (["find", KICK, "--class", "spoon"], 2, "there is no class spoon"),
        (["find", KICK, "-n", "0"], 2, "count from 1"),
        (["library", KICK, "--scan-only"], 2, "is not a folder"),
    ],
)
def test_what_cannot_be_done_is_said(arguments, status, said, capsys):
    assert main([str(word) for word in arguments]) == status
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_a_refused_query(tmp_path, capsys):
    run(capsys, "library", EXAMPLES, "--scan-only")
    assert main(["find", str(tmp_path / "missing.wav")]) == 1
    assert "There is no file here" in capsys.readouterr().err


def test_a_library_that_is_damaged_within_is_said(own_library, capsys):
    run(capsys, "library", EXAMPLES, "--scan-only")
    path = own_library / "cache" / "drumclf" / INDEX
    data = bytearray(path.read_bytes())
    data[4096 * 2 :] = os.urandom(len(data) - 4096 * 2)
    path.write_bytes(data)
    capsys.readouterr()
    assert main(["find", str(KICK)]) in (1, 2)
    err = capsys.readouterr().err
    assert "damaged" in err or "remove" in err
    assert "Traceback" not in err


@pytest.mark.skipif(os.name != "posix", reason="signals are sent")
def test_ctrl_c_keeps_what_is_done(own_library, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(3_000):  # more than is heard before the signal comes
        (folder / f"{i:04}.wav").write_bytes(SNARE.read_bytes() + i.to_bytes(4, "little"))
    command = [sys.executable, "-m", "drumclf", "library", str(folder), "--scan-only"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    cache, data = own_library / "cache" / "drumclf", own_library / "data" / "drumclf"
    n = 0
    while n == 0 and process.poll() is None:
        time.sleep(0.1)
        if (cache / INDEX).exists() and (data / "labels.db").exists():
            n = n_heard(cache, data)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert "new files read; the same command goes on" in err
    assert n <= n_heard(cache, data) < 3_000
    assert int(err.split()[2].replace(",", "")) <= n_heard(cache, data)


def n_heard(cache, data):
    index = open_index(cache, data)
    n = index.db.execute("select count(*) from sounds").fetchone()[0]
    index.close()
    return n


def test_a_moved_folder_is_not_heard_again(tmp_path, capsys):
    shutil.copytree(EXAMPLES, tmp_path / "one")
    run(capsys, "library", tmp_path / "one", "--scan-only")
    (tmp_path / "one").rename(tmp_path / "two")
    main(["library", str(tmp_path / "two"), "--scan-only"])
    assert "recognised" in (said := capsys.readouterr().err)
    assert " heard" not in said


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux says who listens where")
def test_the_page_starts_and_only_this_computer_can_reach_it(sounds):
    pytest.importorskip("streamlit")
    port = free_port()
    command = [sys.executable, "-m", "drumclf", "library", str(sounds), "--no-browser", f"--port={port}"]
    page = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://localhost:{port}", page)
        tables = "".join(Path(f"/proc/net/{name}").read_text() for name in ("tcp", "tcp6"))
        listening = [row.split()[1] for row in tables.splitlines() if row.split()[3] == "0A"]
        addresses = {address.removesuffix(f":{port:04X}") for address in listening if address.endswith(f":{port:04X}")}
        assert addresses
        assert addresses <= {"0100007F", "00000000000000000000000001000000"}  # 127.0.0.1 and ::1
    finally:
        page.terminate()
        page.wait()


@pytest.mark.parametrize("options", [[], ["--scan-only"]])
def test_a_folder_that_is_not_there(options, tmp_path, capsys):
    assert main(["library", str(tmp_path / "none"), *options]) == 2
    assert "is not a folder" in capsys.readouterr().err
