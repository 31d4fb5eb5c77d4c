"""`edgebert pick`: one model named, or exit status 1."""

import json

import pytest
from typer.testing import CliRunner

from edgebert.cli.main import app
from tests.benchmarking.reports import HOSTILE, SAMPLE, device, model, report, run, sample_json

FITTING = ["--max-ms", "2", "--max-mb", "20", "--min-accuracy", "0.87"]


def call(path, *arguments, columns="100"):
    return CliRunner().invoke(app, ["pick", str(path), *arguments], env={"COLUMNS": columns})


def written(tmp_path, value):
    path = tmp_path / "report.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def test_the_model_to_ship_is_the_first_line():
    result = call(SAMPLE, *FITTING)
    assert (result.exit_code, result.stderr) == (0, "")
    first, why, *settings = result.stdout.splitlines()
    assert first == "ship intents_4_256"
    assert why.startswith("the only model that fits: 1.80 ms, 11.6 MB, 0.8919 (questions, local")
    assert "on local: ai-edge-litert 2.3.0, 1 thread" in settings
    assert "accuracy 2.8 % off" in result.stdout
    assert "1 more, farther outside" in result.stdout


def test_the_output_fits_100_columns():
    assert max(map(len, call(SAMPLE, *FITTING).stdout.splitlines())) <= 100


def test_one_device_and_one_length():
    result = call(SAMPLE, "--max-ms", "1", "--device", "local", "--input", "16")
    assert result.stdout.startswith("ship intents_4_256\n")
    assert "0.452 ms" in result.stdout
    assert "ssh" not in result.stdout


def test_nothing_fits():
    result = call(SAMPLE, "--max-ms", "0.01")
    assert result.exit_code == 1
    assert result.stderr == f"failed: {SAMPLE}: no model fits the limits\n"
    assert "just outside" in result.stdout


def test_json():
    result = call(SAMPLE, *FITTING, "--json")
    choice = json.loads(result.stdout)
    assert choice["best"]["model"] == "intents_4_256"
    assert choice["best"]["p50_ms"] == pytest.approx(1.80023)
    assert [each["device"] for each in choice["best"]["runs"]] == choice["devices"]
    assert choice["near"][0]["over"] == {"accuracy": pytest.approx((0.87 - 0.8461) / 0.87)}
    assert json.loads(call(SAMPLE, "--max-ms", "0.01", "--json").stdout)["best"] is None


def test_names_of_a_report_cannot_play_with_the_terminal(tmp_path):
    runs = (run(model(f"[red]{HOSTILE}[/x]{n}"), n) for n in (1, 2, 10))
    hostile = report(device(*runs, name=f"[/x]{HOSTILE}"))
    result = call(written(tmp_path, json.loads(hostile.to_json())), "--max-ms", "9")
    assert result.exit_code == 0
    assert result.stdout.count("[red]<script>") >= 3
    assert all(line.isprintable() for line in result.stdout.splitlines())


def broken(change):
    value = sample_json()
    change(value)
    return value


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("nonsense", "not JSON"),
        ("[]", "not a benchmark report"),
        ("[" * 100_000, "not JSON"),
        (broken(lambda r: r.update(format=3)), "format 3"),
        (broken(lambda r: r.update(devices=[])), "holds no run"),
        (broken(lambda r: r["devices"][0].update(runs="many")), "does not fit"),
        (broken(lambda r: r["devices"][0]["runs"][0]["stats"].update(p50=float("nan"))), "nan"),
        (broken(lambda r: r["devices"][0]["runs"][0]["stats"].update(p50=1e300)), "1e+300"),
        (broken(lambda r: r["devices"][0]["runs"][0]["model"].update(bytes=-1)), "is -1"),
        (broken(lambda r: r["devices"][0]["runs"][0]["model"].update(bytes=10**30)), "no device"),
        (broken(lambda r: r["devices"][0]["ratios"][0].update(run=99)), "a ratio is of 99"),
    ],
)
def test_a_report_that_is_none_is_one_line(tmp_path, value, line):
    result = call(written(tmp_path, value))
    assert result.exit_code == 2, result.output
    assert line in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_no_such_file(tmp_path):
    result = call(tmp_path / "none.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "No such file" in result.stderr
