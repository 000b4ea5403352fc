import contextlib
import logging
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
import pytest
from conftest import EXAMPLES, encode, make_hit

from drumclf import AudioError, load_classifier
from drumclf.audio import DAMAGED, read_clip
from drumclf.constants import CLIP_DURATION
from drumclf.limits import RECORDING_DURATION
from drumclf.processes.decoders import TOO_SLOW, Decoders
from tools.odd_files.other_codings import other_codings, other_headers
from tools.soak.search import find_in_memory

OTHERS = other_codings(make_hit()) | other_headers(make_hit())
KICK = EXAMPLES / "kick_analogue.wav"
# The real process, around a decoder that can be made to break as native code does.
SABOTAGED = """
import atexit, ctypes, os, sys, time
import numpy as np
from drumclf.processes import decoders as decoder_process
from drumclf.audio import AudioError, Clip, read_clip
from drumclf.constants import SAMPLE_RATE

def broken(data, duration):
    if data.startswith(b"MORE"):  # than it asked for
        n = round(duration * SAMPLE_RATE) + int(data.split()[1])
        return Clip(np.ones(n, np.float32), 0.0, True)
    if data.startswith(b"TAKE"):  # megabytes
        bytearray(int(data.split()[1]) * 10**6)
        return Clip(np.ones(1, np.float32), 0.0, True)
    if data.startswith(b"KEEP"):  # megabytes
        kept.append(bytearray(int(data.split()[1]) * 10**6))
        return Clip(np.ones(1, np.float32), 0.0, True)
    if data.startswith(b"EMPTY"):  # memory, and slow to end
        atexit.register(time.sleep, 1)
        raise AudioError("It takes too much memory.") from MemoryError()
    deeds = {
        b"CRASH": lambda: ctypes.string_at(0),
        b"SPIN": lambda: sum(iter(int, 1)),
        b"GROW": lambda: [bytearray(10**8) for _ in range(100)],
        b"BABBLE": lambda: os.write(answer, b"\\x00\\x00\\x00\\x05hello"),
        b"LEAVE": lambda: os._exit(0),
        b"KILL": lambda: os.kill(os.getpid(), 9),
        b"NEST": lambda: os.write(answer, b"\\x00\\x00\\x07\\xd0" + 2_000 * b"["),
        b"WRITE": lambda: open(os.environ["PATH"] + "/x", "wb").write(b"x"),
    }
    for name, deed in deeds.items():
        if data.startswith(name):
            deed()
    return read_clip(data, duration)

answer, kept = os.dup(1), []
decoder_process.read_clip = broken
decoder_process.serve()
"""


@pytest.fixture
def decoders():
    decoders = Decoders(2, (sys.executable, "-c", SABOTAGED))
    yield decoders
    decoders.close()


def processes(decoders):
    """The idle ones."""
    return [psutil.Process(decoder.pid) for decoder in decoders._idle]


def test_a_clip_is_the_same_as_without_a_process(decoders):
    for path in sorted(EXAMPLES.glob("*.wav")):
        here, apart = read_clip(path), decoders.read_clip(path)
        assert np.array_equal(here.samples, apart.samples)
        assert (here.start, here.is_whole, here.file_duration) == (apart.start, apart.is_whole, apart.file_duration)
        assert apart.samples.dtype == np.float32


def test_the_second_decoder_gives_the_same_too(decoders):
    for name, data in OTHERS.items():
        here, apart = read_clip(data), decoders.read_clip(data)
        assert np.array_equal(here.samples, apart.samples), name
        assert (here.start, here.is_whole, here.file_duration) == (apart.start, apart.is_whole, apart.file_duration)


@pytest.mark.parametrize("before", ["WAV", "M4A"])
def test_the_limit_on_memory_is_the_same_with_both_decoders(decoders, before):
    """PyAV's libraries take more than 100 MB of address space; files get neither less nor more."""
    decoders.read_clip({"WAV": KICK.read_bytes(), "M4A": OTHERS["telephone.m4a"]}[before])
    assert decoders.read_clip(b"TAKE 240").is_whole
    with pytest.raises(AudioError):
        decoders.read_clip(b"TAKE 310")


@pytest.mark.parametrize("duration", [2.0, RECORDING_DURATION])
def test_a_long_clip_is_the_same_as_without_a_process(decoders, duration):
    data = encode(np.tile(make_hit(22_050, 0.5), 70), 22_050)
    here, apart = read_clip(data, duration), decoders.read_clip(data, duration)
    assert np.array_equal(here.samples, apart.samples)
    assert apart.duration == duration
    assert not apart.is_whole


@pytest.mark.parametrize("duration", [CLIP_DURATION, RECORDING_DURATION])
def test_a_process_cannot_send_more_than_was_asked_for(decoders, duration):
    assert decoders.read_clip(b"MORE 0", duration).duration == duration
    with pytest.raises(AudioError, match=DAMAGED[:30]):
        decoders.read_clip(b"MORE 1", duration)


def test_a_refusal_is_the_same_as_without_a_process(decoders):
    for data in (b"", b"no sound", encode(np.zeros(9_000)), b"\x89PNG"):
        with pytest.raises(AudioError) as here:
            read_clip(data)
        with pytest.raises(AudioError) as apart:
            decoders.read_clip(data)
        assert str(apart.value) == str(here.value)


@pytest.mark.parametrize(
    "deed, sentence",
    [(deed, DAMAGED) for deed in (b"CRASH", b"GROW", b"BABBLE", b"NEST", b"LEAVE", b"KILL")] + [(b"SPIN", TOO_SLOW)],
)  # fmt: skip
def test_what_breaks_the_decoder_is_refused_and_nothing_else(decoders, deed, sentence, caplog):
    secret = b" the content"
    with caplog.at_level(logging.WARNING), pytest.raises(AudioError, match=sentence[:30]):
        decoders.read_clip(deed + secret)
    assert secret.decode() not in caplog.text
    for _ in range(4):
        assert decoders.read_clip(KICK).is_whole


def test_whose_memory_ran_out_gets_no_other_file(decoders, caplog):
    """It ends by itself, but not at once: the next file would be lost with it."""
    with pytest.raises(AudioError, match="too much memory"):
        decoders.read_clip(b"EMPTY")
    (decoder,) = decoders._idle
    assert not decoder.is_alive()
    assert decoders.read_clip(KICK).is_whole
    assert "ended" not in caplog.text


@pytest.mark.parametrize("megabytes, is_fit", [(50, True), (90, False)])
def test_what_keeps_much_memory_gets_no_other_file(decoders, megabytes, is_fit):
    """FFmpeg's freed memory may stay with the process; the next file would have less of it."""
    decoders.read_clip(b"KEEP %d" % megabytes)
    assert decoders._idle[0].is_alive() == is_fit
    assert decoders.read_clip(b"TAKE 220").is_whole


def test_an_answer_that_nobody_waited_for_is_not_that_to_the_next_file(decoders, monkeypatch):
    """As after Ctrl-C in a notebook."""
    quick = encode(make_hit(22_050, 0.2, 70), 22_050)
    expected = read_clip(quick).samples

    def interrupt(*_):
        raise KeyboardInterrupt

    for _ in range(3):
        decoders.read_clip(KICK)
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(decoders._idle[-1], "receive", interrupt)
            decoders.read_clip(KICK)
        assert np.array_equal(decoders.read_clip(quick).samples, expected)


def test_a_crash_is_logged_with_its_signal(decoders, caplog):
    with pytest.raises(AudioError):
        decoders.read_clip(b"CRASH")
    assert f"status {-signal.SIGSEGV}" in caplog.text


def test_a_process_killed_from_outside_costs_no_file(decoders):
    decoders.read_clip(KICK)
    for process in processes(decoders):
        process.kill()
    assert decoders.read_clip(KICK).is_whole


def test_one_who_hangs_leaves_the_other_process_to_others(decoders):
    """While one file spins, others are read: they do not queue behind it."""
    done = []
    with ThreadPoolExecutor(2) as pool:

        def spin():
            with pytest.raises(AudioError):
                decoders.read_clip(b"SPIN")
            done.append("the one who hangs")

        def read():
            for _ in range(20):
                decoders.read_clip(KICK)
            done.append("twenty of another")

        hanging = pool.submit(spin)
        time.sleep(0.05)
        pool.submit(read).result()
        hanging.result()
    assert done == ["twenty of another", "the one who hangs"]


def test_many_threads_each_get_their_own(decoders):
    sounds = [encode(make_hit(duration=0.1 + 0.01 * k, seed=k)) for k in range(30)]
    sounds[7:9] = b"CRASH", b"LEAVE"

    def read(data):
        try:
            return decoders.read_clip(data).samples
        except AudioError as error:
            return str(error)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(read, sounds))
    for data, answer in zip(sounds, answers, strict=True):
        if data in (b"CRASH", b"LEAVE"):
            assert answer == DAMAGED
        else:
            assert np.array_equal(answer, read_clip(data).samples)


def test_processes_end_with_their_owner(decoders):
    decoders.read_clip(KICK)
    begun = processes(decoders)
    assert begun
    decoders.close()
    assert not any(process.is_running() for process in begun)


def test_the_process_sees_nothing_of_the_environment(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    decoders = Decoders(1)
    decoders.read_clip(KICK)
    (process,) = processes(decoders)
    assert "HF_TOKEN" not in process.environ()
    assert not process.open_files()
    decoders.close()


@pytest.mark.parametrize(
    "head", [KICK.read_bytes(), b"no sound", b"OggS", b"fLaC", b"ID3"], ids=lambda head: str(head[:4])
)
def test_the_process_keeps_nothing_of_a_sound(decoders, head):
    """Nor of a file that is refused."""
    marks = b"".join((b"mark%08d" % i).ljust(4096, b"\0") for i in range(500))
    with contextlib.suppress(AudioError):
        decoders.read_clip(head + marks)
    (process,) = processes(decoders)
    try:
        left = find_in_memory(process, rb"mark\d{8}")
    except OSError as error:
        pytest.skip(f"the memory of another process cannot be read here: {error}")
    assert len(left) < 50  # small buffers keep their content until they are reused


def test_a_process_that_cannot_start_is_not_the_sounds_fault():
    decoders = Decoders(1, (sys.executable, "-c", "raise SystemExit(3)"))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="be started"):
            decoders.read_clip(KICK)


def test_after_its_end_it_begins_anew(decoders):
    decoders.close()
    assert decoders.read_clip(KICK).is_whole
    assert not processes(decoders)


def test_the_process_can_write_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    decoders = Decoders(1, (sys.executable, "-c", SABOTAGED))
    with pytest.raises(AudioError):
        decoders.read_clip(b"WRITE")
    assert [path.stat().st_size for path in tmp_path.iterdir()] in ([], [0])
    decoders.close()


def test_the_classifier_reads_with_what_it_was_given(classifier, decoders):
    apart = load_classifier(read=decoders.read_clip)
    outcomes = list(apart.classify_many([KICK, b"CRASH", KICK]))
    assert [getattr(outcome, "label", None) for outcome in outcomes] == ["kick", None, "kick"]
    assert str(outcomes[1]) == DAMAGED
    assert outcomes[0].probabilities == pytest.approx(classifier.classify(KICK).probabilities, abs=1e-6)
