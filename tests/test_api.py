"""What the program does, from Python: with a path or with a model, which then stays open."""

from pathlib import Path

import pytest

import edgebert

PAIRS = Path(__file__).parent / "data" / "pairs.tsv"


def test_evaluate_takes_a_path_or_a_model(embedder):
    found = edgebert.evaluate(embedder, PAIRS)
    with edgebert.load(embedder) as model:
        assert edgebert.evaluate(model, str(PAIRS)).metrics == found.metrics
        assert model.embed("still open").shape == (32,)
    assert isinstance(found, edgebert.Evaluation)


def test_compare_gates_a_loss(embedder):
    found = edgebert.compare(embedder, embedder, PAIRS, gate=edgebert.Gate(0))
    assert set(found.differences.values()) == {0.0}
    found.require(edgebert.Gate(0))
    with pytest.raises(edgebert.EdgebertError, match="metric 'f2' is unknown"):
        edgebert.compare(embedder, "none.tflite", PAIRS, gate=edgebert.Gate(0, "f2"))


def test_search_finds_what_an_open_search_finds(embedder, tmp_path):
    corpus = tmp_path / "faq.txt"
    corpus.write_text("Where is my card?\nHow do I get my money back?\n")
    hits = edgebert.search(str(embedder), str(corpus), "Where is my card?", top=1)
    assert [hit.text for hit in hits] == ["Where is my card?"]
    with edgebert.load(embedder) as model:
        assert edgebert.open_search(model, corpus)("Where is my card?", 1) == hits


def test_benchmark_takes_one_model_or_several(embedder):
    outcome = edgebert.benchmark(embedder, rounds=1, processes=1, lengths=8)
    assert outcome.failures == ()
    assert len(outcome.report.devices[0].runs) >= 1
    with pytest.raises(edgebert.EdgebertError, match="exclude each other"):
        edgebert.benchmark([embedder], rounds=1, min_seconds=1)
