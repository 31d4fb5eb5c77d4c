"""Many texts as one stream of answers: sorted by length in windows, on several threads, in order.

An interpreter is set up anew whenever the length of its input changes, and one text alone keeps
one thread busy. So texts are taken in windows; those of a window run in the order of their
lengths, cut into slices, each slice on a thread with a session of its own. While one window is
given out the next one runs, so memory holds two windows, however many texts there are.

Which thread, session or neighbours a text gets does not change its answer, not by a bit: its
padded length follows from its own tokens alone.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar

from edgebert.errors import EdgebertError
from edgebert.runtime.session import Session
from edgebert.runtime.sessions import Sessions

if TYPE_CHECKING:
    from concurrent.futures import Future

Item: TypeAlias = "str | tuple[str, str | None]"
"""A text, or a text and its pair."""

BATCH_SIZE = 256

_MOST_WORKERS = 4
_SLICES_A_WORKER = 4


class Sized(Protocol):
    """What is to be run."""

    @property
    def length(self) -> int:
        """Number of tokens."""


Job = TypeVar("Job", bound=Sized)
Result = TypeVar("Result")


@dataclass(frozen=True)
class _Failure:
    error: Exception


@dataclass(frozen=True)
class _Window(Generic[Job, Result]):
    """Texts that are sorted together.

    Attributes:
        error: what kept the text after the last job from being read or encoded.
        outcomes: by place in `jobs`; the threads fill it in.
        slices: done when their share of `outcomes` is.
    """

    jobs: list[Job]
    error: Exception | None
    outcomes: dict[int, Result | _Failure] = field(default_factory=dict)
    slices: list[Future[None]] = field(default_factory=list)


def stream(
    items: Iterable[Item],
    encode: Callable[[str, str | None], Job],
    answer: Callable[[Job, Session], Result],
    sessions: Sessions,
    *,
    batch_size: int = BATCH_SIZE,
    workers: int | None = None,
) -> Generator[Result, None, None]:
    """Answers of any number of texts, in their order.

    What goes wrong with a text, or with reading it, is raised in its place, after the answers of
    all texts before it. Closing the iterator early ends its threads.

    Args:
        items: may be endless; it is read, on the caller's thread, at most two windows ahead.
        encode: makes a job of a text and its pair; runs on the caller's thread.
        answer: runs a job on a session; runs on other threads.
        sessions: where each thread borrows its session.
        batch_size: texts in a window.
        workers: threads; None: one a CPU this process may use, at most 4.

    Raises:
        EdgebertError: a string instead of several, or a number below 1.
    """
    if isinstance(items, str) or not isinstance(items, Iterable):
        given = "one string" if isinstance(items, str) else type(items).__name__
        raise EdgebertError(f"a batch is many texts, such as a list; {given} was given")
    if workers is None:
        workers = usable_workers()
    for name, value in (("batch_size", batch_size), ("workers", workers)):
        if type(value) is not int or value < 1:
            raise EdgebertError(f"{name} is {value!r}; a whole number from 1 on is needed")
    windows: Iterator[_Window[Job, Result]] = _windows(iter(items), encode, batch_size)
    return _answers(windows, answer, sessions, workers)


def _answers(
    windows: Iterator[_Window[Job, Result]],
    answer: Callable[[Job, Session], Result],
    sessions: Sessions,
    workers: int,
) -> Generator[Result, None, None]:
    from concurrent.futures import ThreadPoolExecutor

    stop = threading.Event()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="edgebert-batch")

    def work(window: _Window[Job, Result], places: list[int]) -> None:
        with sessions.borrow() as session:
            for place in places:
                if stop.is_set():
                    return
                try:
                    window.outcomes[place] = answer(window.jobs[place], session)
                except Exception as error:  # raised in its place by `_given_out`
                    window.outcomes[place] = _Failure(error)

    try:
        running: deque[_Window[Job, Result]] = deque()
        for window in windows:
            for places in _slices(window.jobs, workers):
                window.slices.append(pool.submit(work, window, places))
            running.append(window)
            if len(running) > 1:
                yield from _given_out(running.popleft())
        yield from _given_out(running.popleft())
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _windows(
    items: Iterator[Item], encode: Callable[[str, str | None], Job], size: int
) -> Iterator[_Window[Job, Result]]:
    """Windows of `size` jobs; the last one, and only that, has fewer or an error."""
    jobs: list[Job] = []
    error: Exception | None = None
    while error is None:
        try:
            for item in islice(items, size):
                jobs.append(encode(*_text_and_pair(item)))  # noqa: PERF401
        except Exception as caught:  # raised in its place by `_given_out`
            error = caught
        yield _Window(jobs, error)
        if len(jobs) < size:
            return
        jobs = []


def _slices(jobs: list[Job], workers: int) -> Iterator[list[int]]:
    """Places of the jobs, longest first, in lists for one thread each."""
    places = sorted(range(len(jobs)), key=lambda place: jobs[place].length, reverse=True)
    size = max(1, -(-len(jobs) // (workers * _SLICES_A_WORKER)))
    for start in range(0, len(places), size):
        yield places[start : start + size]


def _given_out(window: _Window[Job, Result]) -> Iterator[Result]:
    for each in window.slices:
        each.result()
    for place in range(len(window.jobs)):
        outcome = window.outcomes.pop(place)
        if isinstance(outcome, _Failure):
            raise outcome.error
        yield outcome
    if window.error:
        raise window.error


def _text_and_pair(item: Item) -> tuple[str, str | None]:
    if isinstance(item, str):
        return item, None
    if isinstance(item, tuple) and len(item) == 2:
        return item
    raise EdgebertError(
        f"a text or a tuple (text, pair) is needed; {type(item).__name__} was given"
    )


def usable_workers() -> int:
    """One a CPU that this process may use, at most 4."""
    known = hasattr(os, "sched_getaffinity")  # not on macOS and Windows
    return min(len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1, _MOST_WORKERS)
