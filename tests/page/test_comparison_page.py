"""Two sounds beside each other on the page, driven without a browser."""

import numpy as np
import pytest
from conftest import EXAMPLES, drawn, encode, make_hit
from page_steps import NAMES, RATE, choose, close, four_hits, open_page, press, titles, upload, words

page = pytest.fixture(open_page)
loop = pytest.fixture(four_hits, scope="module")

BAD = b"no sound"


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
    assert not [button for button in page.button if button.label.startswith("Close")]
    page.run()
    assert [title.split()[0] for title in titles(page)] == [left]


def test_the_page_waits_for_the_second_sound(page):
    upload(page, "a kick.wav", (EXAMPLES / "kick_analogue.wav").read_bytes())
    press(page, "Another")
    assert "Compare" in titles(page)
    assert len(drawn(page, "stage")) == 1
    close(page, "kept")  # changed our mind
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
def test_names_are_text_in_a_comparison_and_a_loop(page, loop, name):
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
