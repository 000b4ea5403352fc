"""Whole packs in a real Chromium: what only a browser can show."""

import csv
import io
import zipfile

import pytest
from conftest import EXAMPLES, assert_nothing_is_wider, in_one_window

pytest.importorskip("playwright")
from playwright.sync_api import expect
from steps import drop_zip, example, expect_played, expect_stage, settle, uploader

SOUNDS = {f"My kit/{path.name}": path.read_bytes() for path in sorted(EXAMPLES.glob("*.wav"))}
HEADER = 38  # height in the table, in pixels
ROW = 35  # likewise


@pytest.fixture
def wide_page(open_tab):
    page = open_tab(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    yield page
    page.close()


def expect_table(page):
    """The table draws itself on a canvas, and says what is in it when that is done."""
    expect(page.locator("[data-testid=stDataFrame] [role=gridcell]").first).to_be_attached()


def click_row(page, row, x):
    settle(page)
    expect(page.get_by_test_id("stDataFrame")).to_have_count(1)  # the one before goes when the page is done
    expect_table(page)
    table = page.get_by_test_id("stDataFrame").bounding_box()
    page.mouse.click(table["x"] + x, table["y"] + HEADER + ROW * row + ROW / 2)


def play(page, row):
    click_row(page, row, 62)


def tick(page, row):
    click_row(page, row, 18)


def download(page, name):
    with page.expect_download() as started:
        page.get_by_role("button", name=name).click()
    return started.value.path().read_bytes()


def test_a_zip_becomes_a_table(page):
    drop_zip(page, SOUNDS | {"My kit/bad.wav": b"no sound", "__MACOSX/My kit/._kick.wav": b"x", "notes.txt": b"hello"})
    expect(page.get_by_role("heading", name="14 sounds")).to_be_visible()
    expect(page.get_by_text("1 not read")).to_be_visible()
    expect(page.get_by_text("(not sounds): 1 text file")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    assert_nothing_is_wider(page)


@in_one_window
def test_many_loose_files_are_told_that_a_zip_is_faster(page):
    words = "(part) => [null, '::before', '::after'].map((side) => getComputedStyle(part, side).content).join()"
    dropzone = page.get_by_test_id("stFileUploaderDropzone")
    before = page.get_by_test_id("stFileUploaderDropzoneInstructions")
    assert "A zip is faster." in before.evaluate(words)
    held, released = [], []  # nothing arrives yet
    page.route("**/upload_file/**", lambda route: route.continue_() if released else held.append(route))
    sound = example("snare_acoustic")
    files = [{"name": f"{k}.wav", "mimeType": "audio/wav", "buffer": sound} for k in range(60)]
    uploader(page).set_input_files(files[:40])
    expect(page.get_by_test_id("stFileChip")).to_have_count(40)
    assert "A zip" not in dropzone.evaluate(words)  # these take no time
    uploader(page).set_input_files(files[40:])
    expect(page.get_by_test_id("stFileChip")).to_have_count(60)
    assert "A zip of them takes seconds." in dropzone.evaluate(words)
    released.append(True)
    for route in held:
        route.continue_()
    expect(page.get_by_role("heading", name="60 sounds")).to_be_visible()
    assert "A zip" not in dropzone.evaluate(words)


def test_a_click_plays_and_ticks_are_labelled_and_exported(wide_page):
    page, names = wide_page, list(SOUNDS)
    drop_zip(page, SOUNDS)
    expect_table(page)
    play(page, 2)
    expect(page.get_by_text(names[2], exact=True)).to_be_visible()
    expect_stage(page)
    expect_played(page)
    tick(page, 0)
    expect(page.get_by_text("Label the ticked sound as")).to_be_visible()
    tick(page, 1)
    group = page.get_by_test_id("stButtonGroup").filter(has_text="Label the 2 ticked sounds as")
    group.get_by_text("Cymbal", exact=True).click()
    expect(page.get_by_text("2 labelled by you")).to_be_visible()
    expect(group).to_have_count(0)  # nothing is ticked any more
    settle(page)
    page.get_by_text("Export", exact=True).click()
    rows = list(csv.DictReader(io.StringIO(download(page, "Download CSV").decode("utf-8-sig"))))
    assert [row["path"] for row in rows] == names
    assert [row["label"] for row in rows[:2]] == ["cymbal", "cymbal"]
    assert [row["corrected"] for row in rows] == ["yes"] * 2 + [""] * 12
    page.get_by_text("Rename the files").click()
    expect(page.get_by_text("cymbal_001.wav")).to_be_visible()
    archive = zipfile.ZipFile(io.BytesIO(download(page, "Download 14 sounds")))
    assert archive.read("cymbal/cymbal_001.wav") == SOUNDS[names[0]]
    assert sorted(archive.read(name) for name in archive.namelist()) == sorted(SOUNDS.values())


def test_the_map_names_and_plays(wide_page):
    page = wide_page
    drop_zip(page, SOUNDS)
    page.get_by_text("Map", exact=True).click()
    chart = page.get_by_test_id("stVegaLiteChart")
    point, tooltip = chart.locator(".mark-symbol path").first, page.locator("#vg-tooltip-element.visible")
    expect(point).to_be_visible()
    settle(page)
    box = point.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(tooltip).to_be_visible()
    name = next(name for name in SOUNDS if name in tooltip.inner_text())
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_test_id("stText").get_by_text(name, exact=True)).to_be_visible()
    expect_played(page)


def test_a_whole_folder(wide_page, tmp_path):
    for name in ("Kicks/deep.wav", "Kicks/more/deeper.wav", "Snares/crack.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((EXAMPLES / "kick_analogue.wav").read_bytes())
    wide_page.get_by_text("A whole folder").click()
    folder = wide_page.locator("input[type=file][webkitdirectory]")
    folder.set_input_files(tmp_path)
    expect(wide_page.get_by_role("heading", name="3 sounds")).to_be_visible()
    expect(wide_page.get_by_text("2 copies")).to_be_visible()


def test_more_files_leave_the_corrections_of_the_first(wide_page, tmp_path):
    page = wide_page
    files = [tmp_path / "a.wav", tmp_path / "b.wav", tmp_path / "c.wav"]
    for path, data in zip(files, SOUNDS.values(), strict=False):
        path.write_bytes(data)
    uploader(page).set_input_files(files[:2])
    expect(page.get_by_role("heading", name="2 sounds")).to_be_visible()
    expect_table(page)
    tick(page, 1)
    page.get_by_test_id("stButtonGroup").filter(has_text="Label the ticked").get_by_text("Tom", exact=True).click()
    expect(page.get_by_text("1 labelled by you")).to_be_visible()
    uploader(page).set_input_files(files[2])
    expect(page.get_by_role("heading", name="3 sounds")).to_be_visible()
    expect(page.get_by_text("1 labelled by you")).to_be_visible()


def test_a_stop_keeps_what_is_done_and_can_be_gone_on_from(wide_page):
    page, hat = wide_page, SOUNDS["My kit/closed_hat_analogue.wav"]
    drop_zip(page, {f"{i:04}.wav": hat for i in range(1_000)})
    expect(page.get_by_text(" per second · ")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    go_on = page.get_by_role("button", name="Continue with the other")
    expect(go_on).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    go_on.click()
    expect(go_on).to_have_count(0)
