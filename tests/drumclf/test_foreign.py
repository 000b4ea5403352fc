"""What is no sound is named for what it is, with what to do."""

import gzip
import io
import json

import numpy as np
import pytest
from conftest import encode, make_hit
from PIL import Image

from drumclf import AudioError
from drumclf.audio import read_clip
from drumclf.foreign import describe_foreign
from drumclf.processes.decoders import Decoders


def picture(kind):
    buffer = io.BytesIO()
    Image.fromarray(np.arange(3_072, dtype=np.uint8).reshape(32, 32, 3)).save(buffer, kind)
    return buffer.getvalue()


NOISE = np.random.default_rng(0).bytes(3_000)
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0af3" * 16 + b"\nsize 88244\n"
LIVE = b'<?xml version="1.0" encoding="UTF-8"?>\n<Ableton MajorVersion="5"><DrumGroupDevice/></Ableton>' * 40
REGIONS = b"// a kit\n<group> loop_mode=one_shot\n<region> sample=kick.wav key=36\n"
CASES = {
    "LFS": (LFS, "Git LFS pointer", "git lfs pull"),
    "ReCycle 2": (b"CAT \0\0\4\0REX2HEAD" + NOISE, "ReCycle", "export"),
    "ReCycle": (b"CAT \0\0\4\0REX HEAD" + NOISE, "ReCycle", "export"),
    "MIDI": (b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk" + bytes(90), "MIDI", "export"),
    "MIDI in RIFF": (b"RIFF\xff\0\0\0RMIDdata" + NOISE, "MIDI", "export"),
    "RAR": (b"Rar!\x1a\7\1\0" + NOISE, "RAR", "unpack"),
    "old RAR": (b"Rar!\x1a\7\0" + NOISE, "RAR", "unpack"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c" + NOISE, "7-Zip", "unpack"),
    "gzip": (gzip.compress(b"anything else"), "gzip", "unpack"),
    "Live preset": (gzip.compress(LIVE), "Ableton", "sounds"),
    "PNG": (picture("PNG"), "PNG", "sound"),
    "JPEG": (picture("JPEG"), "JPEG", "sound"),
    "GIF": (picture("GIF"), "GIF", "sound"),
    "TIFF": (picture("TIFF"), "TIFF", "sound"),
    "WebP": (picture("WEBP"), "WebP", "sound"),
    "BMP": (picture("BMP"), "BMP", "sound"),
    "SVG": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG", "sound"),
    "FXP": (b"CcnK\0\0\1\0FPCh" + NOISE, "FXP", "sounds"),
    "FXB": (b"CcnK\0\0\1\0FBCh" + NOISE, "FXB", "sounds"),
    "SFZ": (REGIONS, "SFZ", "sounds"),
    "SoundFont": (b"RIFF\xff\0\0\0sfbkLIST" + NOISE, "SoundFont", "export"),
    "Kontakt": (b"\x12\x90\xa8\x7f" + NOISE, "Kontakt", "sounds"),
    "new Kontakt": (b"\xb6\4\0\0\0\0\0\0\1\0\0\0hsin" + NOISE, "Native Instruments", "sounds"),
    "EXS24": (b"\1\1\0\0" + bytes(12) + b"SOBT" + NOISE, "EXS24", "sounds"),
    "MPC": (b'<?xml version="1.0" encoding="UTF-8"?>\n<MPCVObject/>', "XML", "sounds"),
    "playlist": (b"#EXTM3U\n#EXTINF:9,\nkick.wav\n", "playlist", "sounds"),
    "web page": (b'\n<!doctype html>\n<html lang="en"><title>Not found</title>', "web page", "download"),
    "peaks": (b"RPKN\2\x80" + NOISE, "REAPER", "real one"),
    "blank": (bytes(50_000), "zeros", "fetch"),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_named_and_helped(case):
    data, name, advice = CASES[case]
    with pytest.raises(AudioError) as caught:
        read_clip(data)
    sentence = str(caught.value)
    assert name in sentence
    assert advice in sentence
    assert 10 < len(sentence) <= 200
    assert sentence.endswith(".")
    assert ". " not in sentence


def test_the_sentence_is_the_same_from_another_process():
    decoders = Decoders(1)
    for data, name, _ in CASES.values():
        with pytest.raises(AudioError, match=name):
            decoders.read_clip(data)
    decoders.close()


def test_no_sound_is_taken_for_something_else():
    for format in ("WAV", "AIFF", "FLAC", "OGG", "MP3", "CAF", "AU", "W64", "RF64"):
        subtype = {"OGG": "VORBIS", "MP3": "MPEG_LAYER_III"}.get(format, "PCM_16")
        assert describe_foreign(encode(make_hit(), 44_100, format, subtype)[:4_096]) is None
    text_inside = encode(make_hit()) + b"LIST<region><html><svg>" + json.dumps({}).encode()
    assert read_clip(text_inside).is_whole
