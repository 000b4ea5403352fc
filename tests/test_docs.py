"""README and docs: every link leads somewhere, and no figure in the text is older than its report."""

import json
import re

import pytest
from conftest import ROOT

from drumclf.decision import format_percent
from drumclf.limits import ACCEPTED, LIMITS
from drumclf.report import say_decisions
from tools.bench.hits import GUIDE, INTRODUCTION, REPORT, say_hits

FOLDERS = (".", "docs", "model", "example_samples", "tests/tools/fuzz_corpus")
PAGES = [page for folder in FOLDERS for page in sorted((ROOT / folder).glob("*.md"))]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
LINK = re.compile(r'\]\(([^)\s]+)\)|src="([^"]+)"')
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def links(page):
    """What a page links to in this repository."""
    found = ("".join(groups) for groups in LINK.findall(page.read_text(encoding="utf-8")))
    return [link for link in found if not link.startswith(("http:", "https:", "mailto:"))]


def anchors(page):
    """As GitHub makes them of headings."""
    text = page.read_text(encoding="utf-8")
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}


def between(page, mark):
    """The text that a generator keeps fresh."""
    return re.search(rf"<!-- {mark} -->\n(.*?)\n<!-- end -->", page.read_text(encoding="utf-8"), re.DOTALL)[1]


@each_page
def test_no_link_leads_nowhere(page):
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_picture_is_shown_somewhere():
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page) if link.endswith(".png")}
    assert set((ROOT / "docs" / "figures").glob("*.png")) == {path for path in shown if path.parent.name == "figures"}


def test_pictures_are_light():
    sizes = [path.stat().st_size for path in (ROOT / "docs" / "figures").glob("*.png")]
    assert max(sizes) < 400_000
    assert sum(sizes) < 3_000_000


def test_every_page_is_reached_from_the_readme():
    reached, left = set(), [ROOT / "README.md"]
    while left:
        page = left.pop().resolve()
        if page not in reached:
            reached.add(page)
            left += [page.parent / link.partition("#")[0] for link in links(page) if ".md" in link]
    assert set(PAGES) <= reached


def test_the_guide_has_the_limits_of_the_page():
    text = " ".join(GUIDE.read_text(encoding="utf-8").split())
    assert ACCEPTED in text
    assert LIMITS in text


def test_the_guide_has_the_figures_of_the_reports():
    report = json.loads((ROOT / "model" / "report.json").read_text(encoding="utf-8"))
    assert between(GUIDE, "decisions") == say_decisions(report["drumclf"]["scores"])
    assert between(GUIDE, "hits") == say_hits(REPORT.read_text(encoding="utf-8"))


def test_the_report_on_hits_begins_with_its_introduction():
    assert REPORT.read_text(encoding="utf-8").startswith(INTRODUCTION)


def test_hits_are_said_in_words():
    report = (
        "| **drumclf** | 0.973 [0.9, 1.0] | 0.951 [0.9, 1.0] | 0.962 [0.9, 1.0] | 0.2 ms |\n"
        "is right for\n0.639 [0.5, 0.7]; of the same sounds on their own, for 0.828 [0.7, 0.9]."
    )
    for share in (0.951, 0.973, 0.639, 0.828):
        assert format_percent(share) in say_hits(report)
