"""A method for each task: what it gives, other tasks' files, sequences, similarity, pickling."""

import inspect
import pickle
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest

import edgebert
from edgebert import EdgebertError
from tests.conftest import REFERENCE, RUNTIME

LONG = "how do i get my money back " * 100
TEXTS = ["one", "Where is my card?", "two and three", ""]
METHODS = {
    "classify": ("Where is my card?",),
    "embed": ("Where is my card?",),
    "tag": ("Angela Merkel met Crème in 東京.",),
    "answer": ("Where was he born?", "He was born in London in 1879. " * 20),
    "fill-mask": ("The [MASK] of [MASK] is it.",),
}


def method(model, task):
    return getattr(model, task.replace("-", "_"))


@pytest.fixture
def encoder(kept):
    source = REFERENCE / "st_embedder_2x32"
    options = {"task": "encode", "runtime": RUNTIME}
    return kept("encode", lambda path: edgebert.convert(source, path, **options))


@pytest.fixture
def regressor(kept):
    def make(path):
        # Where files only run, what converts them is not installed.
        from edgebert.checkpoints.folder import open_folder
        from edgebert.converter.convert_checkpoint import convert_checkpoint
        from edgebert.converter.options import Options
        from edgebert.converter.plan import plan

        original = open_folder(REFERENCE / "hf_classifier_2x32")
        weights = dict(original.weights)
        for name in ("classifier.weight", "classifier.bias"):
            weights[name] = weights[name][:1]
        checkpoint = replace(original, weights=weights, labels=None, task="regress")
        convert_checkpoint(checkpoint, plan(Options(runtime=RUNTIME), checkpoint), path)

    return kept("regress", make)


@pytest.mark.parametrize("task", METHODS)
def test_a_method_gives_what_a_call_gives(converted, task):
    with edgebert.load(converted(task)) as model:
        found, called = method(model, task)(*METHODS[task]), model(*METHODS[task])
    np.testing.assert_array_equal(found, called) if task == "embed" else None
    assert task == "embed" or found == called


@pytest.mark.parametrize("task", METHODS)
def test_a_method_of_another_task_names_that_of_the_file(converted, task):
    with edgebert.load(converted(task)) as model:
        for other in {*METHODS, "encode", "regress"} - {task}:
            with pytest.raises(EdgebertError) as caught:
                method(model, other)(*METHODS.get(other, ("text",)))
            message = str(caught.value)
            assert f"this file is for {task}, not for {other.replace('-', '_')}" in message
            assert message.endswith(f"use model.{task.replace('-', '_')}")


@pytest.mark.parametrize("task", [*METHODS, "encode", "regress"])
def test_the_options_of_a_method_are_those_of_a_call(converted, encoder, regressor, task):
    """The names that a call accepts are kept by hand, beside the signatures."""
    files = {"encode": encoder, "regress": regressor}
    with edgebert.load(files.get(task) or converted(task)) as model:
        own = inspect.signature(model._task.tokenize).parameters.values()
        signature = inspect.signature(method(model, task)).parameters.values()
        known = {each.name: each.default for each in own if each.kind == each.KEYWORD_ONLY}
        typed = {each.name: each.default for each in signature if each.kind == each.KEYWORD_ONLY}
        assert set(model._task.options) == set(known)
        known.pop("scores", None)  # of calls alone: the answer is of another type
        assert set(known) == set(typed)
        assert {**known, "top": 0} == {**typed, "top": 0}
        with pytest.raises(EdgebertError, match=f"^{task} has no option 'lnog'; it has: "):
            model.reply("text", lnog="mean")
        with pytest.raises(TypeError, match="lnog"):
            method(model, task)("text", lnog="mean")


def test_answer_gives_the_best_or_a_list_as_asked(converted):
    question, context = METHODS["answer"]
    with edgebert.load(converted("answer")) as model:
        best = model.answer(question, context)
        assert isinstance(best, edgebert.Answer)
        assert model.answer(question, context, top=1) == [best]
        several = model.answer(question, context, top=3)
        assert several[0] == best
        assert len(several) == 3
        assert model.answer(question, "", top=1) == []
        assert model.answer(question, "") is None


def test_fill_mask_gives_a_list_for_each_mask(converted):
    with edgebert.load(converted("fill-mask")) as model:
        (one,) = model.fill_mask("The [MASK] is it.", top=2)
        assert [type(fill) for fill in one] == [edgebert.Fill] * 2
        assert [len(fills) for fills in model.fill_mask("[MASK] [MASK]", top=3)] == [3, 3]


def test_regress_gives_a_number(regressor):
    with edgebert.load(regressor) as model:
        assert type(model.regress("one", "two")) is float
        assert model.regress("one", "two") == model("one", "two")


def test_a_sequence_of_texts_is_one_array(embedder):
    with edgebert.load(embedder) as model:
        vectors = model.embed(TEXTS)
        assert vectors.dtype == np.float32
        np.testing.assert_array_equal(vectors, [model.embed(text) for text in TEXTS])
        pairs = model.embed([("one", "two"), "one"])
        np.testing.assert_array_equal(pairs, [model.embed("one", "two"), model.embed("one")])
        assert model.embed(np.array(TEXTS)).shape == (4, 32)
        assert model.embed([]).shape == (0, 32)


def test_texts_have_hidden_states_of_their_own_lengths(encoder):
    with edgebert.load(encoder) as model:
        states = model.encode(["one", "two and three"])
        assert [each.shape[0] for each in states] == [
            len(model.tokenizer.encode(text).ids) for text in ("one", "two and three")
        ]
        for found, text in zip(states, ["one", "two and three"], strict=True):
            np.testing.assert_array_equal(found, model.encode(text))
        assert model.encode([]) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((7,), "a text, or a sequence of texts, is needed; int was given"),
        ((None,), "NoneType was given"),
        (([1],), "a text or a tuple"),
        ((["one"], "two"), "tuples"),
    ],
)
def test_what_is_no_text_is_one_line(embedder, arguments, said):
    with edgebert.load(embedder) as model, pytest.raises(EdgebertError, match=said):
        model.embed(*arguments)


def test_similarity_is_the_cosine_of_each_with_each(embedder):
    with edgebert.load(embedder) as model:
        one, two = model.embed("one"), model.embed("Where is my card?")
        expected = one @ two / np.linalg.norm(one) / np.linalg.norm(two)
        assert model.similarity("one", "Where is my card?") == pytest.approx(expected, abs=1e-6)
        assert type(model.similarity("one", "one")) is float
        assert model.similarity("one", "one") == pytest.approx(1)
        every = model.similarity(TEXTS, TEXTS[:2])
        assert every.shape == (4, 2)
        assert every[0, 1] == pytest.approx(expected, abs=1e-6)
        np.testing.assert_allclose(
            model.similarity(model.embed(TEXTS), TEXTS[:2]), every, atol=1e-6
        )
        assert model.similarity("one", TEXTS).shape == (4,)
        assert model.similarity(3 * one, two).shape == ()
        assert model.similarity(3 * one, two) == pytest.approx(expected, abs=1e-6)
        with pytest.raises(EdgebertError, match=r"\[32\] or \[texts, 32\]"):
            model.similarity(one[:4], two)


def test_only_an_embedder_tells_how_similar(classifier):
    with edgebert.load(classifier) as model, pytest.raises(EdgebertError, match="use model"):
        model.similarity("one", "two")


@pytest.mark.parametrize("call", ["model(LONG)", "model.embed(LONG)", "model.embed(['a', LONG])"])
def test_the_warning_of_a_text_cut_off_stands_where_it_was_asked(embedder, call):
    with edgebert.load(embedder) as model, pytest.warns(edgebert.TruncationWarning) as caught:
        eval(compile(call, "users_code.py", "eval"), {"model": model, "LONG": LONG})  # noqa: S307
    assert [warning.filename for warning in caught] == ["users_code.py"]


def test_a_model_says_what_it_is(classifier, embedder):
    model = edgebert.load(classifier)
    assert repr(model) == (
        "<edgebert.Model classify, 2 layers of 32, int8, "
        f"3 labels ('negative', 'neutral', 'positive'), {str(classifier)!r}>"
    )
    model.close()
    assert repr(model).endswith(", closed>")
    assert "labels" not in repr(edgebert.load(embedder))


def test_a_pickled_model_is_opened_anew(classifier, tmp_path, monkeypatch):
    monkeypatch.chdir(classifier.parent)
    model = edgebert.load(classifier.name, threads=2)
    pickled = pickle.dumps(model)
    monkeypatch.chdir(tmp_path)
    with pickle.loads(pickled) as again:
        assert (again.threads, again.engine) == (2, model.engine)
        assert again.classify("Where is my card?") == model.classify("Where is my card?")
    model.close()
    with pytest.raises(EdgebertError, match="closed"):
        pickle.dumps(model)


def test_processes_take_a_model(classifier):
    with edgebert.load(classifier) as model, get_context("spawn").Pool(1) as pool:
        (found,) = pool.map(model.classify, ["Where is my card?"])
        assert found == model.classify("Where is my card?")


@pytest.mark.parametrize("threads", ["2", 0, -1, True, 1.0, None, 257, 10_000])
def test_threads_are_a_whole_number(classifier, threads):
    with pytest.raises(EdgebertError) as caught:
        edgebert.load(classifier, threads=threads)
    assert str(caught.value) == f"threads is {threads!r}; a whole number from 1 to 256 is needed"


@pytest.mark.parametrize("path", [None, 7, b"model.tflite", ["model.tflite"]])
def test_the_path_of_a_model_is_a_path(path):
    with pytest.raises(EdgebertError) as caught:
        edgebert.load(path)
    assert str(caught.value) == f"path is {path!r}; the path of a .tflite file is needed"


@pytest.mark.parametrize("engine", ["tflite", None, 1, ["litert"]])
def test_an_unknown_engine_is_one_line(classifier, engine):
    with pytest.raises(EdgebertError, match="is unknown; known: auto, litert"):
        edgebert.load(classifier, engine=engine)
