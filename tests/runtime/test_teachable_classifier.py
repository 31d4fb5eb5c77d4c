"""Labels taught to a classifier beside its own."""

import base64
import csv
import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("ai_edge_litert", reason="files are written with ai-edge-litert")

import edgebert
from edgebert.arrays import Array
from edgebert.cli.main import app
from edgebert.converter.teach import MOST_LOST, may_lose, whitening
from edgebert.data import read_lines
from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.model_file.read import read_model_file
from edgebert.model_file.teaching import OutsideTexts, Teaching, UnseenTexts
from edgebert.runtime.sessions import open_session
from edgebert.runtime.teachable import TeachableModel
from edgebert.runtime.whitening import NO_REACH, SHARPNESS, Outside, Whitening, levels_of
from tests.conftest import REFERENCE

CHECKPOINT = REFERENCE / "hf_classifier_2x32"
SENTENCES = read_lines("sentences.txt")
LESSON = [text[:40] for text in SENTENCES[:5]]
ASKED = [text[:40] for text in SENTENCES[5:25]]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Parts of sentences; those of a third of the sentences have the same label."""
    path = tmp_path_factory.mktemp("data") / "seen.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("text", "label"))
        for number, text in enumerate(SENTENCES):
            label = ("negative", "neutral", "positive")[number % 3]
            rows.writerows((text[start : start + 40], label) for start in (0, 10, 20))
    return path


@pytest.fixture(scope="module")
def file(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "taught.tflite"
    edgebert.convert(CHECKPOINT, path, task="classify", teachable=data, quantize="float32")
    return path


@pytest.fixture
def side(tmp_path):
    return tmp_path / "mine.taught"


@pytest.fixture
def model(file, side):
    with edgebert.load(file, taught=side) as found:
        yield found


def answers(model):
    return [model.classify(text) for text in ASKED]


def hidden_states(file, texts) -> Array:
    """The [CLS] row of the last layer, by a file that gives all hidden states."""
    whole = file.with_name("encode.tflite")
    if not whole.exists():
        edgebert.convert(CHECKPOINT, whole, task="encode", quantize="float32")
    with edgebert.load(whole) as model:
        return np.stack([model.encode(text)[0] for text in texts])


def test_the_second_output_is_the_hidden_state_of_cls(file):
    session = open_session(file, max_length=64, hidden=True)
    with edgebert.load(file) as model:
        found = np.stack([session.run(model.tokenizer.encode(text).ids)[0] for text in ASKED])
        assert [list(model.classify(text).scores.values()) for text in ASKED] == pytest.approx(
            found[:, :3], abs=1e-6
        )
    # The bias of the last norm is in the matrices that read it: all states are off by the same.
    off = hidden_states(file, ASKED) - found[:, 3:]
    assert off == pytest.approx(np.broadcast_to(off[0], off.shape), abs=1e-4)


def test_the_within_class_covariance_becomes_one():
    random = np.random.default_rng(0)
    labels = random.integers(0, 4, 4000)
    turned, _ = np.linalg.qr(random.normal(size=(6, 6)))
    mixed = random.normal(size=(4000, 6)) * np.linspace(7, 13, 6) @ turned + 50 * labels[:, None]
    _, matrix = whitening(mixed, labels)
    points = mixed @ matrix.T
    apart = points - np.stack([points[labels == label].mean(0) for label in range(4)])[labels]
    covariance = apart.T @ apart / len(apart)
    assert covariance == pytest.approx(np.eye(6), abs=0.15)


def test_a_taught_label_is_by_its_share_and_the_others_stay_as_they_were(file, model):
    with edgebert.load(file) as plain:
        before = answers(plain)
    assert answers(model) == before
    model.teach("mine", LESSON)
    session = open_session(file, max_length=64, hidden=True)
    record = read_model_file(file).record
    assert record.teaching is not None
    space = Whitening(record.teaching, 3, 32)

    def point(text):
        return space.point(session.run(model.tokenizer.encode(text).ids)[0, 3:])

    prototype = np.mean([point(text) for text in LESSON], axis=0)
    prototype /= np.linalg.norm(prototype)
    for text, plain_answer, answer in zip(ASKED, before, answers(model), strict=True):
        own = np.exp(SHARPNESS * (space.centres @ point(text))).sum() * np.exp(space.lead([]))
        taught = np.exp(SHARPNESS * (prototype @ point(text)))
        share = taught / (taught + own)
        assert answer.scores["mine"] == pytest.approx(share, abs=0.02)
        assert sum(answer.scores.values()) == pytest.approx(1, abs=1e-5)
        for label, score in plain_answer.scores.items():
            rest = 1 - answer.scores["mine"]
            assert answer.scores[label] == pytest.approx(score * rest, abs=1e-5)
        assert answer.label == max(answer.scores, key=answer.scores.__getitem__)
    assert [model.classify(text).label for text in LESSON].count("mine") >= 3


def test_taught_labels_take_as_many_unseen_texts_as_they_may_and_no_more(
    data, tmp_path, monkeypatch
):
    """By the answers of the finished file to the very texts, which its record has rounded."""
    texts = [text[start : start + 30] for text in SENTENCES[:80] for start in (3, 7, 13)]
    labels = ("negative", "neutral", "positive")
    dev = tmp_path / "dev.csv"
    with dev.open("w", newline="") as file:
        rows = [(text, labels[number % 3]) for number, text in enumerate(texts)]
        csv.writer(file).writerows([("text", "label"), *rows])
    lost = {}
    for share in (0.0, 0.1):
        monkeypatch.setattr("edgebert.converter.teach.MOST_LOST", share)
        path = tmp_path / f"{share}.tflite"
        edgebert.convert(CHECKPOINT, path, teachable=data, calibrate=dev, min_coverage=1)
        with edgebert.load(path) as plain, edgebert.load(path, taught=tmp_path / "t") as model:
            before = [plain.classify(text).label for text, _ in rows]
            for number in range(4):
                model.teach(f"label {number}", [text[3:33] for text in SENTENCES[number::4]][:3])
            after = [model.classify(text).label for text, _ in rows]
            unseen = model.record.teaching.unseen
        (tmp_path / "t").unlink()
        assert (unseen.data, unseen.rows) == ("dev.csv", len(rows))
        own = [was == label for was, (_, label) in zip(before, rows, strict=True)]
        lost[share] = sum(
            new != old for new, old, is_own in zip(after, before, own, strict=True) if is_own
        )
        assert unseen.may_lose == may_lose(len(rows))
        assert lost[share] == pytest.approx(unseen.may_lose, abs=1.5)
        shown = CliRunner().invoke(app, ["inspect", str(path)]).stdout
        assert f"may take {unseen.may_lose:.2g} of 240 rows" in " ".join(shown.split())
    assert lost[0.1] > 5


@pytest.mark.parametrize(("rows", "most"), [(50, 0), (399, 1), (786, 2.935), (2000, 9.005)])
def test_few_enough_are_lost_of_all_texts_in_expectation(rows, most):
    assert may_lose(rows) == pytest.approx(most, abs=1e-3)
    lead = teaching_lead(np.random.default_rng(0).random((4000, rows)), most)
    # Of numbers drawn evenly from 0 to 1, so many are above it.
    assert 1 - np.mean(lead) == pytest.approx(max(MOST_LOST, 1 / (rows + 1)), rel=0.05)


def teaching_lead(reaches, most):
    """By a record that has so many unseen texts of one number."""
    rows = reaches.shape[1]
    texts = UnseenTexts(
        base64.b64encode(bytes(rows)).decode(), (0.0,) * rows, most, "dev.csv", rows
    )
    one = base64.b64encode(b"\x01").decode()
    space = Whitening(Teaching(one, (1.0,), (0.0,), one, 0.0, "train.csv", 9, texts), 1, 1)
    return [space.lead([NO_REACH._replace(unseen=row)]) for row in reaches]


def test_texts_out_of_scope_scatter_alike_in_their_space():
    """Of many rows a cosine with any of them is as good as one with another: near 0."""
    random = np.random.default_rng(0)
    points = random.normal(size=(4000, 6)) * np.linspace(0.01, 0.3, 6) + np.eye(6)[0]
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    space = Outside(points.astype(np.float32), 199.0)
    found = np.stack([space.direction(point) for point in points.astype(np.float32)])
    assert found.T @ found / len(found) == pytest.approx(np.eye(6) / 6, abs=0.03)
    # 199 of 4,000 may be taken, by all labels together.
    reaches = [space.cosines(each) for each in found[:3]]
    bar = space.bar(reaches)
    assert (np.max(reaches, axis=0) > bar).sum() == 199


def test_taught_labels_leave_texts_out_of_scope_alone(file, side):
    """Where they would take every text, all but those like their sentences are withheld."""
    texts = [text[start : start + 25] for text in SENTENCES[60:160] for start in (0, 9, 18)]
    read = read_model_file(file)
    session = open_session(file, max_length=64, hidden=True)
    tokenizer, teaching = read.tokenizer(), replace(read.record.teaching, lead=-50.0)
    space = Whitening(teaching, 3, 32)
    outputs = [session.run(tokenizer.encode(text).ids)[0] for text in texts]
    points = levels_of(np.stack([space.point(output[3:]) for output in outputs]))[0]
    outside = OutsideTexts(points, 0.05 * (len(texts) + 1) - 1, "outside.txt", len(texts))
    answered = {}
    for known, threshold in ((None, None), (outside, None), (outside, 0.0)):
        changed = replace(
            read, record=replace(read.record, teaching=replace(teaching, outside=known))
        )
        with TeachableModel(
            changed, engine="auto", threads=1, taught=side, threshold=threshold
        ) as model:
            if not model.taught():
                model.teach_all({"one": LESSON[:3], "other": LESSON[3:]})
            found = [[model.classify(text) for text in asked] for asked in (texts, LESSON)]
        assert all(each.label in ("one", "other") for asked in found for each in asked)
        answered[known, threshold] = [sum(not each.abstained for each in asked) for asked in found]
    assert answered[None, None] == answered[outside, 0.0] == [len(texts), len(LESSON)]
    taken, own = answered[outside, None]
    assert 0 < taken <= 0.05 * len(texts)
    assert own == len(LESSON)


def test_forget_and_undo_restore_every_bit(file, model):
    before = answers(model)
    model.teach("mine", LESSON)
    taught = answers(model)
    assert taught != before
    model.forget("mine")
    assert answers(model) == before
    model.undo()
    assert answers(model) == taught
    assert list(model.batch(ASKED)) == taught
    assert answers(pickle.loads(pickle.dumps(model))) == taught
    assert model.labels == ("negative", "neutral", "positive", "mine")
    assert model.selftest().passed
    assert model.run_ids([101, 102]).shape == (1, 3)


def test_a_taught_label_that_is_not_sure_abstains(file, side, model):
    model.teach("mine", LESSON)
    with edgebert.load(file, taught=side, threshold=0.7) as strict:
        found = [strict.classify(text) for text in (*ASKED, *LESSON)]
    assert [each.abstained for each in found] == [each.score < 0.7 for each in found]


def test_a_side_file_is_for_the_classifier_that_taught_it(model, side, data, tmp_path):
    model.teach("mine", LESSON)
    other = tmp_path / "other.tflite"
    edgebert.convert(CHECKPOINT, other, task="classify", teachable=data, quantize="float16")
    with pytest.raises(EdgebertError, match="taught to another model"):
        edgebert.load(other, taught=side)


def test_wrong_teaching_and_files_are_one_line(model, classifier, data, tmp_path):
    with pytest.raises(EdgebertError, match="'neutral' is one of the file's own"):
        model.teach("neutral", LESSON)
    with pytest.raises(EdgebertError, match="convert it with --teachable DATA"):
        edgebert.load(classifier, taught=tmp_path / "t")
    output = tmp_path / "x.tflite"
    for options, said in (
        ({"task": "embed"}, "every file for embed can be taught"),
        ({"task": "encode"}, "not for encode"),
        ({"quantize": "int8-full"}, "teachable: for --quantize"),
        ({"lengths": [16]}, "leave --length out"),
    ):
        with pytest.raises(EdgebertError, match=said):
            edgebert.convert(CHECKPOINT, output, teachable=data, **options)
    few = tmp_path / "few.csv"
    for rows, said in ((1, "1 rows to learn from"), (100, "all rows have one label")):
        few.write_text("text,label\n" + "fine,positive\n" * rows)
        with pytest.raises(CheckFailedError, match=said):
            edgebert.convert(CHECKPOINT, output, teachable=few)
    assert not output.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"matrix": base64.b64encode(b"abc").decode()}, r"int8 \[32, 32\]"),
        ({"centres": "?"}, r"int8 \[3, 32\]"),
        ({"shift": (1.0,)}, "not 32 wide"),
        ({"unseen": UnseenTexts("abcd", (1.0,), 0, "dev.csv", 9)}, r"int8 \[1, 32\]"),
        (
            {"unseen": UnseenTexts("", (), 0, "dev.csv", 9)},
            "0 unseen texts, of which 0 may be lost",
        ),
        ({"outside": OutsideTexts("", 0, "o.txt", 9)}, "0 texts out of scope, of which 0 may be"),
        ({"outside": OutsideTexts("?" * 43, 0, "o.txt", 9)}, r"int8 \[1, 32\]"),
        (
            {"outside": OutsideTexts(base64.b64encode(bytes(range(32)) * 2).decode(), 0, "o", 9)},
            "texts out of scope that are all the same",
        ),
    ],
)
def test_damage_of_what_is_for_teaching_is_one_line(file, change, said):
    teaching = read_model_file(file).record.teaching
    assert teaching is not None
    with pytest.raises(EdgebertError, match=said):
        Whitening(replace(teaching, **change), 3, 32)


def test_the_command_teaches_a_classifier(file, side):
    def run(*arguments):
        result = CliRunner().invoke(app, [str(each) for each in arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    assert run("teach", file, "--taught", side, "mine", *LESSON) == "mine\t5\n"
    found = json.loads(run("run", file, "--taught", side, LESSON[0], "--json"))
    assert set(found["scores"]) == {"negative", "neutral", "positive", "mine"}
    assert "teachable" in run("inspect", file)
