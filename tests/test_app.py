"""The page, driven without a browser."""

import functools
import importlib
import shutil
import threading

import pytest
import streamlit as st
from conftest import EXAMPLES, ROOT, encode, make_hit
from streamlit.testing.v1 import AppTest

from drumclf import load_classifier
from drumclf.model_folder import MODEL_FOLDER
from page.sound import DRAWING, in_line


@pytest.fixture
def page():
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


def texts(page):
    return [element.value for group in (page.title, page.text, page.markdown) for element in group]


def test_a_result_stays_when_the_page_runs_again(page):
    page.button_group(key="example").select("tom_acoustic.wav").run()
    page.run()
    assert page.title[0].value.startswith("Tom")


def test_a_rerun_that_changes_nothing_computes_nothing(page, monkeypatch):
    """In the first run everything is computed; in the second, of the same page, nothing."""
    computed = []
    for name in ("drumclf.classifier.Classifier.classify_clips", "matplotlib.figure.Figure.savefig"):
        *place, function = name.split(".")
        owner = functools.reduce(getattr, place[2:], importlib.import_module(".".join(place[:2])))
        original = getattr(owner, function)

        def counted(*args, _original=original, _name=name, **kwargs):
            computed.append(_name)
            return _original(*args, **kwargs)

        monkeypatch.setattr(owner, function, counted)
    upload(page, "hit.wav", encode(make_hit(seed=77)))
    assert len(set(computed)) == 2
    computed.clear()
    page.run()
    page.toggle(key="whole folder").set_value(True).run()
    assert page.title
    assert not computed


def upload(page, name, data):
    return page.file_uploader[0].set_value((name, data, "audio/wav")).run()


def test_the_page_opens_with_all_examples(page):
    assert not page.exception
    assert len(page.button_group(key="example").options) == len(list(EXAMPLES.glob("*.wav")))
    assert not page.title


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


def test_what_fails_on_our_side_is_one_sentence(page, monkeypatch, caplog):
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
    monkeypatch.setattr("page.sound.load_classifier", lambda **options: load_classifier(folder, **options))
    st.cache_resource.clear()
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    upload(page, "kick.wav", encode(make_hit()))
    assert not page.title
    assert not page.exception
    (error,) = page.error
    assert error.value == (
        "drumclf.tflite is not the file that metadata.json describes: restore both from one training."
    )
    st.cache_resource.clear()


def test_who_waits_is_told_how_many_are_before(classifier):
    assert in_line(classifier) == "Listening"
    with DRAWING:
        others = [threading.Thread(target=DRAWING.__enter__) for _ in range(3)]
        for other in others:
            other.start()
        while DRAWING.n_waiting < 3:
            threading.Event().wait(0.001)
        assert in_line(classifier) == "In line: 3 before you"
    for _ in others:
        DRAWING.__exit__()
    for other in others:
        other.join()
    assert in_line(classifier) == "Listening"


@pytest.mark.parametrize("data", [b"", b"no sound", encode([0.0] * 44_100)])
def test_a_bad_file_gets_its_sentence_and_the_page_goes_on(page, data):
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


def pictures_of(page):
    return [element.proto.imgs[0].alt for element in page.main if element.type == "image"]


def test_another_class_can_be_lit_up(page):
    page.button_group(key="example").select("snare_acoustic.wav").run()
    assert pictures_of(page)[-1] == "RGB spectrogram of the hit: frequency over time."
    evidence = next(group for group in page.button_group if group.key != "example")
    evidence.select("clap").run()
    assert not page.exception
    assert pictures_of(page)[-1].endswith("lit where it speaks for Clap.")


def test_the_nearest_examples_are_named(page):
    page.button_group(key="example").select("kick_analogue.wav").run()
    (line,) = [text for text in texts(page) if text.startswith("Sounds like")]
    assert "Acoustic kick" in line
    assert "Analogue kick" not in line  # it is the sound itself


def test_the_report_card_opens(page):
    page.button[0].click().run()
    assert not page.exception
    assert len(page.tabs) == 5
    assert page.metric[0].value.endswith("%")
