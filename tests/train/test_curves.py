"""The report of a run shows what its folder holds."""

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from edgebert.cli.main import app
from edgebert.errors import EdgebertError
from edgebert.train.curves import MOST_POINTS, read_runs, thinned, to_html

runner = CliRunner()


def write_run(path, accuracies=(0.5, 0.9, 0.8), steps=200):
    path.mkdir(parents=True)
    lines = [{"step": s, "loss": 1 / s, "learning_rate": 1e-4} for s in range(1, steps + 1)]
    lines += [{"step": 50 * n, "dev_accuracy": value} for n, value in enumerate(accuracies, 1)]
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    config = {"settings": {"seed": 1, "patience": None}, "task": "<classify>"}
    (path / "config.json").write_text(json.dumps(config))
    return path


@pytest.fixture
def folder(tmp_path):
    write_run(tmp_path / "model" / "runs" / "one")
    write_run(tmp_path / "model" / "runs" / "two", accuracies=(0.6, 0.7))
    return tmp_path / "model"


def test_all_runs_of_a_model_and_a_run_alone_are_read(folder):
    runs = read_runs(folder)
    assert [run.name for run in runs] == ["one", "two"]
    assert runs[0].curves["dev_accuracy"] == [(50, 0.5), (100, 0.9), (150, 0.8)]
    assert runs[0].config == {
        "settings.seed": "1",
        "settings.patience": "null",
        "task": "<classify>",
    }
    (alone,) = read_runs(folder / "runs" / "two")
    assert alone == runs[1]


def test_the_page_draws_every_figure_of_every_run(folder):
    html = to_html(read_runs(folder), "model <x>")
    assert html.count("<svg") == 3
    assert "<x>" not in html
    assert "<classify>" not in html
    charts = dict(re.findall(r'<svg[^>]*aria-label="(\w+)"[^>]*>(.*?)</svg>', html, re.S))
    assert charts["dev_accuracy"].count("<polyline") == 2
    assert charts["dev_accuracy"].count("<circle") == 5
    assert "one, step 100: 0.9" in charts["dev_accuracy"]
    assert charts["loss"].count("<circle") <= 2 * MOST_POINTS


@given(st.integers(1, 500), st.integers(0, 9))
def test_thinning_keeps_the_mean_and_the_last_step(count, seed):
    values = np.random.default_rng(seed).normal(size=count).tolist()
    points = list(enumerate(values, 1))
    found = thinned(points)
    assert len(found) <= MOST_POINTS
    assert found[-1][0] == len(values)
    if len(values) <= MOST_POINTS:
        assert found == points
    if len(values) % len(found) == 0:
        mean = sum(value for _, value in found) / len(found)
        assert mean == pytest.approx(sum(values) / len(values), abs=1e-6)


def test_the_verb_prints_the_best_and_writes_the_page_once(folder, tmp_path):
    page = tmp_path / "page.html"
    result = runner.invoke(app, ["train-report", str(folder), "--html", str(page)])
    assert result.exit_code == 0, result.output
    (row,) = re.findall(r"one +dev_accuracy.*", result.stdout)
    assert row.split() == ["one", "dev_accuracy", "150", "0.8", "0.9", "100"]
    assert page.read_text().startswith("<!doctype html>")
    again = runner.invoke(app, ["train-report", str(folder), "--html", str(page)])
    assert again.exit_code == 2
    assert "exists already" in again.stderr


def test_a_line_that_was_cut_short_is_left_out(folder):
    path = folder / "runs" / "two" / "metrics.jsonl"
    with path.open("a") as file:
        file.write('{"step": 999, "dev_acc')
    assert read_runs(folder)[1].curves["dev_accuracy"][-1] == (100, 0.7)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1e300", "1" + 400 * "0"])
def test_what_is_no_figure_is_not_drawn(folder, tmp_path, value):
    path = folder / "runs" / "two" / "metrics.jsonl"
    with path.open("a") as file:
        file.write(f'{{"step": 300, "loss": {value}, "learning_rate": 0.0}}\n')
    page = tmp_path / "page.html"
    result = runner.invoke(app, ["train-report", str(folder), "--html", str(page)])
    assert result.exit_code == 0, result.output
    assert read_runs(folder)[1].curves["loss"][-1][0] == 200
    assert read_runs(folder)[1].curves["learning_rate"][-1][0] == 300


@pytest.mark.parametrize("step", ["-1", "1" + 400 * "0"])
def test_a_step_that_cannot_be_is_one_line(folder, step):
    path = folder / "runs" / "one" / "metrics.jsonl"
    path.write_text(f'{{"step": {step}, "loss": 1.0}}\n')
    with pytest.raises(EdgebertError, match=r"line 1: .* is no line of metrics"):
        read_runs(folder)


def test_names_are_no_markup(tmp_path):
    run = write_run(tmp_path / "model" / "runs" / "[red]one")
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"step": 201, "[/red]": 1}\n')
    result = runner.invoke(app, ["train-report", str(tmp_path / "model")])
    assert result.exit_code == 0, result.output
    assert re.search(r"\[red\]one +loss ", result.stdout)
    assert re.search(r"\[red\]one +\[/red\] ", result.stdout)


def test_no_run_and_damaged_files_are_one_line(tmp_path, folder):
    with pytest.raises(EdgebertError, match="no run with figures here"):
        read_runs(tmp_path)
    (folder / "runs" / "one" / "metrics.jsonl").write_text("{}\n")
    with pytest.raises(EdgebertError, match=r"metrics.jsonl, line 1: .* is no line of metrics"):
        read_runs(folder)
