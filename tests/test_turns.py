import threading

import pytest

from drumclf.turns import Turns


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
