"""What models are given: texts of files, and texts of an exact number of tokens."""

import pytest

from edgebert.benchmarking.inputs import MOST_TEXTS, Length, read_texts
from edgebert.benchmarking.result import Input
from edgebert.errors import EdgebertError
from edgebert.model_file.read import read_model_file
from edgebert.runtime.model import load

TASKS = ["embed", "classify", "tag", "answer", "fill-mask"]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("tokens", [8, 9, 31, 32])
def test_a_text_of_a_length_has_exactly_so_many_tokens(converted, task, tokens):
    path = converted(task)
    (text,) = Length(tokens).of(read_model_file(path))
    with load(path) as model:
        reply = model.reply(*text)
    assert (reply.tokens, reply.truncated) == (tokens, False)
    assert Length(tokens).input() == Input("length", tokens=tokens)


@pytest.mark.parametrize("tokens", [0, 7, 100_000])
def test_a_length_that_the_model_does_not_take(classifier, tokens):
    message = rf"length {tokens}: classify\.tflite is measured at 8 to \d+ tokens"
    with pytest.raises(EdgebertError, match=message):
        Length(tokens).of(read_model_file(classifier))


@pytest.mark.parametrize("task", TASKS)
def test_every_task_answers_the_texts_that_ship(converted, task):
    texts = read_texts(None)
    assert texts.input() == Input("texts", name="questions", count=MOST_TEXTS)
    path = converted(task)
    with load(path) as model:
        for text in texts.of(read_model_file(path))[:5]:
            assert model.reply(*text).tokens > 3


def test_texts_of_a_file_are_drawn_evenly(tmp_path, classifier):
    path = tmp_path / "mine.txt"
    path.write_text("".join(f"text {i}\n\n" for i in range(1000)), encoding="utf-8-sig")
    texts = read_texts(path)
    assert texts.of(read_model_file(classifier)) == [
        (f"text {i}", None) for i in range(0, 1000, 10)
    ]
    assert texts.input() == Input("texts", name="mine", count=100)


def test_a_tab_makes_a_pair(tmp_path, converted):
    path = tmp_path / "pairs.txt"
    path.write_text("Who?\tShe did.\nalone\n")
    texts = read_texts(path)
    assert texts.of(read_model_file(converted("classify"))) == [
        ("Who?", "She did."),
        ("alone", None),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "texts.txt: cannot read: No such file"),
        (b"", "texts.txt: holds no text"),
        (b"\n \n", "texts.txt: holds no text"),
        (b"\xff\xfe", "texts.txt: not UTF-8 text"),
        (b"version https://git-lfs.github.com/spec/v1\n", "texts.txt: is a Git LFS pointer"),
    ],
)
def test_files_that_hold_no_texts(tmp_path, content, message):
    path = tmp_path / "texts.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EdgebertError, match=message):
        read_texts(path)
