"""Work that costs has few places, and nobody takes them all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from imigr_gateway.costly import Pool, Size, TooBusy, TooMuchAtOnce
from imigr_kit.testing import wait_until

SIZE = Size(places=2, of_one=1, waiting=1, wait_seconds=5.0)


@pytest.fixture
def pool() -> Pool:
    """Two places."""
    return Pool(SIZE)


@pytest.fixture
def held(pool: Pool) -> Iterator[ExitStack]:
    """Both taken, until the stack is closed."""
    with ExitStack() as stack:
        stack.enter_context(pool.place("a"))
        stack.enter_context(pool.place("b"))
        yield stack


def test_one_link_has_one_place(pool: Pool) -> None:
    """However many more there are; and it comes back when the work is done, or fails."""
    with pool.place("a"):
        with pytest.raises(TooMuchAtOnce) as caught, pool.place("a"):
            pass
        assert caught.value.retry_after
        with pool.place("b"):
            pass
    with pytest.raises(ValueError, match="broken"), pool.place("a"):
        raise ValueError("broken")
    with pool.place("a"):
        pass


def test_few_wait_and_the_others_are_told_at_once(pool: Pool, held: ExitStack) -> None:
    """A thread that waits serves nobody else."""
    served = threading.Event()

    def wait() -> None:
        with pool.place("c"):
            served.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    wait_until(lambda: pool._waiting == 1, 5, "one waits")
    with pytest.raises(TooBusy) as caught, pool.place("d"):
        pass
    assert caught.value.retry_after
    held.close()
    waiter.join(5)
    assert served.is_set()


def test_whoever_waits_in_vain_is_told_so(held: ExitStack) -> None:
    """After the time that the pool gives."""
    impatient = Pool(Size(places=1, of_one=1, waiting=1, wait_seconds=0.01))
    with impatient.place("a"), pytest.raises(TooBusy), impatient.place("b"):
        pass
