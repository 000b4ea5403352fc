"""Two replicas behind the proxy that deploy/nginx.conf describes."""

import os
import shutil
import subprocess
import time

import pytest
from conftest import EXAMPLES, ROOT

pytest.importorskip("playwright")
from playwright.sync_api import expect
from steps import expect_stage, uploader

from tools.server import free_port, serve, wait_for

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
VISITORS = 30  # all of them on one of two replicas: a chance of 1 in 2 ** 29

pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx here: install it to try replicas")


@pytest.fixture(scope="module")
def replicas(tmp_path_factory):
    """The proxy's address, its log, and the replicas' addresses as the log has them."""
    folder, front = tmp_path_factory.mktemp("nginx"), free_port()
    with serve() as (one, _), serve() as (other, _):
        addresses = [one.removeprefix("http://"), other.removeprefix("http://")]
        settings = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
        for written, here in (
            ("listen 8080;", f"listen 127.0.0.1:{front};"),
            ("127.0.0.1:8501", addresses[0]),
            ("127.0.0.1:8502", addresses[1]),
            ("/var/log/nginx", str(folder)),
        ):
            assert written in settings
            settings = settings.replace(written, here)
        (folder / "nginx.conf").write_text(settings)
        command = [NGINX, "-p", folder, "-c", folder / "nginx.conf", "-g", f"daemon off; pid {folder}/nginx.pid;"]
        proxy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(f"http://127.0.0.1:{front}", proxy)
            yield f"http://127.0.0.1:{front}", folder / "access.log", set(addresses)
        finally:
            proxy.terminate()
            proxy.wait()


def requests(log, since=0):
    """Lines of the proxy's log: replica, status, method, path and visitor of each request."""
    return [line.split(" ") for line in log.read_text().splitlines()[since:]]


def wait_for_websocket(log, since):
    """The proxy writes a websocket down when it is closed."""
    for _ in range(100):
        if any(path == "/_stcore/stream" for _, _, _, path, _ in requests(log, since)):
            return
        time.sleep(0.1)
    raise TimeoutError("no websocket")


def upload(page):
    """Upload a sound and see its verdict and its pictures."""
    uploader(page).set_input_files(EXAMPLES / "snare_acoustic.wav")
    expect(page.locator("h1")).to_contain_text("Snare")
    expect_stage(page)


def test_each_visitor_stays_with_one_replica_and_both_have_some(chromium, replicas):
    address, log, both = replicas
    used = set()
    for _ in range(VISITORS):
        since, context = len(requests(log)), chromium.new_context()
        page = context.new_page()
        page.goto(address)
        (visitor,) = [cookie["value"] for cookie in context.cookies() if cookie["name"] == "visitor"]
        upload(page)
        context.close()
        wait_for_websocket(log, since)
        mine = [request for request in requests(log, since) if request[4] == visitor]
        assert {method for _, _, method, _, _ in mine} == {"GET", "PUT"}
        (replica,) = {request[0] for request in mine}
        used.add(replica)
        if used == both:
            break
    assert used == both


def test_where_cookies_are_kept_back_the_address_decides(chromium, replicas):
    address, log, both = replicas
    since, page = len(requests(log)), chromium.new_page()
    page.set_content(f'<iframe src="{address}/?embed=true" style="width: 100%; height: 800px"></iframe>')
    upload(page.frame_locator("iframe"))
    page.close()
    wait_for_websocket(log, since)
    assert {request[4] for request in requests(log, since)} == {"-"}
    assert len({request[0] for request in requests(log, since)} & both) == 1
