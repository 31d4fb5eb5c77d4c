"""What a task is: how a text becomes a job, and what a session infers from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from edgebert.errors import EdgebertError
from edgebert.runtime.reply import Reply
from edgebert.runtime.session import Session


class Job(Protocol):
    """A text on its way to an answer: one or more inputs of the model."""

    @property
    def length(self) -> int:
        """Tokens of the longest input. Jobs of about the same length need no new set-up."""


class Task(Protocol):
    """One task of one file; threads may share it."""

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the options that a call of the model takes: the keywords of `tokenize`."""

    @property
    def tokenize(self) -> Callable[..., Any]:
        """`tokenize(text, pair=None, *, …)` checks and tokenises, and gives a `Job`."""

    def infer(self, job: Any, session: Session) -> Reply:
        """Runs a job."""


def check_options(task: str, given: Iterable[str], known: Sequence[str]) -> None:
    """Raises EdgebertError where a task is given an option that it has not."""
    for name in given:
        if name not in known:
            raise EdgebertError(f"{task} has no option {name!r}; it has: {', '.join(known)}")


def refuse_pair(task: str, pair: str | None) -> None:
    """Raises EdgebertError where a task on single texts is given a pair."""
    if pair is not None:
        raise EdgebertError(f"{task} takes one text; a pair was given")


def check_count(name: str, value: int) -> None:
    """Raises EdgebertError unless an option is a whole number from 1 on."""
    if type(value) is not int or value < 1:
        raise EdgebertError(f"{name} is {value!r}; a whole number from 1 on is needed")


def check_choice(name: str, value: str, accepted: Sequence[str]) -> None:
    """Raises EdgebertError unless an option is one of a few words."""
    if value not in accepted:
        raise EdgebertError(f"{name} is {value!r}; accepted: {', '.join(map(repr, accepted))}")


def check_flag(name: str, value: object) -> None:
    """Raises EdgebertError unless an option is true or false."""
    if type(value) is not bool:
        raise EdgebertError(f"{name} is {value!r}; true or false is needed")
