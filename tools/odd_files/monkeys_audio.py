"""A writer of Monkey's Audio files, which FFmpeg only reads: one frame, one channel, 16 bit, the fastest level.

The format is known from its decoders: libavcodec/apedec.c of FFmpeg, versions 3.95 and later.
"""

import struct
import zlib

import numpy as np

from synthesis.parts import SAMPLE_RATE

_VERSION, _LEVEL, _MOST_SAMPLES = 3_990, 1_000, 73_728
# How often the quotient of a value is 0, 1, 2, ..., of 65,536; all others are as rare as the last.
_COUNTS = (19_578, 16_582, 12_257, 7_906, 4_576, 2_366, 1_170, 536, 261, 119, 65, 31, 19, 10, 6, 3, 3, 2, 1, 1, 1)
_ESCAPE = 63


def encode_ape(sound: np.ndarray) -> bytes:
    """A sound as a Monkey's Audio file.

    Parameters
    ----------
    sound : np.ndarray, shape (n,), n up to 73,728
        At `SAMPLE_RATE`, between -1 and 1.
    """
    samples = np.round(32_767 * sound).astype("<i2")
    coder = _RangeCoder()
    mean = 16_384  # a running sum of the values
    for value in _residues(samples.tolist()):
        folded = 2 * value - 1 if value > 0 else -2 * value
        _encode_value(coder, folded, max(mean >> 5, 1))
        mean += (folded + 1) // 2 - ((mean + 16) >> 5)
    frame = struct.pack(">I", zlib.crc32(samples.tobytes()) >> 1) + b"\0" + coder.end()
    frame += bytes(8 + -len(frame) % 4)
    frame = np.frombuffer(frame, ">u4").astype("<u4").tobytes()
    head = struct.pack("<HHIIIHHI", _LEVEL, 0, _MOST_SAMPLES, len(samples), 1, 16, 1, SAMPLE_RATE)
    sizes = struct.pack("<IIIIIII", 52, len(head), 4, 0, len(frame), 0, 0)
    begin = 52 + len(head) + 4
    return struct.pack("<4sHH", b"MAC ", _VERSION, 0) + sizes + bytes(16) + head + struct.pack("<I", begin) + frame


def _residues(samples: list[int]) -> list[int]:
    """What remains of each sample when it is predicted from those before it."""
    weights, recent, signs = [360, 317, -109, 98], [0, 0, 0, 0], [0, 0, 0, 0]
    residues, before, last = [], 0, 0
    for sample in samples:
        recent = [last, last - recent[0], *recent[1:3]]
        prediction = sum(weight * value for weight, value in zip(weights, recent, strict=True)) >> 10
        current = sample - (before * 31 >> 5)
        residue = current - prediction
        signs = [_sign(recent[0]), _sign(recent[1]), *signs[1:3]]
        weights = [weight + sign * _sign(residue) for weight, sign in zip(weights, signs, strict=True)]
        residues.append(residue)
        before, last = sample, current
    return residues


def _sign(value: int) -> int:
    return (value < 0) - (value > 0)


def _encode_value(coder: "_RangeCoder", value: int, pivot: int) -> None:
    quotient, rest = divmod(value, pivot)
    if quotient < len(_COUNTS):
        coder.encode(sum(_COUNTS[:quotient]), _COUNTS[quotient], 1 << 16)
    elif quotient < _ESCAPE:
        coder.encode(quotient + 65_472, 1, 1 << 16)
    else:
        coder.encode(65_535, 1, 1 << 16)
        coder.encode(quotient >> 16, 1, 1 << 16)
        coder.encode(quotient & 0xFFFF, 1, 1 << 16)
    coder.encode(rest, 1, pivot)  # a 16-bit sound has no pivot above 16 bits


class _RangeCoder:
    """Martin's range coder, 31 bits wide (G. N. N. Martin, 1979); one long number, so that carries are no matter."""

    def __init__(self):
        self._low, self._range, self._n_bits = 0, 1 << 31, 32

    def encode(self, below: int, count: int, total: int) -> None:
        """Encode a symbol that takes `count` of `total`, with `below` under it."""
        while self._range <= 1 << 23:
            self._low, self._range, self._n_bits = self._low << 8, self._range << 8, self._n_bits + 8
        step = self._range // total
        self._low, self._range = self._low + step * below, step * count

    def end(self) -> bytes:
        """Everything encoded so far."""
        return (self._low << 1).to_bytes(self._n_bits // 8, "big")
