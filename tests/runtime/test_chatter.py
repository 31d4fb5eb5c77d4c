"""Nothing that an engine tells when all is well reaches the user; everything else does."""

import os
import subprocess
import sys

import pytest

from edgebert.runtime.chatter import quiet


def test_a_run_in_a_process_of_its_own_leaves_stderr_empty(classifier):
    code = f"import edgebert; print(edgebert.load({str(classifier)!r})('a text').label)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout
    assert done.stderr == b""


def test_other_lines_are_passed_on(capfd):
    with quiet():
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\nWARNING: odd\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "WARNING: odd\nafter\n"


def test_an_error_passes_and_stderr_is_back(capfd):
    def fail():
        with quiet():
            os.write(2, b"ERROR: told by the exception\n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
