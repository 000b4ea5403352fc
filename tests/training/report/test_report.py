import json
import re

import numpy as np
import pytest
import yaml
from conftest import ROOT

from drumclf.constants import CLASSES, CORE_CLASSES
from drumclf.drawing.report_figures import draw_confusion, draw_coverage, draw_reliability
from drumclf.report import (
    headline_figures,
    read_report,
    recall_table,
    say_confusion,
    say_coverage,
    say_decisions,
    say_figures,
    say_reliability,
    say_training,
)
from training.card import model_card
from training.data import REPORT, TUNE, Example
from training.evaluate import score
from training.markdown import format_interval, table, write_between
from training.report import __main__ as report
from training.report import figures


@pytest.fixture(scope="module")
def scores():
    """A model that is right three times out of four, and a rival that always says kick."""
    rng = np.random.default_rng(0)
    examples = [
        Example(None, CLASSES[i % 9], f"source {i % 4}", f"kit {i % 20}", (TUNE, REPORT)[i % 2]) for i in range(900)
    ]
    truth = np.array([CLASSES.index(e.label) for e in examples])
    said = np.where(rng.random(900) < 0.75, truth, (truth + 1) % 9)
    thresholds = {"one": dict.fromkeys(CLASSES, 0.9), "two": 0.9}
    ours = score(5 * np.eye(9)[said], examples, list(CLASSES), thresholds=thresholds, resamples=20)
    core = [e for e in examples if e.label in CORE_CLASSES]
    theirs = score(np.tile([1.0, 0, 0, 0, 0], (len(core), 1)), core, list(CORE_CLASSES), resamples=20)
    history = {f"{kind}{name}": [2.0, 1.0] for kind in ("", "val_", "fixed_") for name in ("loss", "accuracy")}
    training = {"held_out_by": "source", "losses": [2.0, 1.0], "licence": "all", "sounds": {"kick": 3}}
    training |= {"sources": ["a"], "synthetic_sounds": 0}
    titles = {name: name for name in CLASSES}
    return {
        "drumclf": {"scores": {"valid": ours, "report": ours}, "training": training, "titles": titles},
        "original": {"scores": {"valid": theirs}, "random_split": {"served": 0.5, "fixed": 0.9}, "history": history},
        "original, fixed": {"scores": {"valid": theirs}},
    }


def test_the_report_says_what_was_scored(scores):
    text = report.report_text(scores)
    valid = scores["drumclf"]["scores"]["valid"]
    assert f"| **drumclf** | {format_interval(valid['core']['balanced_accuracy'])}" in text
    assert "| the original, as served | 0.200 [0.200, 0.200]" in text  # always kick: one class of five
    assert "900 sounds from 4 sources (20 kits)" in text
    assert "0.50 as served and 0.90 fixed" in text


def test_report_and_model_card_are_made_from_the_figures_that_are_here():
    metadata, measured = (
        json.loads((ROOT / "model" / name).read_text(encoding="utf-8")) for name in ("metadata.json", "report.json")
    )
    assert (ROOT / "model" / "README.md").read_text(encoding="utf-8") == model_card(metadata)
    assert (ROOT / "docs" / "report.md").read_text(encoding="utf-8") == report.report_text(measured)
    assert "\n".join(report.summary(measured)) in (ROOT / "README.md").read_text(encoding="utf-8")


def test_confusion_rows_add_up_to_the_sounds_of_a_class(scores):
    assert [sum(row) for row in scores["drumclf"]["scores"]["valid"]["all"]["confusion"]] == [100] * 9


def test_every_figure_of_the_originals_training_is_drawn(scores):
    figure = figures.draw_original_training(scores["original"]["history"])
    assert [len(axes.lines) for axes in figure.axes] == [3, 3]


def test_lines_are_put_between_their_marks(tmp_path):
    text = tmp_path / "README.md"
    text.write_text("before\n<!-- other -->\n<!-- end -->\n<!-- scores -->\nold\n<!-- end -->\nafter\n")
    write_between(text, "scores", ["new", "lines"])
    assert text.read_text() == (
        "before\n<!-- other -->\n<!-- end -->\n<!-- scores -->\nnew\nlines\n<!-- end -->\nafter\n"
    )
    write_between(tmp_path / "none.md", "scores", ["new"])
    assert not (tmp_path / "none.md").exists()


def test_a_table_is_markdown():
    assert table(("", "a", "b"), [("x", "1", "2"), ("y", "", "3")]) == [
        "| | a | b |",
        "|---|---|---|",
        "| x | 1 | 2 |",
        "| y | | 3 |",
    ]


def test_the_card_is_what_hugging_face_reads(scores):
    card = model_card(
        scores["drumclf"] | {"parameters": 1, "thresholds": {"one": dict.fromkeys(CLASSES, 0.9), "two": 0.9}}
    )
    front = yaml.safe_load(card.split("---")[1])
    metrics = front["model-index"][0]["results"][0]["metrics"]
    valid = scores["drumclf"]["scores"]["valid"]
    assert metrics[0]["value"] == valid["all"]["balanced_accuracy"][0]
    assert {"type", "name", "value"} == set(metrics[-1])


def test_a_report_of_another_model_is_not_shown(scores, tmp_path):
    (tmp_path / "report.json").write_text(json.dumps(scores | {"sha256": "a"}))
    metadata = scores["drumclf"] | {"sha256": "a"}
    assert "original" in read_report(tmp_path, metadata)
    assert set(read_report(tmp_path, metadata | {"sha256": "b"})) == {"drumclf"}


def test_report_card_tables_and_figures(scores):
    rows = recall_table(scores)
    assert [row["class"] for row in rows] == list(CLASSES)
    assert rows[0]["2023 demo, as served"] == 1.0
    assert rows[8]["2023 demo, as served"] is None
    assert headline_figures(scores)["2023 demo, fixed"] == [0.2, 0.2, 0.2]
    assert "one answer for 100% (7" in say_decisions(scores["drumclf"]["scores"])
    unseen = scores["drumclf"]["scores"]["report"]
    shares = np.array(draw_coverage(unseen["core"]["coverage"]).axes[0].lines[0].get_xdata())
    assert shares[-1] == 1
    assert len(draw_confusion(unseen["all"], scores["drumclf"]["titles"]).axes[0].patches) == 81
    promised, right, counts = np.array(unseen["reliability"]).T
    assert counts.sum() == 900
    assert np.sum(counts * np.abs(promised - right)) / 900 == pytest.approx(unseen["calibration_error"][0], abs=1e-3)


def test_the_headline_figures_are_explained(scores):
    assert "The 2023 demo" in say_figures(scores)
    assert say_figures(scores).endswith("on sounds not used for calibration.")
    alone = {"drumclf": {"scores": {"valid": scores["drumclf"]["scores"]["valid"]}}}
    assert "2023" not in say_figures(alone)
    assert say_figures(alone).endswith("how often the answer is right.")


@pytest.mark.parametrize("lowest", [0.2, 0.89, 1.0])
def test_shares_are_percent_and_do_not_meet_in_the_corner(lowest):
    points = [[0.4, lowest, 10], [1.0, 1.0, 10]]
    for figure in (draw_reliability(points), draw_coverage([point[:2] for point in points])):
        figure.draw_without_rendering()
        (axes,) = figure.axes
        names = [
            label
            for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim()))
            for tick, label in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
            if limits[0] <= tick <= limits[1]
        ]
        assert all(re.fullmatch(r"\d+%", name.get_text()) for name in names)
        boxes = [name.get_window_extent() for name in names]
        assert not any(box.overlaps(other) for i, box in enumerate(boxes) for other in boxes[i + 1 :])


def test_without_core_sounds_or_a_report_part_there_is_still_a_card(scores):
    only = {"valid": {k: v for k, v in scores["drumclf"]["scores"]["valid"].items() if k not in ("core", "not_drum")}}
    thresholds = {"one": dict.fromkeys(CLASSES, 0.9), "two": 0.9}
    card = model_card(scores["drumclf"] | {"scores": only, "parameters": 1, "thresholds": thresholds})
    assert "core five" not in card
    assert "not used for any" not in card
    assert "| **drumclf** | - | - | - | 0.7" in report.report_text({"drumclf": scores["drumclf"] | {"scores": only}})
    assert list(headline_figures({"drumclf": {"scores": only}})) == ["All classes right", "Calibration error"]


def test_charts_are_said_in_words():
    result = {"classes": ["a", "b", "c"], "confusion": [[8, 2, 0], [1, 3, 0], [0, 0, 9]]}
    titles = {"a": "Tom", "b": "Closed hat", "c": "Clap"}
    text = "Closed hat is mistaken for tom 25% of the time; Tom is mistaken for closed hat 20% of the time."
    assert say_confusion(result, titles) == text
    assert say_confusion(result, titles, most=1) == "Closed hat is mistaken for tom 25% of the time."
    perfect = {"classes": ["a", "b"], "confusion": [[4, 0], [0, 4]]}
    assert say_confusion(perfect, titles) == "No sound is mistaken for another class."
    points = [[0.4, 0.3, 9], [0.6, 0.5, 9], [0.7, 0.7, 9], [0.8, 0.7, 9], [0.99, 1.0, 9]]
    assert say_reliability(points) == (
        "At 40% it is right 30% of the time; at 70% it is right 70% of the time; at 99% it is right 100% of the time."
    )
    assert say_reliability(points[:1]) == "At 40% it is right 30% of the time."
    coverage = [[n / 20, 1 - n / 100] for n in range(1, 21)]
    assert (
        say_coverage(coverage)
        == "Of the most confident 50%, 90% are right; of the most confident 80%, 84% are right; of all, 80% are right."
    )


def test_training_is_said_with_and_without_synthetic_sounds():
    training = {"sounds": {"kick": 1200, "tom": 34}, "sources": ["a", "b"], "held_out_by": "source"}
    assert say_training(training | {"synthetic_sounds": 80}) == (
        "1,234 sounds from 2 sources, none of which was used for scoring, plus 80 synthetic ones."
    )
    assert say_training(training | {"synthetic_sounds": 0, "held_out_by": "file", "sources": []}) == "1,234 sounds."
