"""What the verbs share: JSON that is always valid, bars only for people."""

import io
import json
import sys

import pytest

from edgebert.cli.console import print_json, progress_bar


class Terminal(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_INTERACTIVE", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return Terminal()


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_json_survives_every_text_and_encoding(monkeypatch, encoding):
    value = {"texts": ["Zürich", "東京", "😀", "\udc80", "\x00\x1b", '"\\']}
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", file)
    print_json(value)
    file.flush()
    written = file.buffer.getvalue().decode(encoding)
    assert json.loads(written) == value
    assert ("Zürich" in written) == (encoding == "utf-8")


def test_a_bar_names_the_step_and_counts_bytes_as_megabytes(terminal, monkeypatch):
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress_bar() as progress:
        progress(0, 20_000_000, "a.zip")
        progress(5_000_000, 20_000_000, "a.zip")
        progress(3, 29, "comparing [with] float32")
        progress(200_000, None, "b.zip")
    drawn = terminal.getvalue()
    for text in ("a.zip", "5.0 of 20.0 MB", "comparing [with] float32", "3 of 29", "0.2 MB"):
        assert text in drawn


def test_no_bar_where_nobody_looks(capsys):
    with progress_bar() as progress:
        progress(5, 10, "a.zip")
    assert capsys.readouterr() == ("", "")


def test_ctrl_c_says_what_was_kept(capsys):
    with pytest.raises(KeyboardInterrupt), progress_bar("half of it is there"):
        raise KeyboardInterrupt
    assert capsys.readouterr() == ("", "warning: interrupted; half of it is there\n")
