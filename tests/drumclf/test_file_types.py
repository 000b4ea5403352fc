import pytest
from conftest import encode, make_hit

from drumclf.file_types import playable_type
from drumclf.foreign import describe_foreign


@pytest.mark.parametrize(
    ("format", "subtype", "mime"),
    [
        ("WAV", "PCM_16", "audio/wav"), ("WAV", "PCM_24", "audio/wav"), ("WAV", "FLOAT", "audio/wav"),
        ("WAV", "DOUBLE", None), ("WAV", "IMA_ADPCM", None), ("FLAC", "PCM_16", "audio/flac"),
        ("OGG", "VORBIS", "audio/ogg"), ("MP3", "MPEG_LAYER_III", "audio/mpeg"), ("AIFF", "PCM_16", None),
        ("CAF", "PCM_16", None), ("AU", "PCM_16", None), ("RF64", "PCM_16", None),
    ],
)  # fmt: skip
def test_what_a_browser_plays(format, subtype, mime):
    data = encode(make_hit(), format=format, subtype=subtype)
    assert playable_type(data) == mime
    assert describe_foreign(data) is None


def test_truncated_headers_are_taken_as_they_are():
    wav = encode(make_hit())
    for n in range(60):
        describe_foreign(wav[:n])
        playable_type(wav[:n])
