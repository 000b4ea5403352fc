import csv
import io
from pathlib import Path

from conftest import EXAMPLES

from drumclf.batch import classify_files, write_csv, write_table


def test_names_that_a_spreadsheet_would_run_are_defused(classifier, tmp_path):
    names = ["=1+1.wav", "@SUM(1).wav", "+a.wav", "-b.wav", "plain.wav"]
    (tmp_path / "plain.wav").write_bytes((EXAMPLES / "kick_analogue.wav").read_bytes())
    file = io.StringIO()
    write_csv(classify_files(classifier, [Path(name) for name in names]), file, classifier)
    cells = [row[0] for row in csv.reader(io.StringIO(file.getvalue()))][1:]
    assert cells == ["'=1+1.wav", "'@SUM(1).wav", "'+a.wav", "'-b.wav", "plain.wav"]


def test_table_marks_what_it_is_not_sure_of(classifier):
    rows = list(classify_files(classifier, sorted(EXAMPLES.glob("*.wav"))))
    file = io.StringIO()
    write_table(rows, file, classifier)
    for row, line in zip(rows, file.getvalue().splitlines(), strict=True):
        assert ("?" in line) != row.prediction.is_sure
        assert line.startswith(classifier.titles[row.prediction.label])
