import threading

import pytest

from drumclf.threads import Turns, in_batches, map_ahead


@pytest.mark.parametrize(
    ("n", "batches"), [(0, []), (1, [[0]]), (3, [[0, 1, 2]]), (7, [[0, 1, 2], [3, 4, 5], [6]])]
)  # fmt: skip
def test_in_batches(n, batches):
    assert list(in_batches(iter(range(n)), 3)) == batches


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("n", [0, 1, 50])
def test_like_map(n, workers):
    assert list(map_ahead(lambda i: i**2, iter(range(n)), workers)) == [i**2 for i in range(n)]


def test_results_are_in_order_even_if_the_first_takes_longest():
    last_done = threading.Event()

    def function(i):
        if i == 0:
            assert last_done.wait(60)
        if i == 3:
            last_done.set()
        return i

    assert list(map_ahead(function, range(4), workers=2)) == [0, 1, 2, 3]


def test_as_many_at_once_as_there_are_workers():
    together = threading.Barrier(3, timeout=60)  # raises unless three arrive
    assert len(list(map_ahead(lambda _: together.wait(), range(6), workers=3))) == 6


def test_no_more_is_taken_than_twice_the_workers_ahead():
    taken = []
    items = (taken.append(i) or i for i in range(1_000))
    results = map_ahead(abs, items, workers=2)
    assert taken == []  # nothing until the first is requested
    for i in range(20):
        assert next(results) == i
        assert len(taken) <= i + 1 + 4
    results.close()
    assert len(taken) <= 24


def test_what_has_not_begun_is_dropped_when_the_caller_stops():
    begun, go_on = [], threading.Event()

    def function(i):
        begun.append(i)
        if i:
            assert go_on.wait(60)

    results = map_ahead(function, range(100), workers=1)
    next(results)
    threading.Timer(0.05, go_on.set).start()
    results.close()
    assert len(begun) <= 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("drumclf")]


def test_an_error_comes_in_its_turn():
    results = map_ahead(lambda i: 1 / (i - 2), range(100), workers=2)
    assert [next(results), next(results)] == [-0.5, -1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_an_error_of_the_source_comes_through():
    def items():
        yield 1
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(map_ahead(abs, items()))


def wait_until(condition):
    for _ in range(2_000):
        if condition():
            return
        threading.Event().wait(0.005)
    raise AssertionError("it never came to that")


def test_who_came_first_goes_first():
    turns, order = Turns(1), []

    def go(k):
        with turns:
            order.append(k)

    threads = []
    with turns:
        for k in range(20):
            threads.append(threading.Thread(target=go, args=(k,)))
            threads[-1].start()
            wait_until(lambda k=k: turns.n_waiting == k + 1)
        assert order == []
    for thread in threads:
        thread.join()
    assert order == list(range(20))
    assert turns.n_waiting == 0


@pytest.mark.parametrize("n", [1, 3])
def test_no_more_than_n_are_in(n):
    turns, lock = Turns(n), threading.Lock()
    inside, most = 0, 0

    def go():
        nonlocal inside, most
        for _ in range(50):
            with turns:
                with lock:
                    inside += 1
                    most = max(most, inside)
                threading.Event().wait(0.0005)
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == n


def test_an_error_inside_gives_the_turn_on():
    turns = Turns(1)
    for _ in range(3):
        with pytest.raises(ValueError), turns:
            raise ValueError
    with turns:
        assert turns.n_waiting == 0
