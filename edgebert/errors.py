"""What edgebert raises: one line that says what was given, what is accepted and what to do."""

_LONGEST = 2000  # characters; a path may have some hundred
_END = 500


class EdgebertError(Exception):
    """Wrong input or wrong use. The command line prints the message and exits with 2.

    Names from foreign files stand in many messages. Whatever they hold, the message stays one line
    that any terminal can print: other characters are escaped, and too long a middle is left out.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(_one_line(message))


class RowError(EdgebertError):
    """A row of a file that cannot be read.

    Args:
        place: file and line.
        reason: what is wrong with it.
    """

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place, self.reason = place, reason


class CheckFailedError(EdgebertError):
    """A check said no (accuracy lost, self-test off). The command line exits with 1, not 2."""


class AcceleratorWarning(UserWarning):
    """A file that was to run on an accelerator runs on the processor; the message says why."""


class CalibrationWarning(UserWarning):
    """A full-integer file took its ranges from text that is not the user's own."""


class TruncationWarning(UserWarning):
    """A text was longer than the model takes, and was cut off."""


def _one_line(message: str) -> str:
    if len(message) > _LONGEST:
        message = f"{message[: _LONGEST - _END]} … {message[-_END:]}"
    if message.isprintable():
        return message
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in message)
