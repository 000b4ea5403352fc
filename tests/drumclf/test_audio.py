import io
import struct

import numpy as np
import pytest
from conftest import encode, make_hit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drumclf import AudioError
from drumclf.audio import encode_wav, read_clip
from drumclf.constants import CLIP_DURATION, SAMPLE_RATE
from drumclf.limits import RECORDING_DURATION
from drumclf.processes.decoders import Decoders

FORMATS = [
    ("WAV", "PCM_U8"), ("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "PCM_32"), ("WAV", "FLOAT"), ("WAV", "DOUBLE"),
    ("WAV", "ULAW"), ("WAV", "IMA_ADPCM"), ("WAVEX", "PCM_24"), ("RF64", "PCM_16"), ("AIFF", "PCM_16"),
    ("AIFF", "PCM_24"), ("FLAC", "PCM_16"), ("FLAC", "PCM_24"), ("OGG", "VORBIS"), ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"), ("CAF", "PCM_16"), ("CAF", "ALAC_16"), ("AU", "PCM_16"), ("W64", "PCM_16"),
]  # fmt: skip

LOSSY = ("IMA_ADPCM", "VORBIS", "OPUS", "MPEG_LAYER_III")


def level_difference(a, b):
    """Energy of the difference over energy, in dB, at the best alignment within 60 ms."""
    n = min(len(a), len(b))
    a, b = a[:n].astype(float), b[:n].astype(float)
    correlation = np.fft.irfft(np.fft.rfft(a, 2 * n) * np.conj(np.fft.rfft(b, 2 * n)))
    best = np.concatenate([correlation[-1300:], correlation[:1300]]).max()
    return 10 * np.log10(max(1 - best**2 / (np.sum(a**2) * np.sum(b**2)), 1e-12))


@pytest.mark.parametrize(("format", "subtype"), FORMATS)
def test_every_format_gives_the_same_clip(format, subtype):
    rate = 48_000 if subtype == "OPUS" else 44_100
    clip = read_clip(encode(make_hit(rate), rate, format, subtype))
    reference = read_clip(encode(make_hit(rate), rate, "WAV", "DOUBLE"))
    # 8 bits leave 35 dB; lossy codecs leave 8 dB of a noisy attack; a wrong rate leaves nothing.
    bound = {"PCM_U8": -33, "ULAW": -25}.get(subtype, -8 if subtype in LOSSY else -60)
    assert level_difference(clip.samples, reference.samples) < bound
    assert abs(clip.duration - reference.duration) < 0.1  # ADPCM and MP3 pad their last block
    assert clip.samples.dtype == np.float32
    assert np.abs(clip.samples).max() == pytest.approx(1)


@pytest.mark.parametrize("rate", [4_000, 8_000, 11_025, 22_050, 47_250, 48_000, 96_000, 192_000, 768_000])
def test_any_rate_gives_the_model_rate(rate):
    clip = read_clip(encode(make_hit(rate, 0.3), rate))
    assert clip.duration == pytest.approx(0.3, abs=0.001)
    spectrum = np.abs(np.fft.rfft(clip.samples))
    assert np.argmax(spectrum) / clip.duration == pytest.approx(200, abs=8)


@pytest.mark.parametrize("n_channels", range(1, 9))
def test_one_to_eight_channels(n_channels):
    hit = make_hit()
    clip = read_clip(encode(np.tile(hit[:, None], n_channels)))
    assert level_difference(clip.samples, read_clip(encode(hit)).samples) < -60


@pytest.mark.parametrize("gains", [(1, -1), (1, -0.97), (0, 1), (0, 0, 0, 0, 1, 0), (1, -1, 0, 0, 0, 0)])
def test_channels_that_cancel_or_are_empty_do_not_silence_the_hit(gains):
    hit = make_hit()
    clip = read_clip(encode(hit[:, None] * np.array(gains)))
    assert level_difference(np.abs(clip.samples), np.abs(read_clip(encode(hit)).samples)) < -50


def test_path_bytes_and_file_are_the_same(tmp_path):
    data = encode(make_hit())
    path = tmp_path / "no_extension"
    path.write_bytes(data)
    clips = [read_clip(source) for source in (data, path, str(path), io.BytesIO(data), bytearray(data))]
    assert all(np.array_equal(clip.samples, clips[0].samples) for clip in clips)


def test_level_and_dc_do_not_change_the_clip():
    hit = make_hit()
    reference = read_clip(encode(hit, subtype="FLOAT")).samples
    for changed in (hit * 1e-3, hit * 32767, hit * 0.5 + 0.35):
        assert np.allclose(read_clip(encode(changed, subtype="FLOAT")).samples, reference, atol=2e-3)


def test_long_files_are_read_from_the_first_sound_only_as_far_as_needed():
    rate = 8_000
    sound = np.concatenate([np.zeros(100 * rate), make_hit(rate), np.zeros(300 * rate)])
    clip = read_clip(encode(sound, rate, "FLAC"))
    assert clip.duration <= CLIP_DURATION
    assert not clip.is_whole
    hit_at = clip.start + np.argmax(np.abs(clip.samples)) / SAMPLE_RATE
    assert hit_at == pytest.approx(100, abs=0.05)


@pytest.mark.parametrize("noise", [1e-5, 1e-4, 3e-4])
def test_a_noisy_lead_longer_than_a_clip_is_skipped(noise):
    rng = np.random.default_rng(0)
    lead = noise * rng.standard_normal(7 * 44_100)
    clip = read_clip(encode(np.concatenate([np.clip(lead, -9e-4, 9e-4), make_hit()]), subtype="PCM_24"))
    assert clip.start + np.argmax(np.abs(clip.samples)) / SAMPLE_RATE == pytest.approx(7, abs=0.05)


def test_a_quiet_file_is_read_all_the_same():
    quiet = read_clip(encode(5e-4 * make_hit(), subtype="PCM_24"))
    assert level_difference(quiet.samples, read_clip(encode(make_hit())).samples) < -40


def test_vorbis_inside_a_wav():
    ogg = encode(make_hit(), format="OGG", subtype="VORBIS")
    header = struct.pack("<HHIIHH", 0x674F, 1, 44_100, 16_000, 1, 16)
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(header)) + header + b"data" + struct.pack("<I", len(ogg)) + ogg
    wav = b"RIFF" + struct.pack("<I", len(body)) + body
    assert np.array_equal(read_clip(wav).samples, read_clip(ogg).samples)


def test_flac_of_unknown_length_is_read_to_its_end():
    flac = bytearray(encode(make_hit(), format="FLAC"))
    flac[21] &= 0xF0  # the 36 bits of STREAMINFO's total samples (RFC 9639, section 8.2)
    flac[22:26] = bytes(4)
    assert read_clip(bytes(flac)).duration == pytest.approx(0.3, abs=0.001)


def bad_rate(rate):
    wav = bytearray(encode(make_hit()))
    wav[24:28] = struct.pack("<I", rate)
    return bytes(wav)


REFUSED = {
    "empty": (b"", "empty"),
    "no samples": (encode(np.zeros(0)), "no samples"),
    "silence": (encode(np.zeros(44_100)), "no sound"),
    "constant": (encode(np.full(44_100, 0.4)), "no sound"),
    "last bit": (encode(np.random.default_rng(0).choice([-1, 0, 1], 44_100).astype(np.int16)), "no sound"),
    "denormal": (encode(np.resize([1e-40, -1e-40], 4_410), subtype="FLOAT"), "no sound"),
    "short": (encode([0.5, -0.5, 0.5]), "too short"),
    "nan": (encode(np.r_[make_hit(), np.nan], subtype="FLOAT"), "not numbers"),
    "infinite": (encode(np.r_[make_hit(), np.inf], subtype="FLOAT"), "not numbers"),
    "text": (b"this is a text, not a sound, " * 50, "damaged or not a sound"),
    "noise": (np.random.default_rng(0).bytes(5_000), "damaged or not a sound"),
    "header only": (encode(make_hit())[:40], "damaged or not a sound"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG"),
    "html": (b"<!doctype html><p>", "web page"),
    "m4a": (b"\x00\x00\x00\x20ftypM4A " + bytes(100), "damaged or not a sound"),
    "blank": (bytes(40_000), "nothing but zeros"),
    "zip": (b"PK\x03\x04" + bytes(100), "zip"),
    "ultrasound": (encode(np.hanning(96_000) * np.sin(np.pi * 0.625 * np.arange(96_000)), 96_000), "below 22 kHz"),
    "slow": (bad_rate(10), "sample rate"),
    "fast": (bad_rate(2**31 - 1), "sample rate"),
    "channels": (encode(np.tile(make_hit()[:, None], 65)), "65 channels"),
    "large": (bytes(10_000_001), "larger than 10 MB"),
    "long": (encode(np.zeros(601 * 4_000), 4_000, "FLAC"), "10 minutes"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_file_gets_one_sentence(case):
    data, words = REFUSED[case]
    with pytest.raises(AudioError) as caught:
        read_clip(data)
    sentence = str(caught.value)
    assert words in sentence
    assert len(sentence) <= 200
    assert sentence.endswith(".")
    assert sentence.count(". ") == 0


@pytest.mark.parametrize(
    ("path", "what"), [("/nowhere/kick.wav", "no file"), ("kick\0.wav", "no file"), (".", "a folder")]
)
def test_a_path_that_cannot_be_opened_is_not_repeated(path, what):
    with pytest.raises(AudioError, match=what) as caught:
        read_clip(path)
    assert "nowhere" not in str(caught.value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 3_000), st.integers(1, 8), st.integers(4_000, 200_000),
    st.floats(-38, 38), st.sampled_from(["FLOAT", "DOUBLE"]), st.integers(0, 99),
)  # fmt: skip
def test_any_samples_give_a_finite_clip_or_a_sentence(n, n_channels, rate, exponent, subtype, seed):
    samples = np.random.default_rng(seed).standard_normal((n, n_channels)) * 10.0**exponent
    try:
        clip = read_clip(encode(samples, rate, "WAV", subtype))
    except AudioError as error:
        assert str(error)
    else:
        assert np.isfinite(clip.samples).all()
        assert np.abs(clip.samples).max() == pytest.approx(1)


@pytest.mark.parametrize(("format", "subtype"), FORMATS)
def test_flipped_bytes_never_crash(format, subtype):
    rate = 48_000 if subtype == "OPUS" else 44_100
    data = encode(make_hit(rate), rate, format, subtype)
    rng = np.random.default_rng(7)
    for _ in range(30):
        damaged = bytearray(data)
        for position in rng.integers(0, min(len(data), 400), 6):
            damaged[position] = rng.integers(256)
        try:
            assert np.isfinite(read_clip(bytes(damaged)).samples).all()
        except AudioError as error:
            assert len(str(error)) <= 200


def test_more_is_read_where_more_is_asked_for():
    rate = 22_050
    sound = np.concatenate([np.zeros(2 * rate), np.tile(make_hit(rate), 120)])  # 36 s of hits
    whole = read_clip(encode(sound, rate, "FLAC"), 60.0)
    assert whole.is_whole
    assert whole.file_duration == pytest.approx(38, abs=0.01)
    part = read_clip(encode(sound, rate, "FLAC"), RECORDING_DURATION)
    assert part.duration == RECORDING_DURATION
    assert not part.is_whole
    assert part.file_duration == 38
    assert level_difference(part.samples, whole.samples[: len(part.samples)]) < -60


@pytest.mark.parametrize(("length", "is_whole"), [(4.9, True), (5.0, True), (5.05, False), (5.19, False), (5.3, False)])
def test_a_clip_that_was_cut_is_not_whole(length, is_whole):
    """What is a little longer than a clip was decoded to its end, while the first sound was sought."""
    rate = 44_100
    hits = np.tile(make_hit(rate, 0.1), 60)[: round(length * rate)]
    clip = read_clip(encode(hits, rate, "FLAC"))
    assert clip.is_whole == is_whole
    assert clip.duration == pytest.approx(min(length, CLIP_DURATION), abs=0.001)
    assert clip.file_duration == pytest.approx(length, abs=0.001)
    assert read_clip(encode(hits, rate, "FLAC"), RECORDING_DURATION).is_whole


def test_of_a_long_file_with_a_huge_rate_less_is_read():
    """As many samples as an ordinary reading takes at most; read in a separate process, under its limits."""
    rate, n_channels = 655_350, 8  # the most that FLAC allows
    sound = np.zeros((8 * rate, n_channels), np.int16)
    sound[:: rate // 4] = 20_000
    data = encode(sound, rate, "FLAC")
    decoders = Decoders(1)
    clip = decoders.read_clip(data, RECORDING_DURATION)
    decoders.close()
    assert not clip.is_whole
    most = CLIP_DURATION * 768_000 * 9 / (n_channels + 1) / rate  # all channels, and a copy of one
    assert CLIP_DURATION < clip.duration < most + 0.2  # the stretch searched for the first sound


def test_encode_wav_gives_the_clip_back():
    clip = read_clip(encode(make_hit()))
    again = read_clip(encode_wav(clip))
    assert np.allclose(again.samples, clip.samples, atol=1e-3)
