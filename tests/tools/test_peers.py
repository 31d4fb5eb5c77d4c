"""Peers take turns fairly, and a real worker answers as the model does."""

import sys
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

import edgebert
from edgebert.benchmarking.statistics import Ratio
from edgebert.checkpoints.folder import open_folder
from tests.conftest import REFERENCE, SOURCES
from tools.devices.emulated_pi.count import Count
from tools.fixtures.random_weights import VOCABULARY
from tools.peers import boards, compare, models
from tools.peers.boards import STATIC, Counted, count_everybody
from tools.peers.compare import Outcome, PeerTimes, outcomes, race_texts, summary, table
from tools.peers.environments import CTRANSLATE2, EDGEBERT, LLAMA, PADDED
from tools.peers.running import RunningPeer


class Recorded:
    """A peer that takes a fixed time, and notes when its turn came."""

    def __init__(self, name, took, order):
        self.name, self.took, self.order = name, took, order

    def answer(self, texts):
        self.order += [self.name + text for text in texts]
        return [({"wall": self.took, "cpu": self.took / 2}, np.array([0.0])) for _ in texts]


@pytest.mark.parametrize(
    ("in_a_row", "order"),
    [
        (1, ["a1", "b1", "c1", "b2", "c2", "a2", "c3", "a3", "b3"]),
        (2, ["a1", "a2", "b1", "b2", "c1", "c2", "b3", "c3", "a3"]),
    ],
)
def test_every_text_is_given_to_everybody_and_another_one_begins(in_a_row, order):
    found = []
    peers = {name: Recorded(name, 1.0, found) for name in "abc"}
    tracks = race_texts(peers, ["1", "2", "3"], in_a_row)
    assert found == order
    assert [len(track.answers) for track in tracks.values()] == [3, 3, 3]


def test_outcomes_are_against_edgebert_without_the_warm_up():
    tracks = {
        EDGEBERT.name: PeerTimes({"wall": [99.0, 2.0, 4.0], "cpu": [1.0, 1.0, 1.0]}, []),
        PADDED.name: PeerTimes({"wall": [1.0, 6.0, 12.0], "cpu": [9.0, 5.0, 5.0]}, []),
    }
    ours, theirs = outcomes("c", tracks, skip=1)
    assert (ours.wall, ours.cpu, ours.microseconds) == (None, None, 1.0)
    assert astuple(theirs.wall) == pytest.approx((3.0, 3.0, 3.0))
    assert astuple(theirs.cpu) == pytest.approx((5.0, 5.0, 5.0))
    assert ours.peer == f"edgebert {edgebert.__version__}"
    assert theirs.peer == f"TFLite padded to 128 {PADDED.packages[0].partition('==')[2]}"


def test_the_table_judges_only_where_there_is_something_to_judge():
    plain = Outcome("fast", "edgebert 1", 5.0, None, None)
    judged = Outcome("exact", "edgebert 1", 5.0, None, None, spearman=0.5, cosine=0.99)
    text = table([judged, plain], load="1 on 2 cores")
    assert text.count("Spearman") == 1
    assert "| edgebert 1 | 5 | 1 | 1 | 0.5000 | 0.9900 |" in text
    assert "| edgebert 1 | 5 | 1 | 1 |\n" in text + "\n"
    assert "Not raced: ONNX Runtime, OpenVINO," in text
    assert "edgebert, ONNX" not in text


def test_the_summary_has_what_was_in_a_row_and_says_where_we_are_slower_for_certain():
    def outcome(contest, peer, *cpu):
        return Outcome(contest, peer, 5.0, Ratio(*cpu) if cpu else None, None)

    found = [
        outcome("MiniLM, 9 texts in a row, text to vector", "edgebert 1"),
        outcome("MiniLM, 9 texts in a row, text to vector", "a 1", 0.9, 0.8, 0.95),
        outcome("MiniLM, 9 texts in a row, text to vector", "b 1", 0.9, 0.8, 1.01),
        outcome("2/128, 9 texts in a row, text to scores", "edgebert 1"),
        outcome("2/128, 9 texts in a row, text to scores", "b 1", 2.0, 1.9, 2.1),
        outcome("2/128, 9 texts now and then, text to scores", "b 1", 7.0, 7.0, 7.0),
        outcome("2/128, 32 tokens, the graph alone", "b 1", 7.0, 7.0, 7.0),
    ]
    assert summary(found).splitlines()[2:] == [
        "| | MiniLM | 2/128 |",
        "|---|---|---|",
        "| a 1 | **0.90** |  |",
        "| b 1 | 0.90 | 2.00 |",
    ]


def test_tables_are_written_where_the_pages_have_marks_for_them():
    for page, mark in (
        (compare.PAGE, "peers"),
        (compare.README, "peers"),
        (boards.PAGE, "peers"),
        (compare.README, "boards"),
    ):
        assert f"<!-- {mark} -->\n" in page.read_text()
        assert f"<!-- end of {mark} -->" in page.read_text()


def test_whoever_does_not_run_on_a_board_is_left_out(monkeypatch, capsys):
    def count(pi, board, model, tokens):
        return [Count(board, str(model), n, 1000 * n) for n in tokens]

    def count_peer(pi, board, name, model, lengths):
        if (name, board) == (LLAMA.name, "pi5"):
            raise RuntimeError("no such instruction")
        return [10 * n for n in lengths]

    monkeypatch.setattr(boards, "COUNTED", ("pi4", "pi5"))
    monkeypatch.setattr(boards, "count", count)
    monkeypatch.setattr(boards, "count_peer", count_peer)
    files = dict.fromkeys((EDGEBERT.name, STATIC, CTRANSLATE2.name, LLAMA.name), Path("x"))
    found = list(count_everybody(None, "MiniLM", files, (24, 128)))
    assert [each.engine for each in found] == [EDGEBERT.name, STATIC, CTRANSLATE2.versioned]
    assert found[2].instructions == {
        ("pi4", 24): 240,
        ("pi4", 128): 1_280,
        ("pi5", 24): 240,
        ("pi5", 128): 1_280,
    }
    assert "llama.cpp: left out: no such instruction" in capsys.readouterr().err


def test_what_others_do_with_less_is_bold():
    counted = [
        Counted("MiniLM", engine, {("pi4", 24): first, ("pi4", 128): second})
        for engine, first, second in (
            (EDGEBERT.name, 20_000_000, 90_000_000),
            (STATIC, 10_000_000, 50_000_000),
            ("MNN 3", 19_000_000, 91_000_000),
        )
    ]
    assert boards.table(counted).splitlines()[2:] == [
        "| edgebert | 20.0 | 90.0 |",
        "| edgebert, int8-static | 10.0 | 50.0 |",
        "| MNN 3 | **19.0** | 91.0 |",
    ]


def test_a_worker_answers_as_the_model_does(classifier, tmp_path):
    texts = ["Where is my card?", "no"]
    log = tmp_path / "log"
    with RunningPeer(EDGEBERT, sys.executable, classifier, VOCABULARY, log) as peer:
        found = peer.answer(texts)
        invoked = peer.invoke([1, 2, 3], repeats=3)
    with edgebert.load(classifier) as model:
        for (times, answer), text in zip(found, texts, strict=True):
            assert answer == pytest.approx(list(model(text).scores.values()))
            assert times["wall"] > 0
    assert invoked["wall"] > 0


def test_a_peer_whose_model_cannot_be_made_is_left_out_and_a_model_is_made_once(
    tmp_path, monkeypatch, capfd
):
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text("import sys; open(sys.argv[2], 'a').write('made')")
    bad.write_text("raise SystemExit('no such package')")
    exports = [
        models.Export(EDGEBERT, EDGEBERT, str(good), ".good"),
        models.Export(PADDED, EDGEBERT, str(bad), ".bad"),
    ]
    monkeypatch.setattr(models, "_exports", lambda texts: exports)
    monkeypatch.setattr(models, "environment", lambda peer, folder: sys.executable)
    stsb = tmp_path / "stsb"
    stsb.mkdir()
    (stsb / "train.tsv").write_text("sentence1\tsentence2\nOne.\tTwo.\n")
    material = models.BenchmarkData(tmp_path, stsb, tmp_path, tmp_path)
    folder = tmp_path / "build/models"
    folder.mkdir(parents=True)
    checkpoint = open_folder(REFERENCE / SOURCES["classify"])
    for _ in range(2):
        made = models._made(checkpoint, material, folder, "x", embeds=False)
        assert made == {EDGEBERT.name: folder / "x.good"}
    assert made[EDGEBERT.name].read_text() == "made"
    assert f"{PADDED.name}: left out: " in capfd.readouterr().err


def test_a_worker_that_ends_is_told_with_what_it_said(tmp_path):
    missing = tmp_path / "x.tflite"
    with pytest.raises(RuntimeError, match=r"edgebert ended: (.|\n)*x\.tflite"):
        RunningPeer(EDGEBERT, sys.executable, missing, VOCABULARY, tmp_path / "log")
