"""Labels taught to an embedder, and the side file they lie in."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import edgebert
from edgebert.cli.main import app
from edgebert.errors import EdgebertError
from edgebert.runtime import teachable
from edgebert.runtime.taught_file import (
    MOST_LABELS,
    TaughtLabel,
    TaughtLabels,
    read_taught,
    sealed,
    write_taught,
)

FREEZE = ["please freeze my card", "block the card for now"]
RATE = ["what is the exchange rate", "how many dollars for a pound"]
ASKED = ["can you freeze it?", "dollars to euros", "Where is my card?", "東京 ﬁ"]


@pytest.fixture(scope="module")
def file(converted):
    return converted("embed")


@pytest.fixture
def side(tmp_path):
    return tmp_path / "mine.taught"


@pytest.fixture
def model(file, side):
    with edgebert.load(file, taught=side) as found:
        yield found


def answers(model):
    return [model.classify(text) for text in ASKED]


def test_a_text_gets_the_label_of_the_nearest_mean(file, model):
    model.teach("freeze", FREEZE)
    model.teach("rate", RATE)
    with edgebert.load(file) as plain:
        means = np.stack([plain.embed(texts).mean(axis=0) for texts in (FREEZE, RATE)])
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        for text, answer in zip(ASKED, answers(model), strict=True):
            cosines = means @ plain.embed(text)
            odds = np.exp(20 * cosines)
            assert list(answer.scores.values()) == pytest.approx(odds / odds.sum(), abs=0.02)
            assert answer.label == ("freeze", "rate")[int(cosines.argmax())]
            assert answer.abstained is None
    assert [each.label for each in model.batch(ASKED)] == [each.label for each in answers(model)]


def test_more_sentences_are_as_all_of_them_at_once(file, side, tmp_path):
    with (
        edgebert.load(file, taught=side) as one,
        edgebert.load(file, taught=tmp_path / "other") as other,
    ):
        one.teach("rate", RATE[:1])
        one.teach("rate", RATE[1:])
        other.teach("rate", RATE)
        assert one.taught() == other.taught() == {"rate": 2}
        for model in (one, other):
            model.teach("freeze", FREEZE)
        for mine, theirs in zip(answers(one), answers(other), strict=True):
            assert mine.score == pytest.approx(theirs.score, abs=0.02)


def test_forget_and_undo_restore_every_bit(model, side):
    model.teach("freeze", FREEZE)
    model.teach("rate", RATE)
    before, labels = answers(model), json.loads(side.read_text())["labels"]
    model.teach("new", ["something else"])
    assert answers(model) != before
    model.forget("new")
    assert answers(model) == before
    model.teach("rate", ["pounds"])
    assert model.undo() == ("rate",)
    assert answers(model) == before
    assert json.loads(side.read_text())["labels"] == labels
    model.forget("rate")
    assert model.taught() == {"freeze": 2}
    model.undo()
    assert model.taught() == {"freeze": 2, "rate": 2}


def test_what_is_taught_is_there_when_it_is_loaded_again(file, model, side):
    model.teach_all({"freeze": FREEZE, "rate": RATE})
    with edgebert.load(file, taught=side) as again:
        assert answers(again) == answers(model)
    assert answers(pickle.loads(pickle.dumps(model))) == answers(model)
    assert side.stat().st_size < 2 * 2048


def test_what_another_model_taught_meanwhile_is_kept(file, side, model):
    model.teach("freeze", FREEZE)
    with edgebert.load(file, taught=side) as other:
        other.teach("rate", RATE)
        model.teach("freeze", ["lock it"])
        assert model.taught() == {"freeze": 3, "rate": 2}
        other.forget("freeze")
        assert other.taught() == {"rate": 2}
        with edgebert.load(file, taught=side) as fresh:
            assert answers(fresh) == answers(other)


def test_a_side_file_that_nobody_changed_is_not_read_again(model, monkeypatch):
    model.teach("freeze", FREEZE)
    monkeypatch.setattr(teachable, "read_taught", lambda *_: pytest.fail("read again"))
    model.teach("freeze", ["lock it"])
    assert model.taught() == {"freeze": 3}


def test_a_threshold_abstains(file, side, model):
    model.teach_all({"freeze": FREEZE, "rate": RATE})
    with edgebert.load(file, taught=side, threshold=1) as strict:
        assert strict.classify("東京").abstained


@pytest.mark.parametrize(
    ("label", "texts", "said"),
    [
        ("x", [], "no sentences given"),
        ("x", "one text", "one string was given"),
        ("x", None, "a list of sentences is needed; None was given"),
        ("x", ["  "], "has no words"),
        ("x", [7], "a text must be a string"),
        ("", ["a"], "printable characters"),
        ("a\tb", ["a"], "printable characters"),
        ("x" * 101, ["a"], "longer than 100"),
    ],
)
def test_wrong_teaching_are_one_line_and_change_nothing(model, side, label, texts, said):
    model.teach("freeze", FREEZE)
    before = side.read_bytes()
    with pytest.raises(EdgebertError, match=said) as caught:
        model.teach(label, texts)
    assert "\n" not in str(caught.value)
    assert side.read_bytes() == before


def test_more_labels_than_there_can_be_are_refused_whole(model, side, monkeypatch):
    model.teach("freeze", FREEZE)
    before = side.read_bytes()
    with pytest.raises(EdgebertError, match="1,001 labels; at most 1,000"):
        model.teach_all({str(number): ["a"] for number in range(MOST_LABELS)})
    monkeypatch.setattr(model, "_vector", lambda text: pytest.fail("10,000 sentences take long"))
    with pytest.raises(EdgebertError, match="10,000 labels; at most 1,000"):
        model.teach_all({str(number): ["a"] for number in range(10_000)})
    assert side.read_bytes() == before


def test_nothing_taught_nothing_to_forget_nothing_to_undo(model):
    for act, said in (
        (lambda: model.classify("a"), "no label is taught yet"),
        (lambda: model.forget("a"), "taught are: none"),
        (model.undo, "nothing to undo"),
        (lambda: model.embed("a"), "this file is for classify"),
    ):
        with pytest.raises(EdgebertError, match=said):
            act()


def test_a_classifier_is_taught_only_where_it_was_made_for_it(classifier, tmp_path):
    with pytest.raises(EdgebertError, match="convert it with --teachable DATA"):
        edgebert.load(classifier, taught=tmp_path / "t")


DAMAGE = {
    "another model": (lambda d: {**d, "model": "00000000"}, "taught to another model"),
    "later version": (lambda d: {**d, "format": 3}, "format 3; this edgebert reads 2"),
    "version without a checksum": (lambda d: {**d, "format": 1}, "format 1; this edgebert reads 2"),
    "short vector": (
        lambda d: {**d, "labels": {"a": {"texts": 1, "scale": 1.0, "vector": "AAAA"}}},
        "damaged: label 'a'",
    ),
    "scale": (
        lambda d: {**d, "labels": {"a": {**d["labels"]["freeze"], "scale": -1.0}}},
        "damaged: label 'a'",
    ),
    "10,000 labels": (
        lambda d: {**d, "labels": {str(n): d["labels"]["freeze"] for n in range(10_000)}},
        "10,000 labels; at most 1,000",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_side_files_that_are_wrong_are_one_line_and_stay(file, model, side, damage):
    change, said = DAMAGE[damage]
    model.teach("freeze", FREEZE)
    fields = json.loads(side.read_text())
    del fields["crc32"]
    side.write_bytes(sealed(json.dumps(change(fields)).removesuffix("}").encode()))
    wrong = side.read_bytes()
    with pytest.raises(EdgebertError, match=said) as caught:
        edgebert.load(file, taught=side)
    assert "\n" not in str(caught.value)
    with pytest.raises(EdgebertError):
        model.teach("rate", RATE)
    assert side.read_bytes() == wrong


def test_a_side_file_that_was_cut_short_is_told(file, model, side):
    model.teach("freeze", FREEZE)
    side.write_bytes(side.read_bytes()[:-40])
    with pytest.raises(
        EdgebertError, match="no file of taught labels; if it was one, it is damaged"
    ):
        edgebert.load(file, taught=side)


def test_a_side_file_in_which_any_bit_is_another_is_one_line(side):
    label = TaughtLabel.of(np.array([0.5, -1, 0.25], np.float32), 2)
    write_taught(side, TaughtLabels("0badcafe", 3, {"é": label}).changed({"a card": label}))
    data = side.read_bytes()
    assert read_taught(side, "0badcafe", 3).labels == {"é": label, "a card": label}
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        side.write_bytes(flipped)
        with pytest.raises(EdgebertError) as caught:
            read_taught(side, "0badcafe", 3)
        assert "\n" not in str(caught.value)


@given(st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
def test_any_bytes_are_one_clear_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "t"
    path.write_bytes(content)
    with pytest.raises(EdgebertError):
        read_taught(path, "0", 3)


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=9), st.integers(1, 9))
def test_a_vector_survives_within_half_a_step(values, texts):
    mean = np.array(values, np.float32)
    entry = TaughtLabel.of(mean, texts)
    step = float(np.abs(mean).max()) / 127
    assert entry.mean() == pytest.approx(mean, abs=0.51 * step + 1e-6)
    assert TaughtLabels("0", len(values), {"a": entry}).changed({"a": None}).labels == {}


def test_killed_while_teaching_leaves_the_old_or_the_new(file, side):
    code = (
        "import sys, edgebert\n"
        f"with edgebert.load({str(file)!r}, taught={str(side)!r}) as model:\n"
        "    model.teach('a', ['a card'])\n"
        "    print('ready', flush=True)\n"
        "    while True: model.teach('a', ['a card'])\n"
    )
    last = 0
    for wait in (0.0, 0.011, 0.037):
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(wait)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        with edgebert.load(file, taught=side) as model:
            count = model.taught()["a"]
        assert count > last
        last = count


def test_processes_that_teach_at_once_lose_nothing(file, side):
    code = (
        "import sys, edgebert\n"
        f"with edgebert.load({str(file)!r}, taught={str(side)!r}) as model:\n"
        "    print('ready', flush=True)\n"
        "    sys.stdin.readline()\n"
        "    for number in range(20): model.teach(f'{sys.argv[1]} {number}', ['a card'])\n"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for name in "abc"
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"go\n")
        child.stdin.flush()
    for child in children:
        child.communicate()
        assert child.returncode == 0
    with edgebert.load(file, taught=side) as model:
        assert set(model.taught()) == {f"{name} {number}" for name in "abc" for number in range(20)}


def test_the_command_teaches_lists_forgets_and_answers(file, side, tmp_path):
    def run(*arguments, status=0):
        result = CliRunner().invoke(app, [str(each) for each in arguments])
        assert result.exit_code == status, result.output
        return result.stdout + result.stderr

    teach = ("teach", file, "--taught", side)
    assert run(*teach, "freeze", *FREEZE) == "freeze\t2\n"
    data = tmp_path / "more.csv"
    rows = [("freeze", "lock it"), *(("rate", text) for text in RATE)]
    data.write_text("text,label\n" + "".join(f"{text},{label}\n" for label, text in rows))
    assert run(*teach, "--from", data) == "freeze\t3\nrate\t2\n"
    assert json.loads(run(*teach, "--json"))["labels"] == {"freeze": 3, "rate": 2}
    assert "taken back: freeze, rate" in run(*teach, "--undo")
    assert run(*teach) == "freeze\t2\n"
    run(*teach, "--from", data)
    found = json.loads(run("run", file, "--taught", side, RATE[0], "--json"))
    assert found["label"] == "rate"
    assert "abstained" not in found
    outcome = json.loads(run("evaluate", file, "--taught", side, "--data", data, "--json"))
    assert outcome["metrics"]["accuracy"] == 1
    assert "give one of" in run(*teach, "--undo", "--forget", "rate", status=2)
    assert run(*teach, "--forget", "rate") == "freeze\t3\n"
