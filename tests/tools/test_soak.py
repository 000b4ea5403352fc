"""The real server over its real protocol: many visitors at once, and what remains of their uploads.

`make soak` is the long version, with figures.
"""

import csv
import io
import itertools
import os
import signal
import socket
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from conftest import EXAMPLES, ROOT, encode, make_hit, mix, zip_of
from PIL import Image

from drumclf.audio import DAMAGED
from tools.server import serve
from tools.soak.client import Visitor
from tools.soak.phases import crowd
from tools.soak.privacy import LEFT_IN_BUFFERS, ONE_ARENA, marked_sound, shares_in_memory
from tools.soak.search import files_that_hold, open_files_hold
from tools.soak.sounds import START, Sent, complaints, expect, good_files, simple_odd_files

N_VISITORS = 20


def test_many_visitors_at_once_each_get_their_own_results(classifier, address):
    good = good_files(1, sorted(EXAMPLES.glob("*.wav")))
    bad = itertools.cycle(simple_odd_files(1))
    files_of_each = []
    for i in range(N_VISITORS):
        files = [next(good), next(bad), next(good)]
        files_of_each.append([expect(classifier, f"visitor {i}, {name}", data) for name, data in files])
    expected = [sent for files in files_of_each for sent in files]
    assert len({sent.sentence for sent in expected if sent.headline}) > N_VISITORS  # a mix-up would show
    assert len({sent.sentence for sent in expected if sent.headline is None}) > 3
    tally = crowd(address, files_of_each)
    assert not tally.wrong
    assert not tally.unanswered
    assert len(tally.durations) == 3 * N_VISITORS


def loop(*names):
    """Bytes of a file in which examples begin half a second apart."""
    hits = [(name, 0.5 * k) for k, name in enumerate(names)]
    return encode(mix(hits, 0.5 * (len(names) + 1), levels=(0.6,)))


LOOPS = [("kick_analogue", "snare_acoustic", "closed_hat_analogue"), ("clap_analogue", "kick_acoustic") * 2]


def test_visitors_with_loops_each_get_their_own_hits(classifier, address):
    loops = [[expect(classifier, f"loop {k}.wav", loop(*names))] for k, names in enumerate(LOOPS)]
    assert [sent.headline for (sent,) in loops] == ["A loop of 3 hits", "A loop of 4 hits"]
    tally = crowd(address, loops)
    assert not tally.wrong
    assert not tally.unanswered


def test_another_s_answer_would_be_noticed(classifier, address):
    """A soak without complaints means something only if it can complain."""
    (one, other), drum = (expect(classifier, "a.wav", loop(*names)) for names in LOOPS), make_hit()
    with Visitor(address) as visitor:
        visitor.upload((one.name, one.data))
        assert not complaints(one, visitor.picture)
        assert len(complaints(other, visitor.picture)) == 3  # title, probabilities, hits
        visitor.remove_uploads()
        assert complaints(one, visitor.picture)
        visitor.upload(("a.wav", encode(drum)))
        assert not complaints(expect(classifier, "a.wav", encode(drum)), visitor.picture)
        assert "probabilities" in complaints(expect(classifier, "a.wav", encode(0.1 * drum)), visitor.picture)[-1]


NONSENSE = [
    *(f'{{"hit": {value}}}' for value in ("-1", "99", '"1"', "true", "1.0", "1e400", "null", "[1]", "{}")),
    *("{}", "[1]", "1", '"hit"', "null"),
]


def test_what_a_browser_says_of_a_hit_may_be_anything(address):
    with Visitor(address) as visitor:
        visitor.upload(("loop.wav", loop(*LOOPS[0])))
        first = drawn_by(visitor)
        visitor.tell("timeline", '{"hit": 2}')
        assert drawn_by(visitor) != first
        assert visitor.picture.headings[-1].startswith("3. Closed hat")
        for state in NONSENSE:
            visitor.tell("timeline", state)
            assert not visitor.picture.exceptions, state
            assert not visitor.picture.alerts, state
            assert visitor.picture.headings[-1].startswith("1. Kick"), state
            assert [timeline["selected"] for timeline in visitor.picture.drawn("timeline")] == [0], state


def drawn_by(visitor):
    return visitor.picture.drawn("timeline"), visitor.picture.drawn("stage")


def test_each_visitor_takes_a_picture_of_his_own_sound_along(address):
    with Visitor(address) as one, Visitor(address) as other:
        one.upload(("kick.wav", (EXAMPLES / "kick_analogue.wav").read_bytes()))
        other.upload(("loop.wav", loop(*LOOPS[0])))
        pictures = [Image.open(io.BytesIO(visitor.download("Picture to share"))) for visitor in (one, other)]
        assert [(picture.format, picture.size) for picture in pictures] == [("PNG", (1200, 675))] * 2
        assert pictures[0].tobytes() != pictures[1].tobytes()


# Python runs this as it starts: in decoder processes, a file that begins with CRASH causes a real fault.
CRASHING = """
import sys
if "drumclf.processes.decoders" in sys.orig_argv:
    import ctypes, drumclf.audio
    read_clip = drumclf.audio.read_clip
    drumclf.audio.read_clip = lambda data, *a: ctypes.string_at(0) if data.startswith(b"CRASH") else read_clip(data, *a)
"""


def test_a_decoder_that_crashes_takes_down_neither_the_page_nor_another_visitor(classifier, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(CRASHING)
    log = tmp_path / "server.log"
    good = good_files(2, sorted(EXAMPLES.glob("*.wav")))
    files_of_each = []
    for i in range(6):
        sent = [expect(classifier, f"visitor {i}, {name}", data) for name, data in itertools.islice(good, 4)]
        crashing = [Sent(f"crash {i} {k}.wav", b"CRASH %d" % k, None, DAMAGED) for k in range(4)]
        files_of_each.append(crashing if i % 2 else sent)
    with serve({"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}, log) as (address, _):
        tally = crowd(address, files_of_each)
    assert not tally.wrong
    assert not tally.unanswered
    assert len(tally.durations) == 24
    assert log.read_text().count(f"a decoder ended with status {-signal.SIGSEGV}") == 12


def test_no_visitor_sees_a_name_of_another(address):
    secret = marked_sound()
    with Visitor(address) as one, Visitor(address) as other:
        one.upload((secret.name, secret.data))
        other.choose("Try a sound", "Hand claps")
        seen = other.picture.words()
        other.upload(("mine.wav", (EXAMPLES / "tom_acoustic.wav").read_bytes()))
        assert secret.token.decode() in one.picture.words()
        assert "mine.wav" in other.picture.words()
        assert secret.token.decode() not in seen + other.picture.words()


@pytest.fixture
def watched_server(tmp_path):
    """A server that keeps all its folders in one; its process, that folder, and its log."""
    folders = {name: str(tmp_path / name.lower()) for name in ("TMPDIR", "HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR")}
    for folder in folders.values():
        Path(folder).mkdir()
    log = tmp_path / "server.log"
    with serve(folders | ONE_ARENA, log) as (address, server):
        yield address, psutil.Process(server.pid), tmp_path, log


def test_nothing_of_an_upload_is_left_on_the_disk_or_in_the_log(watched_server):
    address, process, folder, log = watched_server
    started, sound = time.time() - 1, marked_sound()
    name = sound.token.decode()
    packed = zip_of({f"{name}/{sound.name}": sound.data, f"{name} bad.wav": sound.token})
    with Visitor(address) as visitor:
        visitor.upload((sound.name, sound.data))
        assert visitor.picture.drawn("stage")
        visitor.remove_uploads()
        visitor.upload((f"{name} bad.wav", sound.token))
        assert visitor.picture.alerts
        visitor.remove_uploads()
        visitor.upload((f"{name}.zip", packed))
        visitor.choose("View", "Export")
        assert sound.token in visitor.download("Download CSV")
        assert sound.token in visitor.download("Download 1 sound")
        assert not files_that_hold(sound.token, folder)
        assert not files_that_hold(sound.token, Path(tempfile.gettempdir()), since=started)
        assert not open_files_hold(process, sound.token)
    assert log.stat().st_size > 0  # the server does write here
    (folder / "control").write_bytes(sound.token)
    assert files_that_hold(sound.token, folder) == [folder / "control"]  # the search finds what is there


def test_an_upload_is_not_on_the_disk_while_it_comes_in(watched_server):
    address, process, _, _ = watched_server
    sound = marked_sound()
    with Visitor(address) as visitor:
        (urls,) = visitor.ask_for_urls([sound.name])
        host, port = address.removeprefix("http://").split(":")
        body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' + sound.data
        head = (
            f"PUT {urls.upload_url} HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(body) + 7}\r\n\r\n"
        )
        with socket.create_connection((host, int(port))) as upload:
            upload.sendall(head.encode() + body)  # everything but the closing boundary
            came_in = wait_for(lambda: open_files_hold(process, sound.token) or share(sound, process) > 0.9)
            assert came_in
            assert not open_files_hold(process, sound.token)


def test_an_upload_is_forgotten_when_its_visitor_has_gone():
    try:
        while_visited, afterwards = shares_in_memory(ttl=2)
    except OSError as error:
        pytest.skip(f"the memory of another process cannot be read here: {error}")
    assert while_visited == 1
    assert afterwards <= LEFT_IN_BUFFERS


def test_a_tab_that_comes_back_when_its_session_is_gone(address):
    """After a laptop slept, the browser sends its uploader's old state to a session without the files."""
    with Visitor(address) as before:
        before.upload(("kick.wav", (EXAMPLES / "kick_analogue.wav").read_bytes()))
        uploads = before.uploads
        assert before.picture.drawn("stage")
    with Visitor(address) as after:
        after.uploads = uploads
        after.show_uploads()
        after.run()
        assert after.picture.titles == [START]
        assert not after.picture.exceptions
        assert not after.picture.alerts


def test_a_pack_that_is_stopped_and_gone_on_with_is_whole(address):
    """Each click starts a run of the page while the previous one is still in the middle of a step."""
    hat = (EXAMPLES / "closed_hat_analogue.wav").read_bytes()
    names = [f"{i:04}.wav" for i in range(1_000)]
    with Visitor(address) as visitor:
        picture = visitor.picture
        visitor.uploads = [visitor.put("pack.zip", zip_of(dict.fromkeys(names, hat)))]
        visitor.show_uploads()
        visitor.ask()
        visitor.wait_until(lambda: any(" of 1,000 · " in text for text in picture.waiting))
        visitor.click("Stop")
        visitor.wait_until(lambda: list(buttons(picture, "Continue with the other")))
        visitor.click("Continue with the other")
        visitor.wait_until(lambda: "1,000 sounds" in picture.headings or picture.exceptions or picture.alerts)
        visitor.run()
        assert not picture.exceptions
        assert not picture.alerts
        visitor.choose("View", "Export")
        rows = csv.DictReader(io.StringIO(visitor.download("Download CSV").decode("utf-8-sig")))
        assert [row["path"] for row in rows] == names


def buttons(picture, label):
    return (button for button in picture.all("button") if button.label.startswith(label))


def share(sound, process):
    try:
        return sound.share_in_memory(process)
    except OSError as error:
        pytest.skip(f"the memory of another process cannot be read here: {error}")


def wait_for(is_so):
    for _ in range(60):
        if found := is_so():
            return found
        time.sleep(0.5)
    return None
