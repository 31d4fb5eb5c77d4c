"""How long to try again what a network interrupted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RetryPolicy:
    """How long to try.

    Attributes:
        timeout: seconds without a byte before a connection counts as broken.
        retries: how many attempts in a row may bring nothing, after the first.
        pause: seconds before the first retry; doubled for each further one.
    """

    timeout: float = 30.0
    retries: int = 3
    pause: float = 1.0


DEFAULT_RETRY_POLICY = RetryPolicy()
