"""A whole job on this machine, and jobs that cannot be done."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace

import pytest

from edgebert.benchmarking import measure
from edgebert.benchmarking.job import BenchmarkJob, JobModel
from edgebert.benchmarking.models import job_model, memory_groups, open_model, without_float32
from edgebert.benchmarking.process import WORKER, Process
from edgebert.benchmarking.result import DeviceResult, MemoryState
from edgebert.benchmarking.system import System
from edgebert.errors import EdgebertError
from edgebert.runtime.model import load
from tests.benchmarking.machines import MEMINFO, PI4, machine

pytest.importorskip("ai_edge_litert")


@pytest.fixture(scope="module")
def models(converted):
    """An int8 classifier, the same in float32, and the first one once more."""
    files = [converted("classify"), converted("classify", quantize="float32")]
    names = ["int8", "float32", "int8"]
    return tuple(map(job_model, [*files, files[0]], names))


@pytest.fixture(scope="module")
def data(converted, tmp_path_factory):
    """Three texts, of which the model gets two right."""
    texts = ["Where is my card?", "a b c", "The quick brown fox."]
    with load(converted("classify")) as model:
        labels = [model(text).label for text in texts]
        labels[2] = next(label for label in model.labels if label != labels[2])
    path = tmp_path_factory.mktemp("data") / "data.tsv"
    rows = [f"{text}\t{label}\n" for text, label in zip(texts, labels, strict=True)]
    path.write_text("text\tlabel\n" + "".join(rows))
    return path


@pytest.fixture(scope="module")
def finished(models, data, tmp_path_factory):
    """What `python -m edgebert.benchmarking` prints for a job, as JSON values."""
    folder = tmp_path_factory.mktemp("job")
    texts = folder / "texts.txt"
    texts.write_text("Where is my card?\nThe quick brown fox.\n")
    job = BenchmarkJob(models, lengths=(16,), texts=str(texts), rounds=3, cores="0", data=str(data))
    path = folder / "job.json"
    path.write_text(json.dumps(job.to_json()))
    done = subprocess.run(
        [sys.executable, "-m", "edgebert.benchmarking", path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def result(finished):
    """The result among the events."""
    return DeviceResult.from_json(finished[-1]["result"])


def test_the_events_are_progress_and_at_last_the_result(finished):
    *progress, last = finished
    assert {event["event"] for event in progress} == {"progress"}
    done = [event["done"] for event in progress]
    assert done == sorted(done)
    assert done[-1] < progress[0]["total"] == 200
    assert {event["what"] for event in progress} == {
        "3 models, texts, 1 thread",
        "3 models, 16 tokens, 1 thread",
    }
    assert last["event"] == "result"


def test_every_model_runs_on_every_input(result, models):
    assert [(run.model.name, run.input.kind) for run in result.runs] == [
        ("int8", "texts"), ("float32", "texts"), ("int8", "texts"),
        ("int8", "length"), ("float32", "length"), ("int8", "length"),
    ]  # fmt: skip
    run = result.runs[0]
    assert (run.input.name, run.input.count) == ("texts", 2)
    assert (run.engine, run.threads, run.cores) == ("ai-edge-litert", 1, "0")
    assert run.engine_version == result.facts.engines["ai-edge-litert"]
    assert run.model.sha256 == models[0].sha256
    assert (run.model.task, run.model.quantization) == ("classify", "int8")
    assert (run.model.layers, run.model.hidden_size) == (2, 32)


def test_every_answer_is_kept_in_its_parts(result):
    for run in result.runs:
        samples = run.samples_us
        assert [len(part) for part in vars(samples).values()] == [len(samples.total)] * 6
        assert [r.first for r in run.rounds] == [0, run.rounds[0].count, sum(
            r.count for r in run.rounds[:2]
        )]  # fmt: skip
        assert sum(r.count for r in run.rounds) == len(samples.total)
        parts = zip(samples.tokenize, samples.set, samples.invoke, samples.finish, strict=True)
        for total, each in zip(samples.total, parts, strict=True):
            assert min(each) >= 0
            assert sum(each) == pytest.approx(total, abs=0.05)
        assert run.stats.p50 <= run.stats.p90 <= run.stats.p99


def test_runs_that_took_turns_have_ratios(result):
    assert [(r.run, r.against) for r in result.ratios] == [
        (1, 0), (2, 0), (2, 1), (4, 3), (5, 3), (5, 4),
    ]  # fmt: skip
    assert all(0 < r.low <= r.ratio <= r.high for r in result.ratios)


def test_the_cold_start_is_the_middle_of_all_processes_in_its_parts(result):
    for run in result.runs:
        cold = run.cold
        assert len(cold.starts) == 3  # one a round
        for part in ("import_ms", "load_ms", "first_ms"):
            times = sorted(getattr(start, part) for start in cold.starts)
            assert 0 < times[0] < times[2]
            assert getattr(cold, part) == times[1]


def test_a_start_with_the_weight_cache_and_one_by_the_same_api_without(result):
    for run in result.runs:
        cold, memory = run.cold, run.memory
        of_texts = run.input.kind == "texts"  # the weight cache does not depend on the length
        assert (cold.load_cached_ms is not None) is of_texts
        assert (cold.load_compiled_ms is not None) is of_texts
        assert (memory.cached is not None) is of_texts
        if of_texts:
            assert memory.compiled_baseline.resident > memory.baseline.resident  # one more import
            assert memory.compiled_baseline.resident < memory.cached.resident
            assert memory.compiled_baseline.resident < memory.compiled.resident


@pytest.mark.parametrize("bits", ["0x4", "0x0"])
def test_a_device_that_slowed_itself_down_in_a_round_alone_says_so(models, tmp_path, bits):
    looks = iter(["0x0", "0x0", bits, "0x0"])  # at the start, around the round, at the end

    def command(words):
        return f"throttled={next(looks)}" if "get_throttled" in words else ""

    result = measure.measure(BenchmarkJob(models[:1], rounds=1), system=System(tmp_path, command))
    assert result.runs[0].rounds[0].throttled is (bits == "0x4")
    assert result.facts.throttled is (bits == "0x4")
    assert any("slowed itself down" in note for note in result.facts.notes) is (bits == "0x4")


def test_memory_grows_from_moment_to_moment(result):
    memory = result.runs[0].memory
    states = [memory.baseline, memory.loaded, memory.first]
    assert all(s.private + s.shared + s.mapped == s.resident for s in states)
    assert memory.baseline.resident < memory.loaded.resident <= memory.peak.resident
    assert memory.peak == MemoryState(resident=memory.peak.resident)
    assert 0 < memory.model_file <= memory.first.shared + memory.first.mapped


def test_accuracy_is_known_of_every_run_of_a_model(result):
    assert [run.accuracy.value for run in result.runs if run.model.name == "int8"] == [
        pytest.approx(2 / 3)
    ] * 4
    assert {run.accuracy.metric for run in result.runs} == {"accuracy"}
    assert {run.accuracy.rows for run in result.runs} == {3}


def test_float32_is_missed_beside_int8(models, tmp_path):
    names = [m.name for m in without_float32([open_model(m) for m in models])]
    assert names == []
    alone = without_float32([open_model(models[0])])
    assert [m.name for m in alone] == ["int8"]


def test_models_are_split_where_memory_is_short(models):
    opened = [open_model(model) for model in models]
    need = 60_000_000 + 3 * max(c.facts.bytes for c in opened)
    assert list(map(len, memory_groups(opened, None))) == [3]
    assert list(map(len, memory_groups(opened, 2 * need))) == [2, 1]
    assert list(map(len, memory_groups(opened, 0))) == [1, 1, 1]


def test_little_memory_means_no_ratios_but_all_runs(models, tmp_path):
    small = machine(tmp_path, {**PI4, "proc/meminfo": MEMINFO.format(total=90_000, free=50_000)})
    result = measure.measure(BenchmarkJob(models[:1] + models[1:2], rounds=1), system=small)
    assert len(result.runs) == 2
    assert result.ratios == ()
    assert any("memory is too short for it and its float32" in note for note in result.notes)
    assert result.facts.board == "Raspberry Pi 4 Model B Rev 1.4"


def test_what_would_end_a_job_later_ends_it_before_it_measures(models, tmp_path, monkeypatch):
    monkeypatch.setattr(measure, "_measure_group", lambda *_: pytest.fail("measured"))
    other = tmp_path / "other.tsv"
    other.write_text("words\tlabel\na\tb\n")
    for data_, message in ((tmp_path / "none.tsv", "none.tsv"), (other, "text")):
        with pytest.raises(EdgebertError, match=message):
            measure.measure(BenchmarkJob(models[:1], data=str(data_)))
    monkeypatch.setattr(measure, "find_spec", lambda _: None)
    with pytest.raises(EdgebertError, match="tflite-runtime is not installed"):
        measure.measure(BenchmarkJob(models[:1], engines=("auto", "tflite-runtime")))


def test_each_time_another_model_is_started_first(models, monkeypatch):
    class NotedProcess(Process):
        def __init__(self, program, setting, name):
            if program == WORKER:
                started.append(name)
            super().__init__(program, setting, name)

    started = []
    monkeypatch.setattr(measure, "Process", NotedProcess)
    measure.measure(BenchmarkJob(models[:2], rounds=3, processes=3))
    assert started == ["int8", "float32", "float32", "int8", "int8", "float32"]


def test_a_job_survives_its_journey(models):
    job = BenchmarkJob(
        models, lengths=(16, 32), threads=(1, 2), cores="big", data="d", texts="t", rounds=3
    )
    assert BenchmarkJob.from_json(json.dumps(job.to_json())) == job


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"models": ()}, "no model to measure"),
        (
            {"engines": ("auto", "onnx")},
            "engines auto, onnx: known are auto, litert, tflite-runtime",
        ),
        ({"engines": ()}, "engines : known are"),
        ({"threads": (1, 0)}, "threads 1, 0: whole numbers from 1 to 256"),
        ({"threads": ()}, "threads none: whole numbers"),
        ({"rounds": 0}, "rounds is 0; at least 1"),
        ({"processes": 0}, "processes is 0; 1 to 1000 are accepted"),
        ({"min_seconds": -1.0}, "min_seconds is -1.0; 0 to 86400"),
        ({"min_seconds": float("nan")}, "min_seconds is nan"),
    ],
)
def test_jobs_that_make_no_sense(models, change, message):
    with pytest.raises(EdgebertError, match=message):
        replace(BenchmarkJob(models), **change)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "benchmark job: not JSON"),
        ("[]", r"benchmark job is '\[\]', which does not fit"),
        ('{"format": 9}', "format 9; this edgebert takes 1"),
        ('{"format": 1}', r"benchmark job\.models is missing"),
    ],
)
def test_jobs_that_are_none(text, message):
    with pytest.raises(EdgebertError, match=message):
        BenchmarkJob.from_json(text)


def run_as_program(*arguments):
    command = [sys.executable, "-m", "edgebert.benchmarking", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stderr == ""
    (line,) = done.stdout.splitlines()
    return done.returncode, json.loads(line)


def test_the_program_reports_errors_as_events(tmp_path, classifier):
    assert run_as_program() == (
        2,
        {"event": "error", "message": "usage: python -m edgebert.benchmarking JOB.json"},
    )
    status, event = run_as_program(tmp_path / "none.json")
    assert (status, event["message"]) == (
        2,
        f"{tmp_path}/none.json: cannot read: No such file or directory",
    )
    path = tmp_path / "job.json"
    path.write_text(json.dumps(BenchmarkJob((JobModel(str(classifier), "0" * 64, "x"),)).to_json()))
    status, event = run_as_program(path)
    found = hashlib.sha256(classifier.read_bytes()).hexdigest()[:12]
    assert status == 2
    assert event == {
        "event": "error",
        "message": f"{classifier}: not the file that was meant: SHA-256 {found}…, not {'0' * 12}…",
    }
