"""What becomes of the errors of a verb: one line on stderr and an exit status."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from edgebert.cli.console import print_notice
from edgebert.errors import CheckFailedError, EdgebertError

CHECK_FAILED = 1
WRONG_INPUT = 2
INTERRUPTED = 130  # as shells count it: 128 + SIGINT
PIPE_CLOSED = 141  # 128 + SIGPIPE


@contextmanager
def exit_statuses() -> Iterator[None]:
    """A verb in this block has one way to fail: one line on stderr and an exit status."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_args: print_notice("warning", message)
            yield
        if sys.stdout is not None:  # closed by whoever started us
            sys.stdout.flush()
    except CheckFailedError as error:
        print_notice("failed", error)
        raise SystemExit(CHECK_FAILED) from error
    except EdgebertError as error:
        print_notice("error", error)
        raise SystemExit(WRONG_INPUT) from error
    except KeyboardInterrupt as error:
        raise SystemExit(INTERRUPTED) from error
    except BrokenPipeError as error:
        drop_stdout()
        raise SystemExit(PIPE_CLOSED) from error


def drop_stdout() -> None:
    """Python flushes stdout once more when it ends; by then it must lead somewhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
