import csv
import io
import json
import os
from dataclasses import replace
from itertools import accumulate

import pytest
from conftest import EXAMPLES

from drumclf.batch.rows import Row, classify_files
from drumclf.batch.tables import LINES, columns, csv_line, defuse, read_done, record, written_name
from drumclf.names import unescaped

NAMES = [
    "plain.wav", "=1+1.wav", "'=1.wav", 'a "b", c.wav', "line\nbreak.wav", "carriage\rreturn.wav", "both\r\n.wav",
    '"\n"', "鼓.wav", os.fsdecode(b"caf\xe9.wav"), "\u2028.wav", "end\\",
    "esc\x1b[31m.wav", "back\u202eward.wav", "\\xe9.wav", "\\x5cxe9.wav", os.fsdecode(b"\xff\xfe\\xe9.wav"),
]  # fmt: skip


@pytest.fixture(scope="module")
def rows(classifier):
    """An answer for each name, and one refusal."""
    kick = EXAMPLES / "kick_analogue.wav"
    return list(classify_files(classifier, [(name, kick) for name in NAMES] + [("bad, \n.wav", b"no sound")]))


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "'=", "''@", "\uff1d"])
def test_a_cell_that_a_spreadsheet_would_run_is_defused(sign):
    assert defuse(f"{sign}1+1") == f"'{sign}1+1"
    assert list(csv.reader(io.StringIO(csv_line([f"{sign}1+1", -1.5, None]), newline=""))) == [
        [f"'{sign}1+1", "-1.5", ""]
    ]


@pytest.mark.parametrize("text", ["plain", "'quoted'", "a=b", "", " =1", "'"])
def test_other_cells_stay_as_they_are(text):
    assert defuse(text) == text


def test_table_marks_what_it_is_not_sure_of(classifier):
    rows = list(classify_files(classifier, [(path.name, path) for path in sorted(EXAMPLES.glob("*.wav"))]))
    rows += [replace(row, decision=decision) for row in rows[:3] for decision in ((), ("clap", "snare"))]
    for row, line in zip(rows, LINES["table"](rows, classifier), strict=True):
        assert ("?" in line) != row.is_sure
        assert line.startswith(classifier.titles[row.label])
        assert line.endswith(f"  {row.name}\n")


def test_csv_holds_what_the_rows_hold(rows, classifier):
    lines = list(LINES["csv"](rows, classifier))
    assert len(lines) == 1 + len(rows)
    table = list(csv.DictReader(io.StringIO("".join(lines).removeprefix("\ufeff"), newline="")))
    assert list(table[0]) == columns(classifier.classes)
    for row, cells in zip(rows[:-1], table, strict=False):
        assert cells["path"] == written_name(row.name, "csv")
        assert {name: float(cells[name]) for name in classifier.classes} == row.probabilities
        assert (float(cells["duration"]), cells["error"]) == (row.duration, "")
    assert table[-1] == dict.fromkeys(columns(classifier.classes), "") | {
        "path": "bad, \\x0a.wav", "error": rows[-1].error
    }  # fmt: skip


@pytest.mark.parametrize(
    ("decision", "words"), [(("clap",), "clap"), (("clap", "snare"), "clap or snare"), ((), "not sure")]
)
def test_decision_and_duration_in_words(decision, words):
    row = Row("a", label="clap", probabilities={"clap": 0.6, "snare": 0.4}, decision=decision, duration=float("nan"))
    assert record(row, ("clap", "snare")) == {
        "path": "a", "label": "clap", "clap": 0.6, "snare": 0.4, "decision": words, "kind": None,
        "kind_probability": None, "duration": None, "error": None,
    }  # fmt: skip


def test_a_kind_is_in_every_format(rows, classifier):
    probabilities = dict.fromkeys(classifier.classes, 0.01) | {"cymbal": 0.92}
    kinds = {"crash": 0.9, "ride": 0.02}
    row = replace(rows[0], label="cymbal", probabilities=probabilities, decision=("cymbal",), kinds=kinds, kind="crash")
    assert next(LINES["table"]([row], classifier)).startswith("Cymbal (crash)")
    cells = record(row, classifier.classes)
    assert (cells["decision"], cells["kind"], cells["kind_probability"]) == ("cymbal", "crash", 0.9)
    answer = json.loads(next(LINES["jsonl"]([row], classifier)))
    assert (answer["decision"], answer["kind"], answer["kind_probability"]) == (["cymbal"], "crash", 0.9)
    assert list(answer) == ["path", "label", "decision", "kind", "kind_probability", "probabilities", "error"]


def test_json_lines_are_one_object_a_line(rows, classifier):
    lines = list(LINES["jsonl"](rows, classifier))
    assert [line.count("\n") for line in lines] == [1] * len(rows)
    assert [unescaped(json.loads(line)["path"]) for line in lines] == [row.name for row in rows]


def test_every_reader_reads_every_output(rows, classifier, tmp_path):
    """Names that are not UTF-8 or hold control characters too, and each is the name that it was."""
    pandas, pyarrow_csv = pytest.importorskip("pandas"), pytest.importorskip("pyarrow.csv")
    pyarrow_json = pytest.importorskip("pyarrow.json")
    table, lines = tmp_path / "table.csv", tmp_path / "lines.jsonl"
    duplicate_of = [row.name for row in rows[1:]] + [None]
    table.write_text("".join(LINES["csv"](rows, classifier, duplicate_of)), encoding="utf-8", newline="")
    lines.write_text("".join(LINES["jsonl"](rows, classifier, duplicate_of)), encoding="utf-8")
    assert table.read_bytes().startswith("\ufeffpath,".encode())  # the sign by which Excel knows UTF-8
    with table.open(encoding="utf-8-sig", newline="") as file:
        first, second = zip(*((row["path"], row["duplicate_of"]) for row in csv.DictReader(file)), strict=True)
    for found in (pandas.read_csv(table), pyarrow_csv.read_csv(table).to_pandas()):
        assert (list(found["path"]), list(found["duplicate_of"].fillna(""))) == (list(first), list(second))
    of_json = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    for found in (pandas.read_json(lines, lines=True), pyarrow_json.read_json(lines).to_pandas()):
        assert list(found["path"]) == [answer["path"] for answer in of_json]
    assert [unescaped(answer["path"]) for answer in of_json] == [row.name for row in rows]
    assert [defuse(answer["path"]) for answer in of_json] == list(first)
    assert [answer["duplicate_of"] for answer in of_json] == [answer["path"] for answer in of_json[1:]] + [None]


def test_a_table_of_version_0_1_is_continued(rows, classifier, tmp_path):
    """It has no byte order mark."""
    path = tmp_path / "answers.csv"
    data = "".join(LINES["csv"](rows, classifier)).removeprefix("\ufeff").encode()
    for n_bytes in (0, 1, 7, len(data)):
        path.write_bytes(data[:n_bytes])
        done, _ = read_done(path, "csv", classifier)
        assert done.total() == (len(rows) if n_bytes == len(data) else 0)


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_a_file_that_was_cut_off_anywhere_is_gone_on_with(format, rows, classifier, tmp_path):
    """Cut at any byte of any line, the file ends up as if it had been written in one go."""
    path = tmp_path / "answers"
    lines = [line.encode("utf-8", "surrogateescape") for line in LINES[format](rows, classifier)]
    data, ends = b"".join(lines), [0, *accumulate(map(len, lines))]
    n_before = len(lines) - len(rows)  # the header
    for n_bytes in (*range(0, ends[-3], 7), *range(ends[-3], len(data) + 1)):  # all of the last two lines
        path.write_bytes(data[:n_bytes])
        done, n_refused = read_done(path, format, classifier)
        n_lines = sum(end <= n_bytes for end in ends[1:])
        in_it = rows[: max(n_lines - n_before, 0)]
        assert path.stat().st_size == ends[n_lines]
        assert dict(done) == {written_name(row.name, format): 1 for row in in_it}
        assert n_refused == sum(row.error is not None for row in in_it)
    assert in_it == rows


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_there_is_nothing_done_in_a_file_that_is_not_there(format, classifier, tmp_path):
    done, n_refused = read_done(tmp_path / "new", format, classifier)
    assert (set(done), n_refused) == (set(), 0)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("format", ["csv", "jsonl"])
@pytest.mark.parametrize(
    "data",
    [
        b"notes", b"notes\n", b"\n", b"a,b\n1,2\n", b"\xff\xfe\x00", b'{"path": 1', b"{}\n", b'"',
        b'{"path": [], "error": 1}\n', b'path,label\r"', b'{"error": null, "path": "a"}', b"RIFF\r....WAVE",
    ],
)  # fmt: skip
def test_another_file_is_left_as_it_is(format, data, classifier, tmp_path):
    path = tmp_path / "mine"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="it"):
        read_done(path, format, classifier)
    assert path.read_bytes() == data


def test_a_table_of_another_model_is_left_as_it_is(classifier, tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text(csv_line(columns(classifier.classes[:-1])))
    with pytest.raises(ValueError, match="this model"):
        read_done(path, "csv", classifier)
