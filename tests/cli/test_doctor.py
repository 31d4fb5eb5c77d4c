"""`edgebert doctor`: a table or JSON, and a status that scripts can use."""

import json

import pytest
from typer.testing import CliRunner

from edgebert.cli.main import app
from edgebert.runtime import doctor
from edgebert.runtime.doctor import Diagnosis

WORKS = (
    Diagnosis("Python", "ok", "3.11.2"),
    Diagnosis("ai-edge-litert", "ok", "2.3.0"),
    Diagnosis("numpy", "ok", "2.4.6"),
    Diagnosis("memory", "warn", "100 MB free", "close [something]"),
)
NO_ENGINE = (
    Diagnosis("ai-edge-litert", "missing", "not installed", "pip install ai-edge-litert"),
    Diagnosis("numpy", "ok", "2.4.6"),
)


@pytest.fixture
def run(monkeypatch):
    def run(findings, *arguments):
        monkeypatch.setattr(doctor, "examine", lambda: findings)
        return CliRunner().invoke(app, ["doctor", *arguments], env={"COLUMNS": "100"})

    return run


def test_a_row_for_each_finding_with_its_advice(run):
    result = run(WORKS)
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[1] == ["ok", "ai-edge-litert", "2.3.0"]
    assert rows[3] == ["warn", "memory", "100", "MB", "free;", "close", "[something]"]
    assert (result.exit_code, result.stderr) == (0, "")


def test_no_engine_exits_with_1_and_still_shows_the_advice(run):
    result = run(NO_ENGINE)
    assert result.exit_code == 1
    assert "pip install ai-edge-litert" in result.stdout
    assert result.stderr.startswith("failed: edgebert cannot run here")


@pytest.mark.parametrize(("findings", "usable"), [(WORKS, True), (NO_ENGINE, False)])
def test_json(run, findings, usable):
    result = run(findings, "--json")
    report = json.loads(result.stdout)
    assert report["usable"] is usable
    assert result.exit_code == (0 if usable else 1)
    assert report["findings"][0] == {
        "name": findings[0].name,
        "status": findings[0].status,
        "found": findings[0].found,
        "advice": findings[0].advice,
    }
    assert len(report["findings"]) == len(findings)
