"""Loops and recordings on the page, driven without a browser."""

import io
import zipfile

import numpy as np
import pytest
import soundfile
from conftest import EXAMPLES, drawn, encode, make_hit
from page_steps import LOOP, NAMES, RATE, choose, four_hits, note_downloads, open_page, press, titles, upload, words

from drumclf.hits.files import hit_files
from drumclf.hits.find import find_hits

page = pytest.fixture(open_page)
loop = pytest.fixture(four_hits, scope="module")


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


def test_the_selected_hit_is_on_the_stage(page, classifier, loop):
    upload(page, "loop.wav", loop)
    hits = find_hits(classifier, loop).hits
    for k, hit in enumerate(hits):
        say(page, k)
        (stage,), (timeline,) = drawn(page, "stage"), drawn(page, "timeline")
        assert timeline["selected"] == k
        assert {row["name"]: row["probability"] for row in stage["classes"]} == hit.prediction.probabilities
        assert stage["offset"] == pytest.approx(timeline["offset"] + hit.time + hit.prediction.onset)
        assert stage["stop"] == pytest.approx(timeline["offset"] + hit.time + hit.prediction.clip.duration)
        assert stage["autoplay"] == (k > 0)  # nobody asked for the first
        assert page.header[0].value.startswith(f"{k + 1}. ")


def say(page, hit):
    """Do as the browser does when a hit is pressed; tests/tools/test_soak.py does it over the real protocol."""
    (key,) = [part.key for part in page.get("bidi_component") if part.proto.component_name == "timeline"]
    page.session_state[key] = {"hit": hit}
    page.run()
    assert not page.exception
    assert not page.error


@pytest.mark.parametrize("hit", [-1, 4, 10**30, "1", True, 1.0, float("nan"), None, [1], {"hit": 1}], ids=repr)
def test_a_hit_that_does_not_exist_changes_nothing(page, loop, hit):
    upload(page, "loop.wav", loop)
    before = drawn(page, "timeline"), drawn(page, "stage"), words(page)
    say(page, hit)
    assert (drawn(page, "timeline"), drawn(page, "stage"), words(page)) == before


# The hits as files.


@pytest.mark.parametrize("name", ["break 90 bpm.wav", *NAMES])
def test_the_hits_are_downloaded_as_files(page, classifier, monkeypatch, loop, name):
    given = note_downloads(monkeypatch)
    upload(page, name, loop)
    assert [button.label for button in page.download_button] == ["Download 4 hits", "Picture to share"]
    zip_name, make_zip = given[-2]
    assert zip_name.endswith(" hits.zip")
    assert not set('<>:"/\\|?*') & set(zip_name)
    archive = zipfile.ZipFile(io.BytesIO(make_zip()))
    assert archive.testzip() is None
    assert archive.namelist() == ["01 Kick.wav", "02 Snare.wav", "03 Closed hat.wav", "04 Clap.wav"]
    recording = find_hits(classifier, loop)
    assert {name: archive.read(name) for name in archive.namelist()} == dict(hit_files(classifier, loop, recording))


def test_the_files_have_the_rate_and_the_channels_of_the_upload(page, monkeypatch):
    given = note_downloads(monkeypatch)
    samples = soundfile.read(EXAMPLES / "loops" / "beat.flac")[0]
    upload(page, "surround.wav", encode(np.stack([samples / k for k in range(1, 7)], axis=1), 48_000, subtype="PCM_24"))
    archive = zipfile.ZipFile(io.BytesIO(given[-2][1]()))
    assert len(archive.namelist()) > 10
    for name in archive.namelist():
        info = soundfile.info(io.BytesIO(archive.read(name)))
        assert (info.samplerate, info.channels, info.subtype) == (48_000, 6, "PCM_24")


def test_a_one_shot_is_no_zip_of_hits(page, monkeypatch):
    given = note_downloads(monkeypatch)
    upload(page, "snare.wav", (EXAMPLES / "snare_acoustic.wav").read_bytes())
    assert not [name for name, _ in given if name.endswith(".zip")]


# Recordings.


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


@pytest.mark.parametrize("widget", ["file_uploader", "audio_input"])
def test_an_input_that_reports_while_it_is_replaced_is_not_an_error(page, widget):
    """As after quick clicks on the pads: the visitor would see an apology, and for a moment the page twice."""
    choose(page, "snare_acoustic")
    before = titles(page)
    page.session_state["inputs"] += 1  # as the pads' callback does
    page.get(widget)[0].set_value(("late.wav", encode(make_hit()), "audio/wav")).run()
    assert not page.exception
    assert not page.error
    assert titles(page) == before


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
    press(page, "Back to your pack")
    assert [header.value for header in page.header] == ["2 sounds"]
    assert not page.title
