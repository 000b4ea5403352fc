"""What a visitor does and what a test looks at, on a page in a browser."""

from conftest import EXAMPLES, encode, make_loop, zip_of
from playwright.sync_api import expect

SNARE, CLAPS, CRASH = "Acoustic snare", "Hand claps", "Crash"
START = "What drum is it?"
SECOND = "Compare"  # the heading while a second sound is to be chosen


def pad(page, title):
    # Streamlit shows old pads beside the new ones for a moment when a run is cut short.
    return page.locator(".st-key-example").get_by_role("radio", name=title, exact=True).first


def click_pad(page, title, answer):
    """Click an example and wait for its answer."""
    pad(page, title).click()
    expect(page.locator("h1")).to_contain_text(answer)
    expect(page.get_by_test_id("stText").get_by_text(title, exact=True)).to_be_visible()


def uploader(page):
    """Where files are dropped, once there is no old one beside it, as with the pads."""
    expect(page.locator("input[type=file]")).to_have_count(1)
    return page.locator("input[type=file]")


def drop(page, name, data):
    uploader(page).set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": data})


def drop_zip(page, files):
    drop(page, "pack.zip", zip_of(files))


def example(name):
    return (EXAMPLES / f"{name}.wav").read_bytes()


def settle(page):
    """Wait until the page has had nothing to do for a while: people are slower than programs.

    Counted in frames that the browser draws, not in seconds: a busy machine draws fewer.
    """
    page.evaluate("() => { window.quiet = 0; }")
    page.wait_for_function(
        """() => {
          const isRunning = !document.querySelector("[data-test-script-state=notRunning]");
          const waiting = document.querySelector(".stSpinner, [data-testid=stSkeleton], [data-stale=true]");
          window.quiet = isRunning || waiting ? 0 : window.quiet + 1;
          return window.quiet > 20;
        }""",
        polling="raf",
    )


def lane(page, words):
    """A picture of the stage."""
    return page.get_by_role("img", name=words)


def expect_stage(page):
    """Three pictures are on the page, and none is empty."""
    for words in ("Waveform:", "RGB spectrogram", "Why "):
        expect(lane(page, words)).to_be_visible()
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
    """From now on, record where the playhead is, as a share of the plot, while it is visible.

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
    """Where the playhead was, once it has been seen in three places and is gone."""
    plot = part.locator(".plot").element_handle()
    part.page.wait_for_function(
        "(plot) => new Set(plot.places).size > 2 && plot.querySelector('.head').hidden", arg=plot
    )
    return plot.evaluate("(plot) => plot.places")


def note_seeks(page):
    """From now on, record the times from which the sound is told to play."""
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
    """The time from which the sound plays after a visitor's action."""
    page.get_by_test_id("stAudio").evaluate("(audio) => { audio.seeks.length = 0; }")
    act()
    page.wait_for_function("document.querySelector('.stAudio').seeks.length > 0")
    return page.get_by_test_id("stAudio").evaluate("(audio) => audio.seeks.at(-1)")


# What can be on the page


def start(page):
    expect(page.get_by_role("heading", name=START)).to_be_visible()


def one_sound(page):
    click_pad(page, SNARE, "Snare")


def two_sounds(page):
    click_pad(page, SNARE, "Snare")
    page.get_by_role("button", name=CLAPS).click()
    expect(page.locator(".stage")).to_have_count(2)


def a_loop(page):
    drop(page, "loop.wav", encode(make_loop()[0]))
    expect(page.locator(".timeline")).to_be_visible()
    expect_stage(page)


def second_sound_to_come(page):
    click_pad(page, SNARE, "Snare")
    page.get_by_role("button", name="Another").click()
    expect(page.get_by_role("heading", name=SECOND)).to_be_visible()
    settle(page)  # a new uploader takes the place of the old one


def an_error(page):
    drop(page, "worse.wav", b"this is no sound")
    expect(page.get_by_role("alert")).to_contain_text("not a sound that can be read")
