"""Sounds that libsndfile cannot read: docs/files.md has the table. Every file is made here."""

import io
import math
import struct
import subprocess
import sys

import av
import numpy as np
import pytest
from conftest import EXAMPLES, encode, make_hit
from test_audio import level_difference

from drumclf import AudioError
from drumclf.audio import DAMAGED, read_clip
from drumclf.constants import CLIP_DURATION, SAMPLE_RATE
from drumclf.ffmpeg import DEMUXERS, FFmpegFile
from drumclf.sources import UndecodableError
from tools.odd_files import odd_bytes as ob
from tools.odd_files.monkeys_audio import encode_ape
from tools.odd_files.other_codings import (
    CODINGS,
    ac3_as_pcm,
    ape_tag,
    apple_loop,
    caf_without_size,
    encode_other,
    mp3_frames,
)

HIT = make_hit(duration=0.5)
LOSSLESS = ("alac", "pcm_s24le", "wavpack", "flac", "tta")
WAV, MP3 = encode(HIT), encode(HIT, format="MP3", subtype="MPEG_LAYER_III")
FORM, PCM = (b"fmt ", WAV[20:36]), WAV[44:]


@pytest.fixture(scope="module")
def reference():
    return read_clip(encode(HIT, subtype="DOUBLE"))


def is_same(clip, reference, bound):
    return level_difference(clip.samples, reference.samples) < bound


@pytest.mark.parametrize(("container", "coding", "rate"), CODINGS, ids=CODINGS.values())
def test_every_coding_gives_the_same_clip(container, coding, rate, reference):
    clip = read_clip(encode_other(HIT, container, coding, rate))
    bound = -45 if rate == SAMPLE_RATE else -20  # resampling takes the highest part of the noise away
    assert is_same(clip, reference, bound if coding in LOSSLESS else -8)
    assert clip.is_whole
    assert clip.file_duration == pytest.approx(0.5, abs=0.003 if coding in LOSSLESS else 0.08)
    assert clip.start == 0  # a decoder's delay is no silence
    assert np.abs(clip.samples).max() == pytest.approx(1)


def test_monkeys_audio(reference):
    clip = read_clip(encode_ape(HIT))
    assert is_same(clip, reference, -60)
    assert clip.file_duration == pytest.approx(0.5, abs=1e-3)


def test_an_apple_loop(reference):
    clip = read_clip(apple_loop(HIT))
    assert is_same(clip, reference, -8)
    assert clip.file_duration == pytest.approx(0.5, abs=0.03)


def test_ac3_that_passes_for_stereo(reference):
    assert is_same(read_clip(ac3_as_pcm(HIT)), reference, -8)


@pytest.mark.parametrize("coding", ["aac", "alac"])
def test_the_padding_of_an_m4a_is_not_heard(coding):
    """The hit begins where it began, and the file is as long as the sound was."""
    late = np.concatenate([np.zeros(4_410), HIT])
    clip = read_clip(encode_other(late, "ipod", coding))
    onset = clip.start + np.argmax(np.abs(clip.samples) > 0.3) / SAMPLE_RATE
    assert onset == pytest.approx(0.1 + np.argmax(np.abs(HIT) > 0.3 * 0.8) / 44_100, abs=0.003)
    assert clip.file_duration == pytest.approx(0.6, abs=1e-3)


def variable_mp3(seconds, rate=44_100):
    """Hits and rests at variable bit rate; the frames alone."""
    rest = np.zeros(rate // 4)
    sound = np.tile(np.concatenate([rest, make_hit(rate, 0.25)]), round(2 * seconds))
    mp3 = encode(sound, rate, "MP3", "MPEG_LAYER_III", bitrate_mode="VARIABLE", compression_level=0.5)
    return mp3_frames(mp3)


def test_variable_bit_rate_without_its_header_is_read_to_the_end():
    clip = read_clip(variable_mp3(4))
    assert clip.is_whole
    assert clip.file_duration == pytest.approx(4, abs=0.1)
    assert all(piece.max() > 0.3 for piece in np.array_split(clip.samples, 8))  # eight hits


@pytest.mark.parametrize("seconds", [9, 60])
def test_the_length_of_a_long_one_is_counted_not_guessed(seconds):
    clip = read_clip(variable_mp3(seconds))
    assert not clip.is_whole
    assert clip.duration == pytest.approx(CLIP_DURATION)
    assert clip.file_duration == pytest.approx(seconds, rel=0.02)


def test_joined_mp3s_are_one_sound():
    """The header of the first states only its own length."""
    clip = read_clip(MP3 + MP3 + MP3)
    assert clip.file_duration == pytest.approx(1.5, abs=0.2)
    assert clip.is_whole


def test_a_cut_mp3_is_as_long_as_it_is():
    whole = encode(np.tile(HIT, 40), format="MP3", subtype="MPEG_LAYER_III")
    clip = read_clip(whole[: len(whole) // 10])
    assert clip.is_whole
    assert clip.file_duration == pytest.approx(2, abs=0.2)


BEFORE = {
    "zeros": bytes(2_000),
    "a megabyte of zeros": bytes(900_000),
    "junk": np.random.default_rng(1).bytes(5_000),
    "text": b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n",
    "APE tag": ape_tag((b"Title", b"Kick"), (b"Cover Art (front)", b"cover.jpg\0" + bytes(50_000))),
    "two tags": ob.id3(bytes(40_000)) + ob.id3(bytes(300_000)),
    "five tags and zeros": ob.id3(bytes(400)) * 5 + bytes(999),
    "tag, APE tag and junk": ob.id3(bytes(400)) + ape_tag((b"a", b"b")) + b"\xff\xff\xff\xfb" * 20,
    "tag with a wrong size": ob.id3(b"", size=2**27),
    "half a frame": MP3[600:700],
}


@pytest.mark.parametrize("frames", ["with header", "without header"])
@pytest.mark.parametrize("before", BEFORE)
def test_anything_before_the_first_frame_of_an_mp3(before, frames, reference):
    mp3 = MP3 if frames == "with header" else mp3_frames(MP3)
    clip = read_clip(BEFORE[before] + mp3)
    assert is_same(clip, reference, -8)
    assert clip.file_duration == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("before", ["two tags", "APE tag"])
@pytest.mark.parametrize("coding", ["aac", "flac"])
def test_tags_before_other_sounds(before, coding, reference):
    data = encode(HIT, format="FLAC") if coding == "flac" else encode_other(HIT, "adts", "aac")
    assert is_same(read_clip(BEFORE[before] + data), reference, -8)


def chunk(name, body, size=None, pad=True):
    return name + struct.pack("<I", len(body) if size is None else size) + body + bytes(len(body) % 2 * pad)


def wav(*chunks, kind=b"RIFF", size=None):
    body = b"WAVE" + b"".join(chunks)
    return kind + struct.pack("<I", len(body) if size is None else size) + body


FORMAT, DATA = chunk(*FORM), chunk(b"data", PCM)
SIZES_64 = chunk(b"ds64", struct.pack("<QQQI", len(PCM) + 80, len(PCM), len(PCM) // 2, 0))
UNKNOWN = 2**32 - 1
ODD_WAVS = {
    "data of size 0": wav(FORMAT, chunk(b"data", PCM, 0)),
    "all sizes 0": wav(FORMAT, chunk(b"data", PCM, 0), size=0),
    "data of size 0 behind others": wav(chunk(b"bext", bytes(602)), FORMAT, chunk(b"data", PCM, 0)),
    "data of unknown size": wav(FORMAT, chunk(b"data", PCM, UNKNOWN), size=UNKNOWN),
    "BW64": wav(SIZES_64, FORMAT, chunk(b"data", PCM, UNKNOWN), kind=b"BW64", size=UNKNOWN),
    "BW64 with a chunk behind": wav(
        SIZES_64, FORMAT, chunk(b"data", PCM, UNKNOWN), chunk(b"axml", b"<adm>" * 4_000), kind=b"BW64", size=UNKNOWN
    ),
    "BW64 of a writer that died": wav(
        chunk(b"ds64", bytes(28)), FORMAT, chunk(b"data", PCM, UNKNOWN), kind=b"BW64", size=UNKNOWN
    ),
    "BW64 with plain sizes": wav(FORMAT, DATA, kind=b"BW64"),
    "RF64 of a writer that died": wav(
        chunk(b"ds64", bytes(28)), FORMAT, chunk(b"data", PCM, UNKNOWN), kind=b"RF64", size=UNKNOWN
    ),
    "chunk of zero letters": wav(FORMAT, chunk(bytes(4), bytes(16)), DATA),
    "zeros": wav(FORMAT, bytes(8), DATA),
    "an odd number of zeros": wav(FORMAT, bytes(37), DATA),
    "zeros before the format": wav(bytes(20), FORMAT, DATA),
    "odd chunk without pad": wav(FORMAT, chunk(b"bext", b"x" * 603, pad=False), DATA),
    "odd chunks without pad": wav(chunk(b"LIST", b"y" * 77, pad=False), FORMAT, chunk(b"a b ", b"z", pad=False), DATA),
    "metadata in an odd chunk": wav(FORMAT, chunk(b"_PMX", b"<metadata>data" * 7 + b"!", pad=False), DATA),
    "a chunk with a wrong size": wav(FORMAT, chunk(b"LIST", b"INFO" * 5, 9_999), DATA),
}


@pytest.mark.parametrize("case", ODD_WAVS)
def test_wavs_whose_headers_are_off(case, reference):
    clip = read_clip(ODD_WAVS[case])
    assert is_same(clip, reference, -60)
    assert clip.file_duration == pytest.approx(0.5, abs=1e-3)
    assert clip.is_whole


def test_an_empty_wav_is_empty_whatever_stands_behind_it():
    for behind in (b"", chunk(b"LIST", b"INFO" * 500), chunk(b"smpl", bytes(36)) + chunk(b"id3 ", bytes(9_001))):
        with pytest.raises(AudioError, match="no samples"):
            read_clip(wav(FORMAT, chunk(b"data", b""), behind))


AIFF = encode(HIT, format="AIFF")
COMMON, SOUND = AIFF[AIFF.index(b"COMM") + 8 :][:18], AIFF[AIFF.index(b"SSND") + 16 :]


def big_chunk(name, body, size=None, pad=True):
    return name + struct.pack(">I", len(body) if size is None else size) + body + bytes(len(body) % 2 * pad)


def aiff(*chunks):
    body = b"AIFF" + b"".join(chunks)
    return b"FORM" + struct.pack(">I", len(body)) + body


UNFINISHED = big_chunk(b"COMM", COMMON[:2] + bytes(4) + COMMON[6:])
COMMON, BEHIND = big_chunk(b"COMM", COMMON), bytes(8) + SOUND
ODD_AIFFS = {
    "no sizes": aiff(UNFINISHED, big_chunk(b"SSND", BEHIND, 0)),
    "sizes of nothing": aiff(UNFINISHED, big_chunk(b"SSND", BEHIND, 8)),
    "odd chunk without pad": aiff(big_chunk(b"NAME", b"kicks", pad=False), COMMON, big_chunk(b"SSND", BEHIND)),
    "zeros": aiff(COMMON, bytes(24), big_chunk(b"SSND", BEHIND)),
}


@pytest.mark.parametrize("case", ODD_AIFFS)
def test_aiffs_whose_headers_are_off(case, reference):
    clip = read_clip(ODD_AIFFS[case])
    assert is_same(clip, reference, -60)
    assert clip.file_duration == pytest.approx(0.5, abs=1e-3)


def test_a_caf_whose_writer_died(reference):
    clip = read_clip(caf_without_size(HIT))
    assert is_same(clip, reference, -60)
    assert clip.file_duration == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_cover_is_not_heard(kind, reference):
    """Neither in a tag nor as a stream of pictures of its own."""
    tagged = ob.id3({"JPEG": b"\xff\xd8\xff\xe0", "PNG": b"\x89PNG"}[kind] + np.random.default_rng(0).bytes(800_000))
    assert is_same(read_clip(tagged + MP3), reference, -8)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as file:
        picture = file.add_stream({"JPEG": "mjpeg", "PNG": "png"}[kind], rate=1)
        picture.width = picture.height = 16
        picture.pix_fmt = picture.codec_context.codec.video_formats[0].name
        sound = file.add_stream("aac", rate=44_100, layout="mono")
        shade = av.VideoFrame(16, 16, picture.pix_fmt)
        shade.pts = 0
        for packet in (*picture.encode(shade), *picture.encode(None)):
            file.mux(packet)
        frame = av.AudioFrame.from_ndarray(HIT[None].astype(np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44_100
        for packet in (*sound.encode(frame), *sound.encode(None)):
            file.mux(packet)
    assert is_same(read_clip(buffer.getvalue()), reference, -8)


@pytest.mark.parametrize("n_channels", [9, 13, 32, 64])
def test_the_loudest_of_many_channels(n_channels, reference):
    """As with 8: the others are bleed of the same hit, and noise."""
    rng = np.random.default_rng(0)
    sound = 0.02 * rng.standard_normal((len(HIT), n_channels))
    sound[:, n_channels - 2] = HIT
    assert is_same(read_clip(encode(sound, format="WAVEX", subtype="PCM_24")), reference, -50)


@pytest.mark.parametrize("n_channels", [65, 200])
def test_more_channels_than_that_are_refused(n_channels):
    with pytest.raises(AudioError, match=f"{n_channels} channels; send 1 to 64"):
        read_clip(encode(np.tile(HIT[:2_000, None], n_channels)))


def test_a_joined_sound_that_changes_its_channels(reference):
    stereo = mp3_frames(encode(np.tile(HIT[:, None], 2), format="MP3", subtype="MPEG_LAYER_III"))
    for data in (mp3_frames(MP3) + stereo, stereo + mp3_frames(MP3)):
        assert read_clip(data).file_duration == pytest.approx(1, abs=0.2)


def test_every_coding_cut_or_damaged_gives_a_clip_or_a_sentence():
    rng = np.random.default_rng(3)
    files = [encode_other(HIT[:6_000], *key) for key in CODINGS] + [apple_loop(HIT[:6_000]), encode_ape(HIT[:6_000])]
    for data in files:
        for _ in range(15):
            damaged = bytearray(data[: rng.integers(20, len(data) + 1)])
            for position in rng.integers(0, min(len(damaged), 600), 4):
                damaged[position] = rng.integers(256)
            try:
                clip = read_clip(bytes(damaged))
            except AudioError as error:
                assert len(str(error)) <= 200
            else:
                assert np.isfinite(clip.samples).all()
                assert math.isnan(clip.file_duration) or clip.file_duration > 0


def test_only_a_few_demuxers_are_within_reach():
    for name in ("concat", "hls", "dash", "sdp", "rtsp", "image2", "lavfi", "tee", "webm_dash_manifest", "mpegts", ""):
        assert name not in DEMUXERS
        with pytest.raises(UndecodableError):
            FFmpegFile(io.BytesIO(WAV), name)


def test_a_coding_that_is_not_on_the_list_is_not_decoded():
    with pytest.raises(AudioError) as caught:
        read_clip(encode_other(HIT, "wav", "g722", 16_000))
    assert str(caught.value) == DAMAGED


def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    m4a = b"\0\0\0\x20ftypM4A " + bytes(100)
    with pytest.raises(AudioError, match="package av, which is not installed"):
        read_clip(m4a)
    assert read_clip(EXAMPLES / "kick_analogue.wav").is_whole


def test_noise_in_a_lawful_shell_is_damaged():
    """Packets that no decoder takes are not silently left out until nothing remains."""
    m4a = encode_other(HIT, "ipod", "aac")
    begin = m4a.index(b"mdat") + 4
    size = struct.unpack(">I", m4a[begin - 8 : begin - 4])[0] - 8
    noisy = m4a[:begin] + np.random.default_rng(0).bytes(size) + m4a[begin + size :]
    with pytest.raises(AudioError) as caught:
        read_clip(noisy)
    assert str(caught.value) == DAMAGED


def test_the_import_waits_until_it_is_needed():
    program = f"""if True:
        import sys
        from drumclf.audio import read_clip
        read_clip({str(EXAMPLES / "kick_analogue.wav")!r})
        assert "av" not in sys.modules
    """
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
