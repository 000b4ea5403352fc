import numpy as np
import psutil
import pytest

from drumclf import memory


@pytest.mark.skipif(not hasattr(memory._libc, "malloc_trim"), reason="only glibc can give memory back")
def test_freed_memory_is_given_back():
    process = psutil.Process()
    arrays = [np.ones(8_000) for _ in range(1_000)]  # 64 MB in pieces that glibc keeps when they are freed
    last = arrays.pop()  # at the end of the heap, which would go back by itself
    del arrays
    before = process.memory_info().rss
    memory.give_memory_back()
    assert before - process.memory_info().rss > 30e6
    assert last.all()


@pytest.mark.parametrize("libc", [None, object()], ids=["no POSIX", "no glibc"])
def test_nothing_happens_where_it_is_not_possible(libc, monkeypatch):
    monkeypatch.setattr(memory, "_libc", libc)
    memory.give_memory_back()
