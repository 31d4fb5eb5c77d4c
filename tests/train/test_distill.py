"""A student learns what its teacher says, from texts without labels."""

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

import edgebert
from edgebert.checkpoints.folder import open_folder
from edgebert.converter import reference
from edgebert.converter.head import Head
from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import Columns
from edgebert.evaluation.data import open_data
from edgebert.evaluation.texts import Text
from edgebert.progress import silent
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train import evaluation
from edgebert.train.distillation import distill as distill_module
from edgebert.train.distillation import teacher as module
from edgebert.train.distillation import teacher_scores
from edgebert.train.distillation.distill import distill
from edgebert.train.distillation.options import DistillationOptions
from edgebert.train.distillation.teacher import CheckpointTeacher
from edgebert.train.distillation.teacher_file import FileTeacher
from edgebert.train.distillation.texts import CLASSIFY
from edgebert.train.distillation.transfer_set import TransferSet
from edgebert.train.evaluation import DevResult, evaluate_checkpoint
from edgebert.train.fingerprint import fingerprint
from edgebert.train.initialisation import with_task_heads
from edgebert.train.settings import Settings
from tests.train import words

QUICK = Settings(epochs=3, batch_size=16, learning_rate=1e-2, dropout=0.0)
LARGE = replace(words.CONFIG, hidden_size=24, num_attention_heads=3, num_hidden_layers=2)


def knowing():
    """A teacher by construction: its classifier reads praise off the words of a sentence.

    With one layer whose attention sees every token alike and passes it on, [CLS] holds the mean of
    the words' vectors. Those of praise and blame point opposite ways, all others neither way.
    """
    source = with_task_heads(words.checkpoint(3), "classify", ("negative", "positive"), 1, None)
    weights = {name: array.copy() for name, array in source.weights.items()}
    table = weights["embeddings.word"]
    direction = np.where(np.arange(16) % 2, 1.0, -1.0).astype(np.float32)
    table -= np.outer(table @ direction, direction) / 16
    for signs, found in ((1.0, words.PRAISE), (-1.0, words.BLAME)):
        for word in found:
            table[words.VOCABULARY.index(word)] = signs * direction
    for name in weights:
        if "query" in name or "key" in name or ("ffn" in name and "norm" not in name):
            weights[name][:] = 0
    for part in ("layers.0.attention.value", "layers.0.attention.output", "pooler"):
        weights[f"{part}.weight"][:] = 3 * np.eye(16)
    weights["embeddings.position"][:] = weights["embeddings.segment"][:] = 0
    weights["classifier.weight"][:] = np.stack([-direction, direction]) / 8
    return replace(source, weights=weights, source="knowing")


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "transfer.txt"
    path.write_text("".join(f"{text}\n" for text, _ in words.sentences(400, 5)))
    return path


@pytest.fixture
def dev(tmp_path):
    return words.write_classify(tmp_path / "dev.tsv", count=60, seed=9)


def taught(teacher, texts, dev, folder, settings=QUICK, **options):
    """The report of a student with new weights."""
    transfer = TransferSet((texts,), dev=dev)
    student = words.checkpoint(7)
    return distill(CheckpointTeacher(teacher), student, transfer, folder, (settings,), **options)


def test_the_teacher_of_these_tests_knows(dev):
    assert evaluate_checkpoint(knowing(), open_data(dev, "classify")).metrics["accuracy"] > 0.95


def test_a_student_learns_from_texts_without_labels(texts, dev, tmp_path):
    report = taught(knowing(), texts, dev, tmp_path / "out")
    assert report.metrics["accuracy"] > 0.9
    edgebert.convert(tmp_path / "out", tmp_path / "x.tflite", quantize="float32")
    with edgebert.load(tmp_path / "x.tflite") as model:
        assert model.labels == ("negative", "positive")
        assert model("the film was great").label == "positive"


def test_of_texts_out_of_scope_a_student_is_less_sure(texts, dev, tmp_path):
    praised = [
        f"{word} {name} {other}"
        for word in words.PRAISE
        for name in words.NAMES
        for other in words.NAMES
    ]
    outside, asked = tmp_path / "outside.txt", praised[::4]
    outside.write_text("".join(f"{text}\n" for text in praised if text not in asked))
    sure, settings = {}, replace(QUICK, epochs=8)
    for path in (None, outside):
        transfer = TransferSet((texts,), dev=dev, out_of_scope=path)
        folder = tmp_path / f"out-{path is None}"
        report = distill(
            CheckpointTeacher(knowing()), words.checkpoint(7), transfer, folder, (settings,)
        )
        assert report.metrics["accuracy"] > 0.9
        scores = np.exp(said(open_folder(folder), asked))
        sure[path] = float(scores.max(axis=1).mean())
    assert sure[outside] < 0.6 < 0.7 < sure[None]


@pytest.mark.parametrize(("given", "within", "used"), [(1, 97, 3), (5, 97, 5), (40, 90, 10)])
def test_few_texts_out_of_scope_are_repeated_and_many_thinned_out(tmp_path, given, within, used):
    path = tmp_path / "outside.txt"
    path.write_text("".join(f"the plot {number}\n" for number in range(given)))
    texts, scores = distill_module._outside(path, within, CLASSIFY, knowing())
    assert len(texts) == len(scores) == used
    assert len({each.text.text for each in texts}) == min(given, used)
    assert not scores.any()
    assert not any(each.is_labelled for each in texts)


def test_of_epochs_that_dev_cannot_tell_apart_the_last_is_kept(texts, dev, tmp_path, monkeypatch):
    figures, seen = iter([0.5, 0.92, 0.91, 0.91]), []

    def lucky(checkpoint, data, quantize, metric, *, with_margin):
        seen.append(checkpoint.weights["classifier.bias"].copy())
        return DevResult({"accuracy": 1.0}, next(figures), 60, 0.035 if with_margin else None)

    monkeypatch.setattr(evaluation, "evaluate_checkpoint", lucky)
    report = taught(knowing(), texts, dev, tmp_path / "out")
    kept = open_folder(tmp_path / "out").weights["classifier.bias"]
    assert np.array_equal(kept, seen[2])
    assert not np.array_equal(kept, seen[1])
    assert report.best.figure == 0.92


def test_the_margin_is_a_standard_error(dev):
    start = with_task_heads(words.checkpoint(3), "classify", ("negative", "positive"), 1, None)
    data = open_data(dev, "classify")
    found = evaluate_checkpoint(start, data, with_margin=True)
    share = found.figure
    assert 0.2 < share < 0.8
    assert found.margin == pytest.approx((share * (1 - share) / found.rows) ** 0.5, rel=0.1)
    assert evaluate_checkpoint(start, data).margin is None


def said(teacher, texts):
    """What the plain forward says: the teacher's log probabilities."""
    tokenizer = teacher.make_tokenizer()
    head = Head(teacher.task)
    rows = [
        reference.output(teacher.weights, teacher.config, head, *tokenizer.encode(text)[:2])[0]
        for text in texts
    ]
    return np.log(np.stack(rows))


def as_texts(found):
    return [Text(text, None, f"line {number}") for number, text in enumerate(found, 1)]


def test_scores_are_those_of_the_checkpoint_and_are_taken_up_where_they_broke_off(
    tmp_path, monkeypatch
):
    teacher = CheckpointTeacher(knowing())
    found = [text for text, _ in words.sentences(50, 2)]
    monkeypatch.setattr(teacher_scores, "_BLOCK", 8)
    asked = []
    scores = module._scores
    monkeypatch.setattr(
        module, "_scores", lambda model, block: asked.append(len(block)) or scores(model, block)
    )

    def stop(done, total, description):
        if done == 24:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        teacher.scores(as_texts(found), "same", tmp_path, stop)
    with (tmp_path / "scores.f32").open("ab") as file:
        file.write(b"cut")  # a row that was being written
    rows = teacher.scores(as_texts(found), "same", tmp_path, silent)
    np.testing.assert_allclose(rows, said(knowing(), found), atol=1e-4, rtol=0)
    assert asked == [8, 8, 8, 8, 8, 8, 2]
    teacher.scores(as_texts(found), "same", tmp_path, silent)
    assert len(asked) == 7
    teacher.scores(as_texts(found), "other texts", tmp_path, silent)
    assert sum(asked) == 100


def test_scores_from_a_file_are_found_by_text(tmp_path):
    path = tmp_path / "scores.jsonl"
    rows = [{"text": "good", "scores": {"no": 0.25, "yes": 0.75}, "tokens": 3}]
    rows.append({"text": "bad", "pair": "film", "scores": {"yes": 0.0, "no": 1.0}})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    teacher = FileTeacher(path)
    assert teacher.labels == ("no", "yes")
    asked = [Text("bad", "film", "line 1"), Text("good", None, "line 2")]
    found = teacher.scores(asked, "", tmp_path, silent)
    np.testing.assert_allclose(np.exp(found), [[1, 0], [0.25, 0.75]], atol=1e-6)
    with pytest.raises(EdgebertError, match=r"line 9: .*has no scores for this text"):
        teacher.scores([Text("bad", None, "line 9")], "", tmp_path, silent)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("no json", "line 2: no JSON object with text and scores"),
        ('{"text": "x", "scores": [1]}', "line 2: no JSON object with text and scores"),
        ('{"text": "x", "pair": ["y"], "scores": {"a": 1}}', "line 2: no JSON object with text"),
        ('{"text": "x", "scores": {"a": 1}}', "a probability from 0 to 1 is needed"),
        ('{"text": "x", "scores": {"a": 1, "b": 2}}', "a probability from 0 to 1 is needed"),
        ('{"text": "x", "scores": {"a": 1, "b": NaN}}', "a probability from 0 to 1 is needed"),
    ],
)
def test_wrong_scores_are_one_line(tmp_path, line, message):
    path = tmp_path / "scores.jsonl"
    path.write_text('{"text": "good", "scores": {"a": 0.5, "b": 0.5}}\n' + line + "\n")
    with pytest.raises(EdgebertError, match=message):
        FileTeacher(path)


def test_a_first_line_without_scores_is_one_line(tmp_path):
    path = tmp_path / "scores.jsonl"
    rows = [{"text": "good", "scores": {}}, {"text": "bad", "scores": {"a": 0.5, "b": 0.5}}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(EdgebertError, match="scores of at least two labels are needed"):
        FileTeacher(path)


def test_scores_of_another_column_are_not_used_again(tmp_path):
    path = tmp_path / "labelled.tsv"
    both = zip(words.sentences(40, 1), words.sentences(40, 2), strict=True)
    rows = [f"{one}\t{other}\t{('negative', 'positive')[n]}" for (one, n), (other, _) in both]
    path.write_text("\n".join(["one\tother\tlabel", *rows]) + "\n")
    teacher, out, once = CheckpointTeacher(knowing()), tmp_path / "out", replace(QUICK, epochs=1)
    for seed, column in ((1, "one"), (2, "other")):
        transfer = TransferSet((), path, columns=Columns(column))
        settings = replace(once, seed=seed)
        distill(teacher, words.checkpoint(), transfer, out, (settings,), force=True)
        found = [*dict.fromkeys(text.text for text, _ in transfer.read())]
        kept = np.fromfile(out / "teacher" / "scores.f32", np.float32).reshape(-1, 2)
        np.testing.assert_allclose(kept, said(knowing(), found), atol=1e-4, rtol=0)
    transfer = TransferSet((), path, columns=Columns("one"))
    with pytest.raises(EdgebertError, match=r"cannot resume: columns.text was 'other' and is now"):
        distill(teacher, words.checkpoint(), transfer, out, (settings,), resume=True)


@pytest.mark.parametrize(
    "other",
    [{"multi_label": True}, {"pooling": "cls"}, {"normalize": True}, {"labels": ("a", "b")}],
)
def test_a_teacher_that_says_something_else_is_another_one(other):
    same = replace(knowing(), source="elsewhere", format="another")
    assert fingerprint(same) == fingerprint(knowing())
    assert fingerprint(replace(knowing(), **other)) != fingerprint(knowing())


def test_further_texts_are_made_when_all_that_was_given_is_checked(tmp_path, texts, dev):
    def more(transfer):
        raise AssertionError("too early")

    labelled = words.write_classify(tmp_path / "l.tsv", names=("negative", "great"))
    wrong(tmp_path, "no label 'great'", transfer=TransferSet((), labelled), more=more)
    wrong(
        tmp_path,
        "no labels: add --labels",
        transfer=TransferSet((texts,)),
        options=DistillationOptions(hard=1),
        more=more,
    )
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "vocab.txt").write_text("mine")
    wrong(tmp_path, "holds a model already", transfer=TransferSet((texts,)), more=more)


def wrong(tmp_path, message, teacher=None, transfer=None, **options):
    with pytest.raises(EdgebertError, match=message) as caught:
        distill(
            teacher or CheckpointTeacher(knowing()),
            options.pop("student", words.checkpoint()),
            transfer,
            tmp_path / "out",
            (options.pop("settings", QUICK),),
            **options,
        )
    assert "\n" not in str(caught.value)


def test_wrong_input_is_one_line(tmp_path, texts, dev):
    other = replace(words.checkpoint(), vocabulary=(*words.VOCABULARY[:-1], "##ed"), source="tiny")
    simple, inside = TransferSet((texts,)), DistillationOptions(weights={"hidden": 1.0})
    wrong(
        tmp_path,
        "knowing and tiny have different vocabularies",
        transfer=simple,
        student=other,
        options=inside,
    )
    wrong(
        tmp_path,
        "match those first, in a run without --qat",
        transfer=simple,
        options=inside,
        settings=replace(QUICK, qat="int8"),
    )
    wrong(
        tmp_path, "no labels: add --labels", transfer=simple, options=DistillationOptions(hard=0.5)
    )
    labelled = words.write_classify(tmp_path / "l.tsv", names=("negative", "great"))
    wrong(tmp_path, "no label 'great'", transfer=TransferSet((), labelled))
    empty = tmp_path / "empty.txt"
    empty.write_text("\n\n")
    wrong(tmp_path, "empty.txt: has no texts to learn from", transfer=TransferSet((empty,)))
    scores = tmp_path / "scores.jsonl"
    scores.write_text('{"text": "good", "scores": {"a": 0.5, "b": 0.5}}\n')
    wrong(
        tmp_path,
        "a file of scores has no hidden states",
        FileTeacher(scores),
        simple,
        options=inside,
    )
    with pytest.raises(EdgebertError, match="give --transfer or --labels"):
        TransferSet()
    wrong(
        tmp_path,
        "several: texts out of scope are for classifiers with one label a text",
        CheckpointTeacher(of_several()),
        replace(simple, out_of_scope=texts),
    )
    wrong(
        tmp_path,
        "sentence vectors have no right labels; leave out --hard",
        CheckpointTeacher(embedder()),
        TransferSet((), words.write_pairs(tmp_path / "pairs.tsv")),
        options=DistillationOptions(hard=0.5),
    )
    with pytest.raises(EdgebertError, match="a checkpoint for no task; a teacher for classify"):
        CheckpointTeacher(words.checkpoint())
    with pytest.raises(EdgebertError, match=r"temperature is 0; a number from 0.1"):
        DistillationOptions(temperature=0)


def test_a_student_of_another_family_is_refused_before_the_teacher_is_asked(tmp_path, texts):
    distilled = replace(words.CONFIG, pooler_act=None)
    student = words.checkpoint(config=distilled)
    message = "only plain BERTs can be trained .* this one has pooler_act None"
    wrong(tmp_path, message, transfer=TransferSet((texts,)), student=student)
    assert not (tmp_path / "out").exists()


def of_several():
    """A teacher with two labels, the second of which is the contrary of the first."""
    return replace(knowing(), labels=("blame", "praise"), multi_label=True, source="several")


def test_a_student_learns_independent_labels(texts, tmp_path):
    dev = words.write_classify(tmp_path / "dev.tsv", count=60, seed=9, names=("blame", "praise"))
    report = taught(of_several(), texts, dev, tmp_path / "out")
    assert report.metrics["micro_f1"] > 0.9
    student = open_folder(tmp_path / "out")
    assert (student.multi_label, student.labels) == (True, ("blame", "praise"))


def test_scores_of_independent_labels_are_their_logits(tmp_path):
    found = [text for text, _ in words.sentences(20, 2)]
    rows = CheckpointTeacher(of_several()).scores(as_texts(found), "same", tmp_path, silent)
    several, tokenizer = of_several(), Tokenizer(knowing().vocabulary, knowing().tokenizer)
    head = Head("classify", multi_label=True)
    shares = [
        reference.output(several.weights, several.config, head, *tokenizer.encode(text)[:2])[0]
        for text in found
    ]
    np.testing.assert_allclose(1 / (1 + np.exp(-rows)), shares, atol=1e-5, rtol=0)
    path = tmp_path / "scores.jsonl"
    path.write_text(json.dumps({"text": "good", "scores": {"a": 0.9, "b": 0.8}}) + "\n")
    teacher = FileTeacher(path, multi_label=True)
    logits = teacher.scores([Text("good", None, "line 1")], "", tmp_path, silent)
    np.testing.assert_allclose(logits, [[np.log(9), np.log(4)]], rtol=1e-5)


def embedder(seed=3, width=24, **options):
    """A teacher whose vectors are the means of its word vectors, praise far from blame."""
    config = replace(words.CONFIG, hidden_size=width, num_attention_heads=3)
    source = with_task_heads(words.checkpoint(seed, config), "embed", (), 1, None)
    weights = {name: array.copy() for name, array in source.weights.items()}
    direction = np.where(np.arange(width) % 2, 1.0, -1.0).astype(np.float32)
    for signs, found in ((1.0, words.PRAISE), (-1.0, words.BLAME)):
        for word in found:
            weights["embeddings.word"][words.VOCABULARY.index(word)] = signs * direction
    return replace(source, weights=weights, source="embedder", **options)


@pytest.mark.parametrize("options", [{}, {"normalize": False, "pooling": "cls"}])
def test_a_narrower_student_learns_the_vectors_of_an_embedder(tmp_path, options):
    teacher, pairs = embedder(**options), words.write_pairs(tmp_path / "dev.tsv", count=60, seed=9)
    transfer = tmp_path / "transfer.tsv"
    words.write_pairs(transfer, count=200, seed=5)
    before = evaluate_checkpoint(
        with_task_heads(words.checkpoint(7), "embed", (), 1, None), open_data(pairs, "embed")
    )
    report = distill(
        CheckpointTeacher(teacher),
        words.checkpoint(7),
        TransferSet((), transfer, dev=pairs),
        tmp_path / "out",
        (replace(QUICK, epochs=6),),
    )
    of_teacher = evaluate_checkpoint(teacher, open_data(pairs, "embed")).metrics["spearman"]
    assert of_teacher > 0.6
    assert report.metrics["spearman"] > max(before.metrics["spearman"] + 0.1, of_teacher - 0.1)
    student = open_folder(tmp_path / "out")
    assert (student.config.hidden_size, student.task) == (16, "embed")
    assert (student.pooling, student.normalize) == (teacher.pooling, teacher.normalize)
    # Each text of a pair is one of its own.
    count = len({*transfer_texts(transfer)})
    assert report.examples == count
    assert (tmp_path / "out" / "teacher" / "scores.f32").stat().st_size == 4 * 24 * count


def transfer_texts(path):
    for line in path.read_text().splitlines()[1:]:
        yield from line.split("\t")[:2]


def test_matching_inside_trains_the_projections_with_the_student(texts, dev, tmp_path):
    mix, once = (
        DistillationOptions(weights={"hidden": 1.0, "attention": 0.1}),
        replace(QUICK, epochs=1),
    )
    taught(knowing(), texts, dev, tmp_path / "out", once, options=mix)
    assert open_folder(tmp_path / "out").heads == ("pooler", "classifier")
    from edgebert.train.state import read_state

    (run,) = (tmp_path / "out" / "runs").iterdir()
    _, tensors = read_state(run / "state.safetensors")
    assert np.abs(tensors["weights/hidden.0"] - np.eye(16)).max() > 1e-3


def write_vectors(folder, rows, kind):
    """Texts with vectors, as `edgebert run` writes them or as numpy does."""
    if kind == "jsonl":
        path = folder / "vectors.jsonl"
        lines = [{"text": text, "vector": vector.tolist()} for text, vector in rows]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path
    (folder / "vectors.txt").write_text("".join(f"{text}\n" for text, _ in rows))
    np.save(folder / "vectors.npy", np.stack([vector for _, vector in rows]))
    return folder / "vectors.npy"


@pytest.mark.parametrize("kind", ["jsonl", "npy"])
@pytest.mark.parametrize("unit", [True, False])
def test_a_student_learns_vectors_from_a_file(tmp_path, kind, unit):
    teacher, pairs = embedder(normalize=unit), words.write_pairs(tmp_path / "dev.tsv", 60, 9)
    found = [text for text, _ in words.sentences(400, 5)]
    vectors = CheckpointTeacher(teacher).scores(as_texts(found), "", tmp_path, silent)
    path = write_vectors(tmp_path, list(zip(found, vectors, strict=True)), kind)
    (tmp_path / "texts.txt").write_text("".join(f"{text}\n" for text in found))
    file = FileTeacher(path)
    assert (file.task, file.labels, file.unit_length) == ("embed", (), unit)
    transfer = TransferSet((tmp_path / "texts.txt",), dev=pairs)
    out = tmp_path / "out"
    report = distill(file, words.checkpoint(7), transfer, out, (replace(QUICK, epochs=6),))
    assert report.metrics["spearman"] > 0.8
    assert open_folder(out).normalize == unit


def test_a_student_learns_values_from_a_file(tmp_path):
    dev = words.write_regress(tmp_path / "dev.tsv", count=60, seed=9)
    found = list(words.sentences(400, 5))
    lines = [{"text": text, "value": 4.0 * praise + 0.5} for text, praise in found]
    (tmp_path / "said.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "t.txt").write_text("".join(f"{text}\n" for text, _ in found))
    transfer = TransferSet((tmp_path / "t.txt",), dev=dev)
    teacher = FileTeacher(tmp_path / "said.jsonl")
    settings = replace(QUICK, epochs=6)
    report = distill(teacher, words.checkpoint(7), transfer, tmp_path / "out", (settings,))
    assert report.metrics["spearman"] > 0.8


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"text": "b", "vector": [1.0]}, "line 2: 2 finite numbers are needed"),
        ({"text": "b", "vector": [1.0, float("nan")]}, "line 2: 2 finite numbers are needed"),
        ({"text": "b", "vector": [1.0, True]}, "line 2: 2 finite numbers are needed"),
        ({"text": "b", "vector": [1.0, 10**400]}, "line 2: 2 finite numbers are needed"),
        ({"text": "b", "value": 1.0}, "line 2: has no vector, which the first line has"),
    ],
)
def test_wrong_vectors_are_one_line(tmp_path, line, message):
    path = tmp_path / "v.jsonl"
    path.write_text('{"text": "a", "vector": [1.0, 0.0]}\n' + json.dumps(line))
    with pytest.raises(EdgebertError, match=message):
        FileTeacher(path)


def test_an_array_that_does_not_fit_its_texts_is_one_line(tmp_path):
    path, texts = tmp_path / "v.npy", tmp_path / "v.txt"
    np.save(path, np.zeros((2, 3), np.float32))
    with pytest.raises(EdgebertError, match=r"its texts are needed beside it, .*v.txt"):
        FileTeacher(path)
    texts.write_text("one\ntwo\nthree\n")
    with pytest.raises(EdgebertError, match=r"\[2, 3\] of float32; .* each of the 3 lines of v"):
        FileTeacher(path)
    for wrong in (np.zeros(3), np.zeros((3, 2), int), np.full((3, 2), np.nan)):
        np.save(path, wrong)
        with pytest.raises(EdgebertError, match=r"needed|not finite"):
            FileTeacher(path)
    for content in (b"", b"no array", b"\x93NUMPY\x01\x00"):
        path.write_bytes(content)
        with pytest.raises(EdgebertError, match="no array of numpy"):
            FileTeacher(path)
    np.save(path, np.array([{}, {}, {}]), allow_pickle=True)
    with pytest.raises(EdgebertError, match="no array of numpy"):
        FileTeacher(path)
    np.save(path, np.zeros((3, 2), np.float32))
    with pytest.raises(EdgebertError, match="for embed; --multi-label is for scores of labels"):
        FileTeacher(path, multi_label=True)
