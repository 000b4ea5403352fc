"""Odd and hostile uploads through the library: the label of the clean reference, or a sentence."""

import csv
import json
import resource

from conftest import ROOT
from streamlit.testing.v1 import AppTest

from drumclf import AudioError


def read_rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_hostile_uploads(classifier, hostile):
    rows = read_rows(hostile / "manifest.csv")
    assert len(rows) > 100
    labels, wrong = {}, []
    for row in rows:
        try:
            answer = classifier.classify(hostile / row["file"]).label
        except AudioError as error:
            answer = None
            assert len(str(error)) <= 200, row["file"]
        labels[row["file"]] = answer
        expected = {
            "classify": [labels.get(row["reference"])],
            "error": [None],
            "either": [None, labels.get(row["reference"], answer)],
        }[row["expect"]]
        if answer not in expected or (row["expect"] == "classify" and answer is None):
            wrong.append(f"{row['file']!r} ({row['expect']}): {answer}, expected {expected}")
    assert not wrong, "\n".join(wrong)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4e6  # KiB: no request for terabytes was granted


def test_hostile_uploads_leave_the_page_whole(hostile):
    """Each gets a verdict or a sentence, one after the other in one session; odd names too."""
    uploads = [(row["file"], row["file"], row["expect"]) for row in read_rows(hostile / "manifest.csv")]
    names = read_rows(hostile / "upload_names.csv")
    uploads += [(row["file"], json.loads(row["upload_name_json"]), row["expect"]) for row in names]
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    for file, name, expected in uploads:
        page.file_uploader[0].set_value((name, (hostile / file).read_bytes(), "audio/wav")).run()
        assert not page.exception, name
        assert len(page.title) + len(page.error) == 1, name
        if expected != "either":
            assert bool(page.error) == (expected == "error"), name
