import pytest

from drumclf import memory


def test_memory_is_given_back_where_that_is_possible():
    memory.give_memory_back()


@pytest.mark.parametrize("libc", [None, object()], ids=["no POSIX", "no glibc"])
def test_nothing_happens_where_it_is_not(libc, monkeypatch):
    monkeypatch.setattr(memory, "_libc", libc)
    memory.give_memory_back()
