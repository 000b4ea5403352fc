"""Playlists and films that name other files open nothing: no file, no address. Watched from outside, by the kernel."""

import ctypes
import io
import os
import select
import socket
import struct
import sys
import threading

import av
import pytest
from conftest import encode, make_hit

from drumclf import AudioError
from drumclf.audio import read_clip
from drumclf.ffmpeg import DEMUXERS, FFmpegFile
from drumclf.processes.decoders import Decoders
from drumclf.sources import UndecodableError
from tools.odd_files import odd_bytes as ob
from tools.odd_files.other_codings import encode_other

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
IN_OPEN = 0x20


class Watched:
    """A sound on the disk, and an address: whoever opens one of them is seen."""

    def __init__(self, folder):
        self.path = folder / "secret.wav"
        self.path.write_bytes(encode(make_hit()))
        libc = ctypes.CDLL(None, use_errno=True)
        self._events = libc.inotify_init()
        assert libc.inotify_add_watch(self._events, os.fsencode(self.path), IN_OPEN) > 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._server.getsockname()[1]}/secret.wav"
        self.n_calls = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        try:
            while True:
                caller, _ = self._server.accept()
                self.n_calls += 1
                caller.close()
        except OSError:
            pass

    def was_opened(self):
        """Whether it happened since the last question."""
        n_calls, self.n_calls = self.n_calls, 0
        is_file = bool(select.select([self._events], [], [], 0.05)[0])
        if is_file:
            os.read(self._events, 65_536)
        return is_file or bool(n_calls)

    def close(self):
        os.close(self._events)
        self._server.close()


@pytest.fixture
def watched(tmp_path):
    watched = Watched(tmp_path)
    yield watched
    watched.close()


def box(name, body):
    return struct.pack(">I", 8 + len(body)) + name + body


def film_with_sound_elsewhere(path):
    """A QuickTime film whose samples lie in another file, named by a Macintosh alias (QuickTime File Format, dref)."""
    film = encode_other(make_hit(), "mov", "pcm_s24le")
    name, place = os.fsencode(path.name), os.fsencode(path)
    record = bytes(10) + b"\0" + bytes(27) + bytes(12) + bytes((len(name),)) + name.ljust(63, b"\0") + bytes(16)
    record += struct.pack(">hh", 1, 1) + bytes(16)
    record += struct.pack(">hH", 2, len(place)) + place + bytes(len(place) % 2) + struct.pack(">hH", -1, 0)
    new = box(b"dref", bytes(4) + struct.pack(">I", 1) + box(b"alis", bytes(4) + record.ljust(200, b"\0")))

    def replaced(data):
        out, position = b"", 0
        while position < len(data):
            size, kind = struct.unpack(">I4s", data[position : position + 8])
            body = data[position + 8 : position + size]
            if kind == b"dref":
                out += new
            else:
                within = kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf")
                out += box(kind, replaced(body) if within else body)
            position += size
        return out

    return replaced(film)


def playlists(watched):
    """Name -> content that makes FFmpeg open something else, and the demuxer that would do it."""
    found = {}
    for kind, place in (("file", str(watched.path)), ("address", watched.address), ("url", f"file://{watched.path}")):
        m3u8 = f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{place}\n#EXT-X-ENDLIST\n"
        dash = (
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
            'mediaPresentationDuration="PT9S"><Period><AdaptationSet mimeType="audio/mp4"><Representation id="1" '
            f'bandwidth="9"><BaseURL>{place}</BaseURL></Representation></AdaptationSet></Period></MPD>'
        )
        sdp = f"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=audio {watched.address[17:22]} RTP/AVP 0\r\n"
        found |= {
            f"m3u8 {kind}": (m3u8, "hls"),
            f"ffconcat {kind}": (f"ffconcat version 1.0\nfile '{place}'\n", "concat"),
            f"concat {kind}": (f"file '{place}'\n", "concat"),
            f"dash {kind}": (dash, "dash"),
            f"sdp {kind}": (sdp, "sdp"),
            f"pls {kind}": (f"[playlist]\nFile1={place}\nNumberOfEntries=1\n", None),
            f"image2 {kind}": (place, None),
        }
    return {name: (text.encode(), demuxer) for name, (text, demuxer) in found.items()}


def test_the_watch_sees_what_ffmpeg_can_do(watched, tmp_path):
    """So that the tests below prove something."""
    bait = tmp_path / "bait"
    bait.write_bytes(playlists(watched)["concat file"][0])
    with av.open(bait, format="concat", options={"safe": "0"}) as file:
        next(file.decode(audio=0))
    assert watched.was_opened()
    assert not watched.was_opened()
    bait.write_bytes(playlists(watched)["m3u8 address"][0])
    with pytest.raises((ValueError, OSError)):
        av.open(bait, format="hls", options={"protocol_whitelist": "file,http,tcp"}).close()
    assert watched.was_opened()
    bait.write_bytes(film_with_sound_elsewhere(watched.path))
    with av.open(bait, format="mov", options={"enable_drefs": "1", "use_absolute_path": "1"}) as file:
        next(file.decode(audio=0))
    assert watched.was_opened()


def test_a_playlist_in_disguise_opens_nothing(watched, tmp_path):
    decoders = Decoders(1)
    for data, _ in playlists(watched).values():
        for suffix in ("mp3", "wav", "m4a"):
            path = tmp_path / f"kick.{suffix}"
            path.write_bytes(data)
            for read in (read_clip, decoders.read_clip):
                with pytest.raises(AudioError):
                    read(path)
    decoders.close()
    assert not watched.was_opened()


def test_behind_tags_or_before_frames_it_opens_nothing_either(watched):
    mp3 = encode(make_hit(), format="MP3", subtype="MPEG_LAYER_III")
    for data, _ in playlists(watched).values():
        with pytest.raises(AudioError):
            read_clip(ob.id3(bytes(100)) + data)
        clip = None
        try:
            clip = read_clip(ob.id3(bytes(100)) + data + mp3)
        except AudioError:
            continue
        assert clip.duration < 0.5
    assert not watched.was_opened()


@pytest.mark.parametrize("demuxer", sorted(DEMUXERS))
def test_no_demuxer_within_reach_opens_anything(watched, demuxer):
    films = [film_with_sound_elsewhere(watched.path)]
    for data in [*(data for data, _ in playlists(watched).values()), *films]:
        try:
            sound = FFmpegFile(io.BytesIO(data), demuxer)
        except (UndecodableError, AudioError):
            continue
        sound.close()
    assert not watched.was_opened()


@pytest.mark.parametrize("through", ["library", "process"])
def test_a_film_whose_sound_lies_elsewhere_opens_nothing(watched, through):
    decoders = Decoders(1)
    read = read_clip if through == "library" else decoders.read_clip
    film = film_with_sound_elsewhere(watched.path)
    try:
        clip = read(film)
    except AudioError:
        clip = None
    decoders.close()
    assert clip is None or clip.is_whole  # its own bytes, as sound
    assert not watched.was_opened()
