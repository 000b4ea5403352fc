"""The page in a frame of another site, as Hugging Face shows a Space."""

import http.server
import threading

import pytest
from conftest import EXAMPLES

pytest.importorskip("playwright")
from playwright.sync_api import expect
from steps import expect_stage, uploader

# Hugging Face's frame is sandboxed, too.
FRAME = """<!doctype html><title>A Space</title><body style="margin: 0">
<iframe src="{address}/?embed=true" style="width: 100%; height: 100vh; border: 0"
 sandbox="allow-downloads allow-forms allow-modals allow-popups allow-same-origin allow-scripts"></iframe>"""


@pytest.fixture
def frame(chromium, address):
    """The page in a frame, on a site called localhost; its own is called 127.0.0.1."""
    content = FRAME.format(address=address).encode()

    class Outer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Outer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"http://localhost:{server.server_port}")
    yield page.frame_locator("iframe")
    page.close()
    server.shutdown()
    server.server_close()


def test_examples_and_uploads_are_classified_in_a_frame_with_nothing_but_the_page(frame):
    frame.get_by_text("Cowbell").click()
    expect(frame.locator("h1")).to_contain_text("Percussion")
    for part in ("stToolbar", "stMainMenu", "stDecoration", "stAppDeployButton"):
        expect(frame.get_by_test_id(part)).not_to_be_visible()
    expect(frame.get_by_text("Made with Streamlit")).not_to_be_visible()
    expect(frame.get_by_text("Built with Streamlit")).not_to_be_visible()
    uploader(frame).set_input_files(EXAMPLES / "snare_acoustic.wav")
    expect(frame.locator("h1")).to_contain_text("Snare")
    expect(frame.get_by_text("snare_acoustic.wav").first).to_be_visible()
    expect_stage(frame)
