"""Time cold starts beside a bare import of TensorFlow, in the same run: ``make bench-start``.

Caches warm, and caches empty: bytecode, numba's and Matplotlib's in an empty folder each time.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.server import ROOT, launch_chromium, serve

_EXAMPLE = "Analogue kick"
_DROPS = 41
_TIMEOUT = 120_000  # milliseconds that the browser waits
_CACHES = {"PYTHONPYCACHEPREFIX": "bytecode", "NUMBA_CACHE_DIR": "numba", "MPLCONFIGDIR": "matplotlib"}
Environment = dict[str, str]


def main(arguments: list[str] | None = None) -> None:
    """Print medians as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.start", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    rounds = parser.parse_args(arguments).rounds
    with _browser() as browser:
        starts: dict[str, Callable[[Environment], float]] = {
            "bare `import tensorflow`": lambda e: _process(["-c", "import tensorflow"], e),
            "`import drumclf`, without Python itself": _import_alone,
            "`python -m drumclf classify one.wav`": lambda e: _process(["-m", "drumclf", "classify", _sound()], e),
            "`streamlit run` to a page that can be used": lambda e: _page(browser, e, clicks=False),
            "`streamlit run` to the first answer, an example clicked at once": lambda e: _page(browser, e, clicks=True),
        }
        print("| seconds, median | caches warm | caches empty |\n|---|---|---|")
        for title, start in starts.items():
            start(_environment())  # warms the disk cache
            warm, empty = [], []
            for _ in range(rounds):  # alternating, so that other load on the machine affects both
                warm.append(start(_environment()))
                with tempfile.TemporaryDirectory() as caches:
                    empty.append(start(_environment(Path(caches))))
            print(f"| {title} | {statistics.median(warm):.2f} | {statistics.median(empty):.2f} |", flush=True)
        with serve(_environment()) as (address, _):
            drops = [_drop(browser, address) for _ in range(_DROPS)][1:]
        print(f"\nIn the browser, seconds from the drop of a file, {len(drops)} warm drops:")
        for title, seconds in zip(("to its verdict", "to all its pictures"), zip(*drops, strict=True), strict=True):
            p95 = statistics.quantiles(seconds, n=20)[-1]
            print(f"{title}: median {statistics.median(seconds):.2f}, 95th percentile {p95:.2f}")


def _environment(caches: Path | None = None) -> Environment:
    empty = {name: str(caches / folder) for name, folder in _CACHES.items()} if caches else {}
    return os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | empty


def _sound() -> str:
    return str(ROOT / "example_samples" / "kick_analogue.wav")


def _process(arguments: list[str], environment: Environment) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def _import_alone(environment: Environment) -> float:
    code = "import time; start = time.perf_counter(); import drumclf; print(time.perf_counter() - start)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True)
    return float(done.stdout)


def _page(browser, environment: Environment, clicks: bool) -> float:
    """From the start of the server to the pads, or to the verdict. The browser is already running."""
    start = time.perf_counter()
    with serve(environment) as (address, _), _tab(browser) as page:
        page.goto(address)
        chip = page.get_by_text(_EXAMPLE)
        chip.wait_for(timeout=_TIMEOUT)
        if clicks:
            chip.click()
            _verdict(page).wait_for(timeout=_TIMEOUT)
        return time.perf_counter() - start


def _drop(browser, address: str) -> tuple[float, float]:
    """From a dropped file to the verdict, and to all three pictures."""
    with _tab(browser) as page:
        page.goto(address)
        page.get_by_text(_EXAMPLE).wait_for(timeout=_TIMEOUT)
        page.wait_for_timeout(500)  # for what the page does after its first run
        start = time.perf_counter()
        page.locator("input[type=file]").set_input_files(_sound())
        _verdict(page).wait_for(timeout=_TIMEOUT)
        verdict = time.perf_counter() - start
        page.get_by_role("img", name="Why ").wait_for(timeout=_TIMEOUT)  # the last one drawn
        return verdict, time.perf_counter() - start


def _verdict(page):
    """The heading once it gives a probability; before, it asks which drum it is."""
    return page.locator("h1", has_text="%")


@contextmanager
def _tab(browser) -> Iterator:
    page = browser.new_page()
    try:
        yield page
    finally:
        page.close()


@contextmanager
def _browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        browser = launch_chromium(running)
        yield browser
        browser.close()


if __name__ == "__main__":
    main()
