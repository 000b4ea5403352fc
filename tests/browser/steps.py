"""What a visitor does, and what a test looks at, on a page in a browser."""

import io
import zipfile

from conftest import EXAMPLES, FIRST_ANSWER, encode, make_loop
from playwright.sync_api import expect

SNARE, CLAPS, CRASH = "Acoustic snare", "Hand claps", "Crash"
START = "What drum is it?"
PROMPT = "Drop yours, or a zip"


def pad(page, title):
    return page.locator(".st-key-example").get_by_role("radio", name=title, exact=True)


def click_pad(page, title, answer):
    """Click an example and wait for what it is."""
    pad(page, title).click()
    expect(page.locator("h1")).to_contain_text(answer, timeout=FIRST_ANSWER)
    expect(page.get_by_test_id("stText").get_by_text(title, exact=True)).to_be_visible()


def drop(page, name, data):
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    page.locator("input[type=file]").set_input_files(file)


def drop_zip(page, files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    drop(page, "pack.zip", buffer.getvalue())


def example(name):
    return (EXAMPLES / f"{name}.wav").read_bytes()


def settle(page):
    """Wait until the page has nothing more to draw: people are slower than programs, and do not click in between."""
    page.wait_for_timeout(300)
    page.locator("[data-test-script-state=notRunning]").wait_for(timeout=FIRST_ANSWER)


def lane(page, words):
    """A picture of the stage."""
    return page.get_by_role("img", name=words)


def expect_stage(page):
    """Three pictures are on the page, and not empty."""
    for words in ("Waveform:", "RGB spectrogram", "Why "):
        expect(lane(page, words)).to_be_visible(timeout=FIRST_ANSWER)
        assert max(brightest(lane(page, words))) > 100


def expect_played(page):
    page.wait_for_function("[...document.querySelectorAll('.stAudio')].some((audio) => audio.played.length > 0)")


def expect_silence(page):
    page.wait_for_function("[...document.querySelectorAll('.stAudio')].every((audio) => audio.paused)")


def brightest(canvas):
    """The largest red, green and blue of its pixels."""
    return canvas.evaluate(
        """(canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const most = [0, 0, 0];
          for (let i = 0; i < data.length; i++) if (i % 4 < 3) most[i % 4] = Math.max(most[i % 4], data[i]);
          return most;
        }"""
    )


def pixels(canvas):
    return canvas.evaluate("(canvas) => canvas.toDataURL()")


def follow_head(part):
    """From now on, note where the playhead is, in shares of the plot, while it can be seen.

    Parameters
    ----------
    part : Locator
        Stage or time line.
    """
    part.locator(".plot").evaluate(
        """(plot) => {
          const places = (plot.places = []);
          const head = plot.querySelector(".head");
          const look = () => {
            if (plot.places !== places) return;
            const { left, width } = plot.getBoundingClientRect();
            const { x, width: thick } = head.getBoundingClientRect();
            if (thick > 0) places.push((x + thick / 2 - left) / width);
            requestAnimationFrame(look);
          };
          look();
        }"""
    )


def places_of_head(part):
    """Where the playhead was, once it has been seen in five places and is gone."""
    plot = part.locator(".plot")
    for _ in range(600):
        seen = plot.evaluate("(plot) => [plot.places, plot.querySelector('.head').hidden]")
        if len(set(seen[0])) >= 5 and seen[1]:
            return seen[0]
        plot.page.wait_for_timeout(50)
    raise AssertionError(f"the playhead did not go along: {seen}")


def note_seeks(page):
    """From now on, note the times that the sound is told to play from."""
    page.get_by_test_id("stAudio").evaluate(
        """(audio) => {
          const { get, set } = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "currentTime");
          audio.seeks = [];
          Object.defineProperty(audio, "currentTime", {
            get,
            set(time) { this.seeks.push(time); set.call(this, time); },
          });
        }"""
    )


def seek_after(page, act):
    """The time that the sound is told to play from by what a visitor does."""
    page.get_by_test_id("stAudio").evaluate("(audio) => { audio.seeks.length = 0; }")
    act()
    page.wait_for_function("document.querySelector('.stAudio').seeks.length > 0")
    return page.get_by_test_id("stAudio").evaluate("(audio) => audio.seeks.at(-1)")


# What can be on the page


def start(page):
    expect(page.get_by_role("heading", name=START)).to_be_visible(timeout=FIRST_ANSWER)


def one_sound(page):
    click_pad(page, SNARE, "Snare")


def two_sounds(page):
    click_pad(page, SNARE, "Snare")
    page.get_by_role("button", name=CLAPS).click()
    expect(page.locator(".stage")).to_have_count(2, timeout=FIRST_ANSWER)


def a_loop(page):
    drop(page, "loop.wav", encode(make_loop()[0]))
    expect(page.locator(".timeline")).to_be_visible(timeout=FIRST_ANSWER)
    expect_stage(page)
