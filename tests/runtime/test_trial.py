"""A file without a checksum meets the engine in a child process first."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

import edgebert
from edgebert.runtime import trial

pytest.importorskip("ai_edge_litert", reason="the damaged file is one for ai-edge-litert")

# An embedder of which eight bytes of the graph are others; the engine reads where it has no memory.
CRASHING = Path(__file__).parents[1] / "data" / "damaged" / "no_checksum_crashes_litert.tflite"


def test_a_file_that_crashes_the_engine_is_one_line():
    with pytest.raises(edgebert.EdgebertError, match="the engine crashed on it") as caught:
        edgebert.load(CRASHING)
    assert str(CRASHING) in str(caught.value)


@pytest.mark.parametrize("verb", [["run", "{}", "a text"], ["inspect", "--selftest", "{}"]])
def test_the_command_line_survives_it(verb):
    words = [word.format(CRASHING) for word in verb]
    done = subprocess.run(
        [sys.executable, "-m", "edgebert", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "the engine crashed on it" in done.stderr


def test_an_older_file_answers_as_it_did(without_checksum, classifier):
    with edgebert.load(without_checksum) as older, edgebert.load(classifier) as newer:
        assert older("a text") == newer("a text")


def test_only_files_without_a_checksum_are_tried(without_checksum, classifier, monkeypatch):
    tried = []
    monkeypatch.setattr(trial, "try_apart", lambda file, **_: tried.append(file.path))
    for path in (classifier, without_checksum):
        edgebert.load(path).close()
    assert tried == [without_checksum]


@pytest.mark.parametrize("executable", ["", None, "/opt/an application", "/no/such/python3"])
def test_where_no_python_can_be_started_it_is_opened(without_checksum, monkeypatch, executable):
    monkeypatch.setattr(sys, "executable", executable)
    with edgebert.load(without_checksum) as model:
        assert model("a text").label


def test_nothing_of_the_working_folder_is_imported(without_checksum, tmp_path, monkeypatch):
    for name in ("json", "numpy", "edgebert"):
        (tmp_path / f"{name}.py").write_text("open('imported', 'w').close()")
    monkeypatch.chdir(tmp_path)
    edgebert.load(without_checksum).close()
    assert not (tmp_path / "imported").exists()


def answer(path):
    with edgebert.load(path) as model:
        return model("a text").label


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_worker_processes_open_older_files(without_checksum, method):
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply_async(answer, (without_checksum,)).get(60) == answer(without_checksum)
