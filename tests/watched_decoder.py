"""A process that decodes and reports what it used: crashes, endless work and excess memory are found safely."""

import json
import signal
import struct
import subprocess
import sys
from operator import itemgetter

from conftest import ROOT, encode, make_hit

# Reads files, each preceded by its size; prints a line for each: the problem, CPU seconds, megabytes.
_PROGRAM = """if True:
    import contextlib, json, math, os, re, resource, sys
    from pathlib import Path
    import numpy as np
    from drumclf.audio import AudioError, read_clip
    from drumclf.constants import CLIP_DURATION, SAMPLE_RATE

    def seconds():
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime

    def peak(forget=False):
        if forget:
            with contextlib.suppress(OSError):
                Path("/proc/self/clear_refs").write_text("5")  # from now on
        # Not ru_maxrss: a process inherits it from the one that started it.
        return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1000

    def check(clip):
        assert clip.samples.dtype == np.float32 and clip.samples.ndim == 1
        assert np.isfinite(clip.samples).all() and np.abs(clip.samples).max() == 1
        assert len(clip.samples) <= CLIP_DURATION * SAMPLE_RATE
        assert clip.start >= 0 and (math.isnan(clip.file_duration) or clip.file_duration > 0)

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is not an answer
    while size := sys.stdin.buffer.read(4):
        data = sys.stdin.buffer.read(int.from_bytes(size, "little"))
        before, kept = seconds(), peak(forget=True)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(before) + int(sys.argv[1]), -1))  # then SIGXCPU ends it
        problem = None
        try:
            check(read_clip(data))
        except AudioError as error:
            problem = None if 10 < len(str(error)) <= 200 else f"gives no sentence: {error}"
        except BaseException as error:
            problem = f"raises {error!r}"
        print(json.dumps([problem, seconds() - before, peak() - kept]), file=answers, flush=True)
"""


class WatchedDecoder:
    """`read_clip` in a separate process, restarted when a file ends it.

    Parameters
    ----------
    max_seconds : int
        CPU time allowed for one file.
    max_megabytes : float
        Memory allowed for one file, on top of what the process kept from those before.

    Attributes
    ----------
    n_read : int
        Files read so far.
    slowest, greediest : (float, bytes)
        CPU seconds or megabytes, and the file that took the most.
    """

    def __init__(self, max_seconds=4, max_megabytes=300):
        self.max_seconds, self.max_megabytes = max_seconds, max_megabytes
        self.n_read, self.slowest, self.greediest = 0, (0.0, b""), (0.0, b"")
        self._start()

    def problem_with(self, data):
        """What goes wrong with a file: a crash, excess, or neither a clip nor a sentence; None if nothing does."""
        try:
            self._process.stdin.write(struct.pack("<I", len(data)) + data)
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            status = self._process.wait()
            self._start()
            return (
                f"takes {self.max_seconds} CPU seconds" if status == -signal.SIGXCPU else f"ends the process: {status}"
            )
        problem, seconds, megabytes = json.loads(line)
        self.n_read += 1
        self.slowest = max(self.slowest, (seconds, data), key=itemgetter(0))
        self.greediest = max(self.greediest, (megabytes, data), key=itemgetter(0))
        if megabytes > self.max_megabytes:
            return f"takes {megabytes:.0f} MB"
        return problem

    def close(self):
        self._process.stdin.close()
        self._process.wait()

    def _start(self):
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(self.max_seconds)], cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert self.problem_with(encode(make_hit())) is None
