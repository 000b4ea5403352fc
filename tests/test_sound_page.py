"""Loops, recordings, two sounds beside each other and pictures to share, driven without a browser."""

import io

import numpy as np
import pytest
import soundfile
import streamlit as st
from conftest import EXAMPLES, ROOT, drawn, encode, make_hit
from PIL import Image
from streamlit.runtime.caching.cache_data_api import _data_caches
from streamlit.runtime.caching.cache_resource_api import _resource_caches
from streamlit.testing.v1 import AppTest

from drumclf.hits import find_hits

RATE = 44_100
NAMES = ["**b** [link](javascript:alert(1)) $y$.wav", "<img src=x onerror=alert(1)>.wav", "# :red[a] `b`.wav"]
LOOP = [("kick_analogue", 0.0), ("snare_acoustic", 0.55), ("closed_hat_analogue", 1.1), ("clap_analogue", 1.6)]
"""Example and when it begins, in seconds."""
BAD = b"no sound"


@pytest.fixture
def page():
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


@pytest.fixture(scope="module")
def loop():
    samples = np.zeros(int(2.3 * RATE))
    for name, time in LOOP:
        sound, _ = soundfile.read(EXAMPLES / f"{name}.wav")
        start = round(time * RATE)
        sound = sound[: len(samples) - start]
        samples[start : start + len(sound)] += 0.5 * sound
    return encode(samples)


def upload(page, name, data):
    page.file_uploader[0].set_value((name, data, "audio/wav")).run()
    assert not page.exception
    return page


def choose(page, example):
    page.button_group(key="example").select(f"{example}.wav").run()
    assert not page.exception
    return page


def press(page, label):
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception
    return page


def close(page, place):
    page.button(key=f"close {place}").click().run()
    assert not page.exception
    return page


def titles(page):
    return [title.value for title in page.title]


def words(page):
    """What is written as it is, and what is formatted."""
    formatted = [*page.title, *page.header, *page.subheader, *page.markdown, *page.caption]
    labels = [button.label for button in [*page.button, *page.download_button]]
    return [text.value for text in page.text], [element.value for element in formatted] + labels


# Loops.


def test_a_loop_has_its_hits_on_a_time_line(page, classifier, loop):
    upload(page, "loop.wav", loop)
    assert titles(page) == ["A loop of 4 hits"]
    (timeline,) = drawn(page, "timeline")
    hits = find_hits(classifier, loop).hits
    found = [hit.prediction.label for hit in hits]
    assert [hit["label"] for hit in timeline["hits"]] == found == ["kick", "snare", "closed_hat", "clap"]
    assert [hit["isSure"] for hit in timeline["hits"]] == [hit.prediction.is_sure for hit in hits]
    assert [timeline["offset"] + hit["time"] for hit in timeline["hits"]] == pytest.approx(
        [time for _, time in LOOP], abs=0.01
    )
    assert timeline["duration"] == pytest.approx(2.3, abs=0.01)
    assert [row["name"] for row in timeline["rows"]] == [
        k for k in classifier.classes if k in {"kick", "snare", "closed_hat", "clap"}
    ]
    assert timeline["selected"] == 0


def test_the_loop_among_the_examples(page, classifier):
    page.button_group(key="example").select("loops/beat.flac").run()
    assert not page.exception
    hits = find_hits(classifier, EXAMPLES / "loops" / "beat.flac").hits
    assert titles(page) == [f"A loop of {len(hits)} hits"]
    (timeline,) = drawn(page, "timeline")
    assert [hit["label"] for hit in timeline["hits"]] == [hit.prediction.label for hit in hits]
    assert timeline["autoplay"]


def test_the_hit_that_is_selected_is_on_the_stage(page, classifier, loop):
    upload(page, "loop.wav", loop)
    hits = find_hits(classifier, loop).hits
    for k, hit in enumerate(hits):
        say(page, k)
        (stage,), (timeline,) = drawn(page, "stage"), drawn(page, "timeline")
        assert timeline["selected"] == k
        assert {row["name"]: row["probability"] for row in stage["classes"]} == hit.prediction.probabilities
        assert stage["offset"] == pytest.approx(timeline["offset"] + hit.time + hit.prediction.onset)
        assert stage["stop"] == pytest.approx(timeline["offset"] + hit.time + hit.prediction.clip.duration)
        assert stage["autoplay"] == (k > 0)  # the first was not asked for
        assert page.header[0].value.startswith(f"{k + 1}. ")


def say(page, hit):
    """What the browser says of the time line; tests/test_soak.py says it over the real protocol."""
    (key,) = [part.key for part in page.get("bidi_component") if part.proto.component_name == "timeline"]
    page.session_state[key] = {"hit": hit}
    page.run()
    assert not page.exception
    assert not page.error


@pytest.mark.parametrize("hit", [-1, 4, 10**30, "1", True, 1.0, float("nan"), None, [1], {"hit": 1}], ids=repr)
def test_a_hit_that_is_none_changes_nothing(page, loop, hit):
    upload(page, "loop.wav", loop)
    before = drawn(page, "timeline"), drawn(page, "stage"), words(page)
    say(page, hit)
    assert (drawn(page, "timeline"), drawn(page, "stage"), words(page)) == before


def test_a_recording_is_classified_like_a_file(page, classifier, loop):
    page.audio_input[0].set_value(("recording.wav", (EXAMPLES / "snare_acoustic.wav").read_bytes(), "audio/wav")).run()
    assert not page.exception
    assert titles(page)[0].startswith("Snare")
    page.audio_input[0].set_value(("recording.wav", loop, "audio/wav")).run()
    assert titles(page) == ["4 hits"]  # nobody recorded a loop
    assert words(page)[0] == ["Your recording"]
    assert [hit["label"] for hit in drawn(page, "timeline")[0]["hits"]] == ["kick", "snare", "closed_hat", "clap"]
    page.audio_input[0].set_value(None).run()
    assert not page.exception
    assert not page.get("bidi_component")


def test_a_recording_of_silence_gets_a_sentence(page):
    page.audio_input[0].set_value(("recording.wav", encode(np.zeros(RATE)), "audio/wav")).run()
    assert not page.exception
    assert not page.title
    assert len(page.error) == 1


def test_a_pack_makes_way_for_a_recording_and_waits(page):
    files = [(f"{k}.wav", encode(make_hit(seed=k)), "audio/wav") for k in range(2)]
    page.file_uploader[0].set_value(files).run()
    page.audio_input[0].set_value(("r.wav", (EXAMPLES / "kick_analogue.wav").read_bytes(), "audio/wav")).run()
    assert titles(page)[0].startswith("Kick")
    press(page, "Back to your 2 sounds")
    assert [header.value for header in page.header] == ["2 sounds"]
    assert not page.title


# Two sounds.


def test_two_sounds_are_on_one_time_axis(page):
    choose(page, "crash_cymbal")
    (alone,) = drawn(page, "stage")
    button = next(button for button in page.button if (button.key or "").startswith("compare "))
    other = button.label
    button.click().run()
    assert not page.exception
    left, right = drawn(page, "stage")
    assert left["shown"] == right["shown"]
    assert left["shown"] >= alone["shown"]
    assert left["classes"] == alone["classes"]
    assert right["classes"] != left["classes"]
    assert words(page)[0] == ["Crash", other]
    assert len(titles(page)) == 2
    assert len({left["audio"], right["audio"]}) == 2


def test_a_short_sound_gets_the_axis_of_the_long_one(page):
    choose(page, "closed_hat_analogue")
    (short,) = drawn(page, "stage")
    press(page, "Another")
    choose(page, "crash_cymbal")
    left, right = drawn(page, "stage")
    assert left["shown"] == right["shown"] > short["shown"]


@pytest.mark.parametrize(("place", "left"), [("kept", "Clap"), ("shown", "Kick")])
@pytest.mark.parametrize("is_upload", [False, True])
def test_when_one_side_is_closed_the_other_stays(page, place, left, is_upload):
    if is_upload:
        upload(page, "my kick.wav", (EXAMPLES / "kick_analogue.wav").read_bytes())
        press(page, "Another")
        upload(page, "my clap.wav", (EXAMPLES / "clap_hands.wav").read_bytes())
    else:
        choose(page, "kick_analogue")
        press(page, "Another")
        choose(page, "clap_hands")
    assert [title.split()[0] for title in titles(page)] == ["Kick", "Clap"]
    before = drawn(page, "stage")[place == "kept"]
    close(page, place)
    assert [title.split()[0] for title in titles(page)] == [left]
    (stage,) = drawn(page, "stage")
    assert stage["classes"] == before["classes"]
    assert not [button for button in page.button if button.label == "Close"]
    page.run()
    assert [title.split()[0] for title in titles(page)] == [left]


def test_the_second_sound_is_waited_for(page):
    upload(page, "a kick.wav", (EXAMPLES / "kick_analogue.wav").read_bytes())
    press(page, "Another")
    assert "And?" in titles(page)
    assert len(drawn(page, "stage")) == 1
    close(page, "kept")  # another thought
    assert len(titles(page)) == 1
    assert titles(page)[0].startswith("Kick")
    press(page, "Another")
    choose(page, "tom_acoustic")
    assert [title.split()[0] for title in titles(page)] == ["Kick", "Tom"]
    assert words(page)[0][0] == "a kick.wav"
    page.audio_input[0].set_value(("r.wav", (EXAMPLES / "clap_hands.wav").read_bytes(), "audio/wav")).run()
    assert [title.split()[0] for title in titles(page)] == ["Kick", "Clap"]


def test_the_same_file_twice_is_two_sounds(page):
    data = (EXAMPLES / "kick_analogue.wav").read_bytes()
    upload(page, "a.wav", data)
    press(page, "Another")
    upload(page, "a.wav", data)
    left, right = drawn(page, "stage")
    assert left["classes"] == right["classes"]
    assert left["audio"] != right["audio"]


def test_a_loop_beside_a_sound(page, loop):
    choose(page, "kick_analogue")
    press(page, "Another")
    upload(page, "loop.wav", loop)
    assert titles(page)[0].startswith("Kick")
    assert titles(page)[1] == "A loop of 4 hits"
    assert len(drawn(page, "timeline")) == 1
    assert len(drawn(page, "stage")) == 2


@pytest.mark.parametrize("data", [b"", BAD, encode(np.zeros(RATE))], ids=["empty", "no sound", "silence"])
def test_a_bad_second_sound_leaves_the_first_whole(page, data):
    choose(page, "snare_acoustic")
    (alone,) = drawn(page, "stage")
    press(page, "Another")
    upload(page, "bad.wav", data)
    assert len(page.error) == 1
    assert [title.split()[0] for title in titles(page)] == ["Snare"]
    (stage,) = drawn(page, "stage")
    assert (stage["classes"], stage["shown"]) == (alone["classes"], alone["shown"])
    close(page, "shown")
    assert not page.error
    assert [title.split()[0] for title in titles(page)] == ["Snare"]


def test_a_pack_takes_the_place_of_both(page):
    choose(page, "kick_analogue")
    press(page, "Another")
    files = [(f"{k}.wav", encode(make_hit(seed=k)), "audio/wav") for k in range(2)]
    page.file_uploader[0].set_value(files).run()
    assert not page.exception
    assert not page.title
    assert [header.value for header in page.header] == ["2 sounds"]


# Names.


@pytest.mark.parametrize("name", NAMES)
def test_names_are_text_in_a_comparison_and_of_a_loop(page, loop, name):
    upload(page, name, encode(make_hit()))
    press(page, "Another")
    upload(page, f"2 {name}", loop)
    plain, formatted = words(page)
    assert plain == [name, f"2 {name}"]
    assert not [text for text in formatted if name in text]
    upload(page, f"3 {name}", BAD)
    plain, formatted = words(page)
    assert sorted(plain) == sorted([name, f"3 {name}"])
    assert not [text for text in formatted + [error.value for error in page.error] if name in text]


# A picture to share.


@pytest.fixture
def cards(monkeypatch):
    """What download buttons were given, in order: file name and the function that makes the file."""
    given, original = [], st.download_button

    def noted(label, data, file_name, *rest, **others):
        given.append((file_name, data))
        return original(label, data, file_name, *rest, **others)

    monkeypatch.setattr(st, "download_button", noted)
    return given


@pytest.mark.parametrize("name", ["snare.wav", *NAMES])
def test_the_picture_to_share_is_drawn_when_it_is_asked_for(page, cards, name):
    upload(page, name, (EXAMPLES / "snare_acoustic.wav").read_bytes())
    file_name, draw = cards[-1]
    assert file_name == "snare.png"  # nothing of the upload's name
    check_card(draw())


def test_a_loop_has_a_picture_of_its_hits(page, cards, loop):
    upload(page, "loop.wav", loop)
    file_name, draw = cards[-1]
    assert file_name == "hits.png"
    check_card(draw())


def check_card(data):
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.size) == ("PNG", (1200, 675))
    assert np.asarray(picture.convert("L")).std() > 5  # not empty


# What is kept.


def test_what_is_computed_of_a_sound_is_kept_for_its_visitor_alone(page, cards, loop):
    upload(page, "one.wav", encode(make_hit(seed=91)))
    upload(page, "loop.wav", loop)
    cards[-1][1]()
    everybody, visitors = set(), set()
    for kinds, all_caches in (("data", _data_caches), ("resource", _resource_caches)):
        for session, caches in all_caches._function_caches.items():
            names = {(kinds, cache.display_name.rpartition(".")[2]) for cache in caches.values()}
            (everybody if session is None else visitors).update(names)
    assert {("data", name) for name in ("classify", "find", "_drawn")} <= visitors
    assert not everybody & visitors
    assert {name for kind, name in everybody if kind == "data"} <= {"drum_titles", "draw_report"}
