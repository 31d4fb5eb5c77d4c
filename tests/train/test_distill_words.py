"""Taggers and answerers teach, word by word, students of their own vocabulary and of another."""

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

import edgebert
from edgebert.errors import EdgebertError
from edgebert.evaluation.texts import Text
from edgebert.progress import silent
from edgebert.runtime.answer_json import to_json
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train.backend import tf
from edgebert.train.batching import IGNORE_INDEX
from edgebert.train.distillation.distill import distill
from edgebert.train.distillation.options import DistillationOptions
from edgebert.train.distillation.soft_words import SoftWords, answer_scores, tag_scores
from edgebert.train.distillation.teacher import CheckpointTeacher
from edgebert.train.distillation.teacher_file import FileTeacher
from edgebert.train.distillation.transfer_set import TransferSet
from edgebert.train.distillation.words import ANSWER, TAG
from edgebert.train.finetuning.answer import context_windows, window_target
from edgebert.train.finetuning.finetune import FineTuningSpec, finetune
from edgebert.train.losses import FIRST, LAST, span_cross_entropy
from edgebert.train.settings import Settings
from tests.train import words

LABELS = ("O", "B-LOC", "I-LOC")
QUICK = Settings(epochs=6, batch_size=16, learning_rate=1e-2, dropout=0.0)
OTHER = (*words.VOCABULARY[:5], *reversed(words.VOCABULARY[5:]))
"""The same pieces, each with another number."""


@pytest.fixture
def tokenizer():
    return words.checkpoint().make_tokenizer()


def said(places, scores):
    return SoftWords(np.array(places).reshape(-1, 2), np.float32(scores).reshape(len(places), -1))


def test_each_word_has_what_the_teacher_says_where_it_stands(tokenizer):
    paris, of = [0.1, 0.7, 0.2], [0.8, 0.1, 0.1]
    rows = tag_scores("films paris.", said([(6, 11), (0, 5)][::-1], [of, paris]), LABELS, tokenizer)
    pieces = [tokenizer.piece(each) for each in tokenizer.encode("films paris.").ids]
    assert pieces == ["[CLS]", "film", "##s", "paris", ".", "[SEP]"]
    nothing = [0, 0, 0]
    np.testing.assert_allclose(rows, [nothing, of, nothing, paris, nothing, nothing])


def test_what_is_one_word_to_the_teacher_alone_begins_one_entity(tokenizer):
    rows = tag_scores("a.a bob", said([(0, 3), (4, 7)], [[0.2, 0.7, 0.1]] * 2), LABELS, tokenizer)
    first, inside = [0.2, 0.7, 0.1], [0.2, 0.0, 0.8]
    np.testing.assert_allclose(rows[1:5], [first, inside, inside, first], rtol=1e-6)


CONTEXT = "the film was good and the actor ann was in paris and the plot was very poor " * 3


def test_a_sure_answerer_teaches_the_marks_of_the_right_answer():
    tokenizer = Tokenizer(words.VOCABULARY, replace(words.checkpoint().tokenizer, max_length=16))
    start = CONTEXT.index("ann was")
    places = [(start, start + 3), (start + 4, start + 7)]
    sure = said(places, [[1, 0], [0, 1]])
    offsets = tokenizer.offsets(CONTEXT)
    first = next(at for at, (begin, _) in enumerate(offsets) if begin == start)
    windows = list(context_windows("the film", CONTEXT, tokenizer))
    assert len(windows) > 3
    inside = 0
    for window in windows:
        rows = answer_scores(window, sure, offsets)
        np.testing.assert_allclose(rows.sum(axis=0), 1)
        if (window.start <= first < window.end) == (window.start <= first + 1 < window.end):
            marks = np.array(window_target(window, (first, first + 1)))
            assert np.array_equal(rows[:, 0] == 1, marks & FIRST > 0)
            assert np.array_equal(rows[:, 1] == 1, marks & LAST > 0)
            inside += marks[0] == 0
    assert inside


def test_what_an_answerer_thinks_likely_outside_a_window_goes_to_no_answer(tokenizer):
    tokenizer = Tokenizer(words.VOCABULARY, replace(words.checkpoint().tokenizer, max_length=16))
    ends = said([(0, 3), (len(CONTEXT) - 5, len(CONTEXT) - 1)], [[0.5, 0.4], [0.2, 0.3]])
    first, *_, last = context_windows("the film", CONTEXT, tokenizer)
    offsets = tokenizer.offsets(CONTEXT)
    np.testing.assert_allclose(answer_scores(first, ends, offsets)[0], [0.5, 0.6], rtol=1e-6)
    np.testing.assert_allclose(answer_scores(last, ends, offsets)[0], [0.8, 0.7], rtol=1e-6)


def test_of_a_sure_teacher_soft_and_hard_losses_are_the_same():
    logits = tf.constant(np.random.default_rng(1).normal(size=(2, 4, 3)), tf.float32)
    target = np.int32([[IGNORE_INDEX, 1, 2, 0], [0, 1, IGNORE_INDEX, IGNORE_INDEX]])
    sure = np.where(target[..., None] == np.arange(3), 1.0, 0.0).astype(np.float32)
    hard, known = TAG.hard_loss(logits, tf.constant(target))
    np.testing.assert_allclose(TAG.soft_loss(logits, tf.constant(sure), 1.0), hard, rtol=1e-5)
    assert known.numpy().tolist() == [True, True]
    nothing = tf.fill([2, 4], IGNORE_INDEX)
    assert TAG.hard_loss(logits, nothing)[1].numpy().tolist() == [False, False]


def test_the_loss_of_answers_is_that_of_right_ones_and_padding_has_no_part():
    logits = np.random.default_rng(2).normal(size=(2, 4, 2)).astype(np.float32)
    target = np.int32([[0, FIRST, LAST, 0], [FIRST | LAST, 0, 0, IGNORE_INDEX]])
    mask = np.int32(target != IGNORE_INDEX)
    expected = span_cross_entropy(tf.constant(logits), {"target": target, "mask": mask})
    hard, known = ANSWER.hard_loss(tf.constant(logits), tf.constant(target))
    assert float(tf.reduce_mean(hard)) == pytest.approx(float(expected), rel=1e-5)
    assert known.numpy().tolist() == [True, True]
    sure = np.stack([(target & FIRST > 0), (target & LAST > 0)], axis=-1).astype(np.float32)
    sure[target == IGNORE_INDEX] = IGNORE_INDEX
    soft = ANSWER.soft_loss(tf.constant(logits), tf.constant(sure), 1.0)
    np.testing.assert_allclose(soft, hard, rtol=1e-5)
    logits[1, 3] = 50
    np.testing.assert_allclose(ANSWER.soft_loss(tf.constant(logits), tf.constant(sure), 1.0), soft)
    unknown = tf.constant(np.int32([[0, 0, 0, 0], [0, 0, 0, IGNORE_INDEX]]))
    assert ANSWER.hard_loss(tf.constant(logits), unknown)[1].numpy().tolist() == [False, False]


@pytest.fixture(scope="module")
def teachers(tmp_path_factory):
    """A tagger and an answerer that have learned their tasks."""
    folder, found = tmp_path_factory.mktemp("teachers"), {}
    for task in ("tag", "answer"):
        train = words.WRITERS[task](folder / f"{task}.json" if task == "answer" else folder / task)
        spec = FineTuningSpec(task, train)
        finetune(words.checkpoint(3), spec, folder / f"{task}-teacher", (QUICK,))
        found[task] = folder / f"{task}-teacher"
    return found


def unlabelled(task, path):
    """Texts of the task without labels, as the teacher is asked."""
    random = np.random.default_rng(11)
    with path.open("w") as file:
        for text, _ in words.sentences(400, 12):
            whole = text.split()
            names = words.NAMES if task == "tag" else ("paris", "london")
            whole.insert(random.integers(len(whole) + 1), str(random.choice(names)))
            asked = {"text": "the film", "pair": " ".join(whole)}
            file.write(json.dumps(asked if task == "answer" else {"text": asked["pair"]}) + "\n")
    return path


def dev_of(task, folder):
    name = "dev.json" if task == "answer" else "dev.conll"
    return words.WRITERS[task](folder / name, count=60, seed=9)


def open_teacher(task, teachers):
    from edgebert.checkpoints.folder import open_folder

    return CheckpointTeacher(open_folder(teachers[task]))


@pytest.mark.parametrize("vocabulary", [words.VOCABULARY, OTHER])
@pytest.mark.parametrize("task", ["tag", "answer"])
def test_a_student_learns_words_from_texts_without_labels(task, vocabulary, teachers, tmp_path):
    transfer = TransferSet((unlabelled(task, tmp_path / "t.jsonl"),), dev=dev_of(task, tmp_path))
    student = words.checkpoint(7, vocabulary=vocabulary)
    report = distill(open_teacher(task, teachers), student, transfer, tmp_path / "out", (QUICK,))
    assert report.metrics["f1"] > 0.9
    assert (tmp_path / "out" / "teacher" / "words.jsonl").exists()


@pytest.mark.parametrize("task", ["tag", "answer"])
def test_right_labels_are_learned_beside_what_the_teacher_says(task, teachers, tmp_path):
    name = "train.json" if task == "answer" else "train.conll"
    labelled = words.WRITERS[task](tmp_path / name, count=200)
    transfer = TransferSet((), labelled, dev=dev_of(task, tmp_path))
    transfer.check_first()
    options = DistillationOptions(hard=1.0)  # so a wrong mark of what is right would show
    teacher, out = open_teacher(task, teachers), tmp_path / "out"
    report = distill(teacher, words.checkpoint(7), transfer, out, (QUICK,), options=options)
    assert report.metrics["f1"] > 0.9


@pytest.mark.parametrize("task", ["tag", "answer"])
def test_scores_that_run_wrote_are_those_of_the_checkpoint(task, teachers, tmp_path):
    edgebert.convert(teachers[task], tmp_path / "x.tflite", quantize="float32")
    asked = [json.loads(line) for line in unlabelled(task, tmp_path / "t.jsonl").open()][:40]
    with edgebert.load(tmp_path / "x.tflite") as model, (tmp_path / "said.jsonl").open("w") as file:
        for each in asked:
            reply = model.reply(each["text"], each.get("pair"), scores=True)
            file.write(json.dumps(to_json(model, each["text"], each.get("pair"), reply)) + "\n")
    texts = [Text(each["text"], each.get("pair"), "a line") for each in asked]
    checkpoint, file = open_teacher(task, teachers), FileTeacher(tmp_path / "said.jsonl")
    assert (file.task, file.labels) == (task, checkpoint.labels)
    pairs = zip(
        checkpoint.scores(texts, "same", tmp_path / "kept", silent),
        file.scores(texts, "same", tmp_path, silent),
        strict=True,
    )
    for one, other in pairs:
        assert np.array_equal(one.places, other.places)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-6)


def test_words_that_are_there_are_not_asked_for_again(teachers, tmp_path):
    teacher = open_teacher("tag", teachers)
    texts = [Text(text, None, "a line") for text, _ in words.sentences(600, 3)]

    def stop(done, total, description):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        teacher.scores(texts, "same", tmp_path, stop)
    kept = (tmp_path / "words.jsonl").read_bytes()
    assert kept.count(b"\n") == 256
    with (tmp_path / "words.jsonl").open("ab") as file:
        file.write(b'{"text": "cut')
    first = teacher.scores(texts, "same", tmp_path, silent)
    assert (tmp_path / "words.jsonl").read_bytes().startswith(kept)
    assert len(first) == 600
    changed = (tmp_path / "words.jsonl").read_text().replace('"start": 0', '"start":  0')
    (tmp_path / "words.jsonl").write_text(changed)
    teacher.scores(texts, "same", tmp_path, silent)
    assert (tmp_path / "words.jsonl").read_text() == changed
    teacher.scores(texts, "others", tmp_path, silent)
    assert (tmp_path / "words.jsonl").read_text() != changed


WORD = {"start": 0, "end": 3, "scores": {"O": 0.5, "B-LOC": 0.5}}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            {"text": "the film"},
            "line 2: no JSON object with text and scores, value, vector or",
        ),
        ({"text": "the", "scores": {"a": 1, "b": 0}}, "line 2: has no words, which the first line"),
        ({"text": "the", "words": ["the"]}, "line 2: words are objects with start, end and scores"),
        ({"text": "the", "words": [{**WORD, "end": 4}]}, "a word from 0 to 4; start and end are"),
        ({"text": "the", "words": [{**WORD, "start": True}]}, "a word from True to 3"),
        ({"text": "the", "words": [WORD, WORD]}, "line 2: a word from 0 to 3; .* after the other"),
        ({"text": "the", "words": [{**WORD, "scores": {"O": 1}}]}, "for each of the 2 labels"),
        ({"text": "the", "words": [{**WORD, "scores": 1}]}, "for each of the 2 labels"),
        ({"text": "q", "pair": "the", "words": [WORD]}, "line 2: a line with a pair among lines"),
    ],
)
def test_wrong_words_are_one_line(tmp_path, line, message):
    path = tmp_path / "said.jsonl"
    path.write_text(json.dumps({"text": "the film", "words": [WORD]}) + "\n" + json.dumps(line))
    with pytest.raises(EdgebertError, match=message) as caught:
        FileTeacher(path)
    assert "\n" not in str(caught.value)


def test_texts_without_words_are_passed_over(tmp_path):
    path = tmp_path / "said.jsonl"
    lines = [{"text": " ", "words": []}, {"text": "the film", "words": [WORD]}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    teacher = FileTeacher(path)
    assert teacher.labels == ("O", "B-LOC")
    texts = [Text(line["text"], None, "a line") for line in lines]
    found = teacher.scores(texts, "", tmp_path, silent)
    assert [len(each.places) for each in found] == [0, 1]
    path.write_text(json.dumps(lines[0]))
    with pytest.raises(EdgebertError, match="has no words with scores of tags"):
        FileTeacher(path)


def test_wrong_data_of_words_is_one_line(teachers, tmp_path):
    plain = tmp_path / "plain.txt"
    plain.write_text("who was it\n")
    other = tmp_path / "other.conll"
    other.write_text("the B-DRUG\n")
    for task, transfer, message in (
        ("answer", TransferSet((plain,)), "line 1: no context; a question"),
        ("tag", TransferSet((), other), "line 1: the model has no label 'B-DRUG'"),
    ):
        teacher = open_teacher(task, teachers)
        with pytest.raises(EdgebertError, match=message):
            distill(teacher, words.checkpoint(), transfer, tmp_path / "out", (QUICK,))
