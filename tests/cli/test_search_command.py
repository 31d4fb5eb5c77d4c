"""`edgebert search` as a user sees it."""

import json

import pytest
from typer.testing import CliRunner

from edgebert.cli.main import app

DOCUMENTS = ["Where is my card?", "What is the exchange rate?", "The \x1b[31mred\x1b[0m fox."]


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "docs.txt"
    path.write_text("\n".join(DOCUMENTS), encoding="utf-8")
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["search", *(str(argument) for argument in arguments)])


def test_documents_best_first(embedder, corpus):
    result = run(embedder, "--corpus", corpus, DOCUMENTS[1], "--top", 2)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert len(lines) == 2
    score, text = lines[0].split("  ", 1)
    assert (text, float(score)) == (DOCUMENTS[1], pytest.approx(1, abs=0.01))


def test_several_queries_as_json(embedder, corpus, tmp_path):
    arguments = [embedder, "--corpus", corpus, "--index", tmp_path / "i", *DOCUMENTS[:2], "--json"]
    outcome = json.loads(run(*arguments).stdout)
    assert outcome["built"]
    assert (outcome["documents"], outcome["truncated"]) == (3, 0)
    assert outcome["index"] == str(tmp_path / "i")
    assert [result["query"] for result in outcome["results"]] == DOCUMENTS[:2]
    assert [result["hits"][0]["line"] for result in outcome["results"]] == [1, 2]
    assert not json.loads(run(*arguments).stdout)["built"]


def test_a_document_cannot_play_with_the_terminal(embedder, corpus):
    assert "\x1b" not in run(embedder, "--corpus", corpus, "fox").stdout


def test_cut_off_documents_are_told(embedder, corpus):
    corpus.write_text("word " * 3000 + "\nshort\n")
    result = run(embedder, "--corpus", corpus, "word")
    assert result.exit_code == 0
    assert "warning: 1 of 2 documents are longer than" in result.stderr


def test_wrong_input_is_one_line(classifier, embedder, corpus, tmp_path):
    for arguments, message in (
        ([classifier, "--corpus", corpus, "x"], "search needs a model for embed"),
        ([embedder, "--corpus", tmp_path / "none.txt", "x"], "none.txt: cannot read"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
