"""Odd and hostile uploads through the library: the label of the clean reference, or a sentence."""

import csv
import resource

from drumclf import AudioError


def test_hostile_uploads(classifier, hostile):
    with (hostile / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
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
