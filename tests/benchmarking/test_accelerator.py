"""A job with an accelerator, by a worker whose "gpu" is the processor."""

import sys

import pytest

from edgebert.benchmarking.job import BenchmarkJob
from edgebert.benchmarking.measure import measure
from edgebert.benchmarking.models import job_model
from edgebert.errors import EdgebertError

WORKER = """
import sys, warnings
from edgebert.benchmarking.worker import work
from edgebert.benchmarking.worker_protocol import serve
from edgebert.errors import AcceleratorWarning, EdgebertError
from edgebert.runtime import model

plain = model.load

def load(path, *, accelerator="cpu", **options):
    opened = plain(path, **options)
    if accelerator != "cpu" and "deaf" in str(path):
        if accelerator == "gpu":
            raise EdgebertError("the gpu answers wrongly")
        warnings.warn("the cpu runs it: the gpu answers wrongly", AcceleratorWarning)
    elif accelerator != "cpu":
        opened.accelerator = "gpu"
    return opened

model.load = load
sys.exit(serve(work))
"""


@pytest.fixture
def files(classifier, tmp_path):
    """The same model twice; the accelerator answers wrongly with "deaf"."""
    paths = [tmp_path / "good.tflite", tmp_path / "deaf.tflite"]
    for path in paths:
        path.write_bytes(classifier.read_bytes())
    return [job_model(path) for path in paths]


@pytest.fixture
def measured(tmp_path):
    (tmp_path / "worker.py").write_text(WORKER)

    def run(*models, **options):
        job = BenchmarkJob(models, rounds=2, processes=1, **options)
        return measure(job, worker=(sys.executable, str(tmp_path / "worker.py")))

    return run


def test_a_file_takes_turns_with_itself_on_the_accelerator(files, measured):
    result = measured(files[0], accelerator="gpu")
    cpu, gpu = result.runs
    assert (cpu.accelerator, cpu.accelerated) == ("cpu", None)
    assert gpu.accelerator == "gpu"
    assert 0 < gpu.accelerated <= 1
    assert len(cpu.rounds) == len(gpu.rounds) == 2
    (ratio,) = result.ratios
    assert (ratio.run, ratio.against) == (1, 0)


def test_auto_leaves_out_what_it_answers_wrongly_and_says_why(files, measured):
    result = measured(*files, accelerator="auto")
    ran = [(run.model.name, run.accelerator) for run in result.runs]
    assert ran == [("good", "cpu"), ("deaf", "cpu"), ("good", "gpu")]
    assert [note for note in result.notes if "deaf" in note and "answers wrongly" in note]


def test_gpu_wants_all_of_them(files, measured):
    with pytest.raises(EdgebertError, match="deaf: the gpu answers wrongly"):
        measured(*files, accelerator="gpu")


def test_an_unknown_accelerator_is_refused(files):
    with pytest.raises(EdgebertError, match="accelerator 'tpu' is unknown; known: cpu, gpu, auto"):
        BenchmarkJob((files[0],), accelerator="tpu")
