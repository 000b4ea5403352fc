"""The page, driven without a browser."""

import base64
import shutil
import threading
import time

import numpy as np
import pytest
import streamlit as st
from conftest import EXAMPLES, drawn, encode, make_hit
from page_steps import open_page, upload

from drumclf import Classifier, load_classifier
from drumclf import constants as c
from drumclf.explain import grad_cam
from drumclf.model_folder import MODEL_FOLDER
from drumclf.threads import Turns
from drumclf.traits import say_colors
from page.answers import in_line

START = "What drum is it?"


page = pytest.fixture(open_page)


def texts(page):
    return [element.value for group in (page.title, page.text, page.markdown) for element in group]


def test_a_result_stays_when_the_page_runs_again(page):
    page.button_group(key="example").select("tom_acoustic.wav").run()
    page.run()
    assert page.title[0].value.startswith("Tom")


def test_a_rerun_that_changes_nothing_computes_nothing(page, monkeypatch):
    """The first run computes everything; the second run of the same page computes nothing."""
    computed = []
    for name in ("classify_clips", "maps_and_gradient"):
        original = getattr(Classifier, name)

        def counted(*args, _original=original, _name=name, **kwargs):
            computed.append(_name)
            return _original(*args, **kwargs)

        monkeypatch.setattr(Classifier, name, counted)
    upload(page, "hit.wav", encode(make_hit(seed=77)))
    assert set(computed) == {"classify_clips", "maps_and_gradient"}
    computed.clear()
    before = drawn(page, "stage")
    page.run()
    page.toggle(key="whole folder").set_value(True).run()
    assert drawn(page, "stage") == before
    assert len(before) == 1
    assert not computed


def test_the_page_opens_with_all_examples(page):
    assert not page.exception
    sounds = [*EXAMPLES.glob("*.wav"), *EXAMPLES.glob("loops/*.flac")]
    assert len(page.button_group(key="example").options) == len(sounds)
    assert [title.value for title in page.title] == [START]
    assert not page.get("bidi_component")


def test_one_click_on_an_example_shows_what_it_is(page):
    page.button_group(key="example").select("clap_hands.wav").run()
    assert not page.exception
    assert page.title[0].value.startswith("Clap")
    assert "%" in page.title[0].value


def test_an_upload_is_classified_and_named(page):
    upload(page, "my snare.wav", (EXAMPLES / "snare_acoustic.wav").read_bytes())
    assert not page.exception
    assert page.title[0].value.startswith("Snare")
    assert "my snare.wav" in texts(page)


@pytest.mark.parametrize("name", ["**b** [link](javascript:alert(1)) $y$.wav", "<img src=x onerror=alert(1)>.wav"])
def test_names_are_text(page, name):
    upload(page, name, encode(make_hit()))
    assert name in [element.value for element in page.text]
    assert not any(name in element.value for element in page.markdown)


def test_a_name_hides_nothing(page):
    upload(page, "kick_\u202evaw.exe\u200b\x07.wav", encode(make_hit()))
    assert "kick_�vaw.exe��.wav" in [element.value for element in page.text]


def test_a_failure_on_our_side_is_one_sentence(page, monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("secret in /srv/app")

    monkeypatch.setattr("drumclf.classifier.Classifier.classify", fail)
    upload(page, "kick.wav", encode(make_hit(seed=5)))
    assert not page.exception
    assert [element.value for element in page.error] == [
        "Something broke on our side, not in your sound. Reload the page, or try another one."
    ]
    assert "secret in /srv/app" in caplog.text
    monkeypatch.undo()
    page.button_group(key="example").select("kick_analogue.wav").run()
    assert page.title[0].value.startswith("Kick")


def test_a_damaged_model_is_one_sentence_and_no_answer(monkeypatch, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(MODEL_FOLDER, folder)
    network = bytearray((folder / "drumclf.tflite").read_bytes())
    network[1000] ^= 1
    (folder / "drumclf.tflite").write_bytes(network)
    monkeypatch.setattr("page.answers.load_classifier", lambda **options: load_classifier(folder, **options))
    st.cache_resource.clear()
    page = open_page()
    upload(page, "kick.wav", encode(make_hit()))
    assert not page.title
    assert not page.get("bidi_component")
    assert not page.exception
    (error,) = page.error
    assert error.value == ("drumclf.tflite is not the file that metadata.json describes; restore both, or train again.")
    st.cache_resource.clear()


def test_who_waits_is_told_how_many_are_ahead(classifier, monkeypatch):
    turns = Turns(1)
    monkeypatch.setattr(classifier, "_turns", turns)
    assert in_line(classifier) == "Listening"
    sound = classifier.read_clip(EXAMPLES / "kick_analogue.wav")
    with turns:
        others = [threading.Thread(target=classifier.classify_clips, args=([sound],)) for _ in range(3)]
        for other in others:
            other.start()
        deadline = time.monotonic() + 60
        while turns.n_waiting < 3 and time.monotonic() < deadline:
            time.sleep(0.001)
        said = in_line(classifier)
    for other in others:
        other.join()
    assert said == "3 visitors ahead of you"
    assert in_line(classifier) == "Listening"


@pytest.mark.parametrize("data", [b"", b"no sound", encode([0.0] * 44_100)])
def test_a_bad_file_gets_its_sentence_and_the_page_still_works(page, data):
    upload(page, "bad.wav", data)
    assert not page.exception
    assert len(page.error) == 1
    assert page.error[0].value.endswith(".")
    page.button_group(key="example").select("kick_analogue.wav").run()
    assert not page.error
    assert page.title[0].value.startswith("Kick")


def test_an_example_replaces_an_upload_and_the_other_way_round(page):
    upload(page, "hat.wav", (EXAMPLES / "closed_hat_analogue.wav").read_bytes())
    assert page.title[0].value.startswith("Closed hat")
    page.button_group(key="example").select("crash_cymbal.wav").run()
    assert page.title[0].value.startswith("Cymbal")
    upload(page, "kick.wav", (EXAMPLES / "kick_analogue.wav").read_bytes())
    assert page.title[0].value.startswith("Kick")


def test_the_stage_has_what_the_library_says(page, classifier):
    page.button_group(key="example").select("snare_acoustic.wav").run()
    (stage,) = drawn(page, "stage")
    prediction = classifier.classify(EXAMPLES / "snare_acoustic.wav")
    assert {row["name"]: row["probability"] for row in stage["classes"]} == prediction.probabilities
    assert {row["name"]: row["title"] for row in stage["classes"]} == classifier.titles
    assert stage["label"] == "snare"
    assert stage["colors"] == say_colors(prediction.spectrogram)
    assert unpacked(stage["image"], 3) == pytest.approx(255 * prediction.spectrogram, abs=0.51)


def test_each_class_can_be_lit_up(page, classifier):
    page.button_group(key="example").select("snare_acoustic.wav").run()
    (stage,) = drawn(page, "stage")
    prediction = classifier.classify(EXAMPLES / "snare_acoustic.wav")
    for row in stage["classes"]:
        evidence = grad_cam(classifier, prediction, row["name"])
        assert unpacked(row["evidence"]) == pytest.approx(255 * evidence, abs=0.51)
    assert len({row["evidence"] for row in stage["classes"]}) > 1


def unpacked(text, *planes):
    values = np.frombuffer(base64.b64decode(text), np.uint8)
    return values.reshape(c.N_MELS, c.N_FRAMES, *planes).astype(float)


def test_the_nearest_examples_are_offered_for_comparison(page):
    page.button_group(key="example").select("kick_analogue.wav").run()
    offered = [button.label for button in page.button if (button.key or "").startswith("compare ")]
    assert "Acoustic kick" in offered
    assert "Analogue kick" not in offered  # it is the sound itself


def test_the_report_card_opens(page):
    page.button[0].click().run()
    assert not page.exception
    assert len(page.tabs) == 6
    assert page.metric[0].value.endswith("%")
