"""`edgebert benchmark`: what it runs, writes, prints and refuses."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import edgebert.benchmarking.benchmark
from edgebert.benchmarking.benchmark import BenchmarkOutcome
from edgebert.benchmarking.result import BenchmarkReport, read_report
from edgebert.cli.main import app
from tests.benchmarking.reports import in_more_rounds

SAMPLE = Path(__file__).parents[1] / "data" / "benchmark" / "report.json"


def run(*arguments):
    words = ["benchmark", *map(str, arguments)]
    return CliRunner().invoke(app, words, env={"COLUMNS": "140"})  # no name is wrapped


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "intents.tflite"
    path.write_bytes(b"never opened")
    return path


@pytest.fixture
def measured(monkeypatch):
    """Stands in for the measuring; gives what it was asked, and lets the outcome be chosen."""

    class Measured:
        outcome = BenchmarkOutcome(read_report(SAMPLE), ())

        def __call__(self, job, devices, options, *, progress):
            self.job, self.devices, self.options = job, devices, options
            return self.outcome

    stand_in = Measured()
    monkeypatch.setattr(edgebert.benchmarking.benchmark, "benchmark", stand_in)
    return stand_in


def test_a_real_run_from_files_to_report(converted, tmp_path):
    pytest.importorskip("ai_edge_litert")
    int8, float32 = converted("classify"), converted("classify", quantize="float32")
    texts = tmp_path / "texts.txt"
    texts.write_text("Where is my card?\n")
    output = tmp_path / "report.json"
    result = run(int8, float32, "--texts", texts, "--rounds", 2, "-o", output)
    assert result.exit_code == 0, result.output
    report = read_report(output)
    assert [run.model.name for run in report.devices[0].runs] == [int8.stem, float32.stem]
    assert [len(run.rounds) for run in report.devices[0].runs] == [2, 2]
    assert int8.stem in result.stdout
    assert "int8" in result.stdout


def test_an_older_file_is_interleaved_with_a_newer_one(converted, tmp_path):
    pytest.importorskip("ai_edge_litert")
    old, new = converted("classify"), converted("classify", quantize="float32")
    texts = tmp_path / "texts.txt"
    texts.write_text("Where is my card?\n")
    result = run(new, "--compare", old, "--texts", texts, "--rounds", 5, "--json")
    assert result.exit_code == 1, result.output  # float32 is larger
    assert f"worse than before: local: {new.stem} (float32)" in result.stderr
    found = json.loads(result.stdout)
    changes = {each["what"]: each for each in found["comparison"]["changes"]}
    assert (changes["size"]["old"], changes["size"]["new"]) == (
        old.stat().st_size,
        new.stat().st_size,
    )
    (ratio,) = found["devices"][0]["ratios"]
    assert changes["latency"]["ratio"] == ratio["ratio"]
    assert run(old, "--compare", old, "--texts", texts, "--rounds", 2).exit_code == 2  # too few


def test_options_become_a_job(measured, model, tmp_path):
    data, texts, wheel = tmp_path / "d.tsv", tmp_path / "t.txt", tmp_path / "e.whl"
    result = run(
        model, "--device", "local", "--device", "ssh://pi", "--texts", texts, "--lengths", "16, 32",
        "--threads", "1,2,2", "--engine", "litert,tflite-runtime", "--data", data,
        "--min-seconds", "2.5", "--cores", "big", "--python", "/usr/bin/python3", "--wheel", wheel,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    job = measured.job
    assert [(each.path, each.name) for each in job.models] == [(str(model), "intents")]
    assert (job.lengths, job.threads) == ((16, 32), (1, 2))
    assert job.engines == ("litert", "tflite-runtime")
    assert (job.texts, job.data, job.cores) == (str(texts), str(data), "big")
    assert (job.rounds, job.min_seconds) == (None, 2.5)
    assert measured.devices == ("local", "ssh://pi")
    assert (measured.options.python, measured.options.wheel) == ("/usr/bin/python3", wheel)


def test_without_options_it_is_this_machine_one_thread_and_the_shipped_texts(measured, model):
    assert run(model).exit_code == 0
    job = measured.job
    assert measured.devices == ("local",)
    assert (job.engines, job.threads, job.lengths) == (("auto",), (1,), ())
    assert (job.texts, job.data, job.cores, job.rounds) == (None, None, None, None)


def test_the_report_is_written_in_every_form(measured, model, tmp_path):
    paths = [tmp_path / f"report.{kind}" for kind in ("json", "html", "csv")]
    result = run(model, "-o", paths[0], "--html", paths[1], "--csv", paths[2])
    assert result.exit_code == 0, result.output
    assert read_report(paths[0]) == read_report(SAMPLE)
    assert paths[1].read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    assert "intents_2_128" in paths[2].read_text(encoding="utf-8")


def test_json_on_stdout_is_the_report(measured, model):
    result = run(model, "--json")
    assert BenchmarkReport.from_json(result.stdout) == read_report(SAMPLE)
    assert result.stdout.count("\n") == 1


def test_a_comparison_with_an_equal_report_passes(measured, model, tmp_path):
    report = in_more_rounds(read_report(SAMPLE))
    measured.outcome = BenchmarkOutcome(report, ())
    old = tmp_path / "old.json"
    old.write_text(report.to_json())
    result = run(model, "--compare", old)
    assert result.exit_code == 0, result.output
    assert "nothing is worse than before" in result.stdout
    comparison = json.loads(run(model, "--compare", old, "--json").stdout)["comparison"]
    assert comparison["worse"] == 0


def test_a_comparison_of_too_few_rounds_does_not_pass(measured, model):
    result = run(model, "--compare", SAMPLE)
    assert result.exit_code == 2
    assert "no time could be compared" in result.stderr
    assert "nothing is worse" not in result.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "missing/report.json"], "there is no folder"),
        (["-o", "one", "--csv", "one"], "two reports cannot be one file"),
    ],
)
def test_reports_that_could_not_be_written_are_refused_before_measuring(
    measured, model, tmp_path, options, message, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    result = run(model, *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not hasattr(measured, "job")


def test_a_comparison_fails_where_something_is_worse(measured, model, tmp_path):
    report = read_report(SAMPLE)
    device = report.devices[0]
    larger = replace(device.runs[0].model, bytes=2 * device.runs[0].model.bytes)
    runs = (replace(device.runs[0], model=larger), *device.runs[1:])
    measured.outcome = BenchmarkOutcome(replace(report, devices=(replace(device, runs=runs),)), ())
    output = tmp_path / "new.json"
    result = run(model, "--compare", SAMPLE, "-o", output)
    assert result.exit_code == 1
    assert result.stderr.startswith("failed: worse than before: ")
    assert "larger" in result.stdout
    assert output.exists()


def test_what_devices_gave_is_kept_where_others_failed(measured, model, tmp_path):
    measured.outcome = replace(measured.outcome, failures=("ssh://pi: refused", "adb:x: offline"))
    output = tmp_path / "report.json"
    result = run(model, "-o", output)
    assert result.exit_code == 2
    assert result.stderr == "error: ssh://pi: refused; adb:x: offline\n"
    assert output.exists()


def test_nothing_is_written_where_all_devices_failed(measured, model, tmp_path):
    measured.outcome = BenchmarkOutcome(None, ("local: broken",))
    output = tmp_path / "report.json"
    result = run(model, "-o", output)
    assert (result.exit_code, result.stdout) == (2, "")
    assert not output.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rounds", "2", "--min-seconds", "1"], "exclude each other; give one of them"),
        (["--rounds", "0"], "rounds is 0; at least 1 is needed"),
        (["--threads", "1,two"], "--threads 1,two: 'two' is no whole number"),
        (["--threads", "0"], "threads 0: whole numbers from 1 to 256"),
        (["--lengths", "-16"], "--lengths -16: '-16' is no whole number"),
        (["--engine", "onnx"], "engines onnx: known are auto, litert, tflite-runtime"),
        (["-o", SAMPLE], "report.json: exists already; choose another name or add --force"),
        (["--html", SAMPLE.parent], "is a folder; give a file name"),
        (["--compare", "none.json"], "none.json: cannot read"),
        (["--compare", "none.tflite"], "none.tflite: cannot read: No such file"),
    ],
)
def test_wrong_options_are_one_line_before_anything_runs(measured, model, arguments, message):
    result = run(model, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not hasattr(measured, "job")


def test_a_missing_model_is_one_line(measured, tmp_path):
    result = run(tmp_path / "none.tflite")
    assert result.exit_code == 2
    assert "none.tflite: cannot read: No such file or directory" in result.stderr
    assert result.stderr.count("\n") == 1
