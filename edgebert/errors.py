"""What edgebert raises: one line that says what was given, what is accepted and what to do."""


class EdgebertError(Exception):
    """Wrong input or wrong use. The command line prints the message and exits with 2."""


class CheckFailedError(Exception):
    """A check said no (accuracy lost, self-test off). The command line exits with 1."""


class CalibrationWarning(UserWarning):
    """A full-integer file took its ranges from text that is not the user's own."""


class TruncationWarning(UserWarning):
    """A text was longer than the model takes, and was cut off."""
