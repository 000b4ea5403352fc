from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
import pytest
from conftest import encode, make_loop

from drumclf.audio import read_clip
from drumclf.hits.find import find_hits_in
from drumclf.hits.slices import slice_hits
from drumclf.processes.slicer import Slicer
from tools.server import serve
from tools.soak.client import Visitor
from tools.soak.search import find_in_memory

LOOP = read_clip(encode(make_loop()[0]), 30.0)


@pytest.fixture(scope="module")
def slicer():
    slicer = Slicer()
    yield slicer
    slicer.close()


def process(slicer):
    return psutil.Process(slicer._child.pid)


def assert_same(here, apart):
    assert np.array_equal(here[0], apart[0])
    assert len(here[1]) == len(apart[1])
    for one, other in zip(here[1], apart[1], strict=True):
        assert np.array_equal(one, other)
        assert other.dtype == np.float32


@pytest.mark.parametrize("part", [1.0, 0.5, 0.05], ids=["loop", "half a loop", "one hit"])
def test_slices_are_the_same_as_without_a_process(slicer, part):
    samples = LOOP.samples[: round(part * len(LOOP.samples))]
    assert_same(slice_hits(samples), slicer(samples))


def test_hits_are_the_same_as_without_a_process(classifier, slicer):
    here, apart = find_hits_in(classifier, LOOP), find_hits_in(classifier, LOOP, slicer)
    assert len(here.hits) > 2
    assert [hit.time for hit in here.hits] == [hit.time for hit in apart.hits]
    for one, other in zip(here.hits, apart.hits, strict=True):
        assert one.prediction.probabilities == pytest.approx(other.prediction.probabilities, abs=1e-6)


def test_many_threads_each_get_their_own(slicer):
    parts = [LOOP.samples[: len(LOOP.samples) * n // 12] for n in range(1, 13)]
    with ThreadPoolExecutor(6) as pool:
        for part, slices in zip(parts, pool.map(slicer, parts), strict=True):
            assert_same(slice_hits(part), slices)


def test_an_answer_that_nobody_waited_for_is_not_that_to_the_next_recording(slicer, monkeypatch):
    """As after Ctrl-C in a notebook."""

    def interrupt(*_):
        raise KeyboardInterrupt

    part = LOOP.samples[: len(LOOP.samples) // 2]
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(slicer._child, "receive", interrupt)
        slicer(LOOP.samples)
    assert_same(slice_hits(part), slicer(part))


def test_a_process_killed_from_outside_costs_no_recording(slicer):
    process(slicer).kill()
    assert_same(slice_hits(LOOP.samples), slicer(LOOP.samples))


def test_a_process_that_cannot_start_is_said(monkeypatch):
    monkeypatch.setattr("drumclf.processes.slicer._COMMAND", ("false",))
    slicer = Slicer()
    with pytest.raises(RuntimeError, match="be started"):
        slicer(LOOP.samples)


def test_the_process_sees_no_secret_and_ends_with_its_owner(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    slicer = Slicer()
    begun = process(slicer)
    assert "HF_TOKEN" not in begun.environ()
    slicer.close()
    assert not begun.is_running()


def test_the_process_keeps_nothing_of_a_recording(slicer):
    marks = b"".join((b"mrk<%03d<" % i).ljust(4096, b"\0") for i in range(500))  # as samples: about 0.01
    slicer(np.concatenate([LOOP.samples, np.frombuffer(marks, "<f4")]))
    try:
        left = find_in_memory(process(slicer), rb"mrk<\d{3}<")
    except OSError as error:
        pytest.skip(f"the memory of another process cannot be read here: {error}")
    assert len(left) < 50  # small buffers keep their content until they are reused


def test_a_loop_on_the_page_does_not_bring_librosa_into_the_server():
    with serve() as (address, started), Visitor(address) as visitor:
        server = psutil.Process(started.pid)
        visitor.upload(("loop.wav", encode(make_loop()[0])))
        assert visitor.picture.titles[0].startswith("A loop of")
        held = [{"llvmlite" in file.path for file in one.memory_maps()} for one in (server, *server.children())]
    assert True not in held[0]
    assert sum(True in one for one in held) == 1
