"""Labelled data becomes the examples that a plain reading of it gives."""

import json

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import USUAL, Columns
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.tokenizer import Encoding, Tokenizer
from edgebert.train.batching import IGNORE_INDEX, Example, collate
from edgebert.train.finetuning.tasks import find_task
from tests.train.words import VOCABULARY

TOKENIZER = Tokenizer(VOCABULARY, TokenizerOptions(max_length=16))


def learn(task, path, labels=None):
    task_ = find_task(task, path, USUAL)
    if labels is None:
        labels = task_.labels(task_.read(path, USUAL)) if task_.labels else ()
    examples = list(task_.examples(task_.read(path, USUAL), TOKENIZER, labels))
    task_.check(examples, path)
    return examples, labels


def pieces(example):
    return [[TOKENIZER.piece(number) for number in each.ids] for each in example.inputs]


def test_labels_are_sorted_numbers_by_value(tmp_path):
    path = tmp_path / "data.tsv"
    path.write_text("text\tlabel\ngood\tb\nbad\ta\n")
    examples, labels = learn("classify", path)
    assert labels == ("a", "b")
    assert [example.target for example in examples] == [1, 0]
    assert pieces(examples[0]) == [["[CLS]", "good", "[SEP]"]]
    path.write_text("text\tlabel\n" + "".join(f"good\t{n}\n" for n in (10, 9, 2)))
    assert learn("classify", path)[1] == ("2", "9", "10")


def test_pairs_share_one_input_where_a_label_is_learned_and_have_two_where_vectors_are(tmp_path):
    path = tmp_path / "data.tsv"
    path.write_text("sentence1\tsentence2\tscore\ngood\tbad\t1\nfine\tpoor\t3\nfine\tbad\t2\n")
    examples, _ = learn("regress", path)
    assert pieces(examples[0]) == [["[CLS]", "good", "[SEP]", "bad", "[SEP]"]]
    assert [example.target for example in examples] == [1.0, 3.0, 2.0]
    examples, _ = learn("embed", path)
    assert pieces(examples[0]) == [["[CLS]", "good", "[SEP]"], ["[CLS]", "bad", "[SEP]"]]
    assert [example.target for example in examples] == [0.0, 1.0, 0.5]


def test_queries_with_the_same_answer_have_the_same_number(tmp_path):
    path = tmp_path / "data.tsv"
    path.write_text("query\tpositive\ngood\tfilm\nbad\tplot\nfine\tfilm\n")
    assert [example.target for example in learn("embed", path)[0]] == [0, 1, 0]


def test_explicit_negatives_are_refused_by_name_unless_the_columns_are_named(tmp_path):
    path = tmp_path / "data.tsv"
    path.write_text("anchor\tpositive\tnegative\ngood\tfilm\tplot\nbad\tplot\tfilm\n")
    with pytest.raises(EdgebertError, match=r"data.tsv: column 'negative' has explicit negatives"):
        learn("embed", path)
    named = Columns("anchor", "positive")
    task = find_task("embed", path, named)
    assert [query.positive for query in task.read(path, named)] == ["film", "plot"]


def test_tags_stand_at_first_tokens_and_go_on_through_further_words(tmp_path):
    path = tmp_path / "data.conll"
    path.write_text("films O\nparis.ann B-LOC\nlondons I-LOC\n. O\n")
    (example,), labels = learn("tag", path)
    assert labels == ("O", "B-LOC", "I-LOC")
    reported = dict(enumerate(labels)) | {IGNORE_INDEX: "-"}
    found = list(zip(*pieces(example), (reported[t] for t in example.target), strict=True))
    assert found == [
        ("[CLS]", "-"),
        ("film", "O"),
        ("##s", "-"),
        ("paris", "B-LOC"),
        (".", "I-LOC"),
        ("ann", "I-LOC"),
        ("london", "I-LOC"),
        ("##s", "-"),
        (".", "O"),
        ("[SEP]", "-"),
    ]


def squad(path, context, answer, start, question="the film", **extra_arrays):
    answers = [{"text": answer, "answer_start": start}] if answer else []
    entry = {"question": question, "answers": answers, **extra_arrays}
    data = [{"paragraphs": [{"context": context, "qas": [entry]}]}]
    path.write_text(json.dumps({"data": data}))
    return path


def test_answers_are_marked_where_they_stand_in_each_window(tmp_path):
    context = "good " * 9 + "paris london " + "bad " * 14
    examples, _ = learn("answer", squad(tmp_path / "data.json", context, "paris london", 45))
    assert len(examples) > 2
    marked = 0
    for example in examples:
        tokens = pieces(example)[0]
        assert tokens[:4] == ["[CLS]", "the", "film", "[SEP]"]
        places = {tokens[place]: mark for place, mark in enumerate(example.target) if mark}
        if "paris" in tokens and "london" in tokens:
            assert places == {"paris": 1, "london": 2}
            marked += 1
        else:
            assert places == {"[CLS]": 3}
    assert 0 < marked < len(examples)


def test_an_answer_of_one_token_is_first_and_last(tmp_path):
    (example,), _ = learn("answer", squad(tmp_path / "x.json", "good paris", "paris", 5))
    assert [mark for mark in example.target if mark] == [3]
    (example,), _ = learn(
        "answer", squad(tmp_path / "x.json", "good paris", "", 0, is_impossible=True)
    )
    assert example.target[0] == 3


WRONG = [
    ("classify", "text\tlabel\n", "has no rows to learn from"),
    ("classify", "text\tlabel\ngood\ta\nbad\ta\n", "all 2 rows have the same label or score"),
    ("classify", "text\tcolour\ngood\ta\n", "found no label column; name it with --label-column"),
    ("regress", "text\tscore\ngood\thigh\n", "'high' is no number"),
    ("regress", "text\tscore\ngood\t1\nbad\t1\n", "all 2 rows have the same label or score"),
    ("embed", "text\tscore\ngood\t1\nbad\t2\n", "one text; pairs with scores are needed"),
    ("tag", "good\n", "one column; a word and a tag are needed"),
    ("encode", "text\tlabel\n", "task 'encode' cannot be fine-tuned; accepted: classify"),
]


@pytest.mark.parametrize(("task", "text", "said"), WRONG, ids=range(len(WRONG)))
def test_wrong_data_is_one_line(tmp_path, task, text, said):
    path = tmp_path / "data.tsv"
    path.write_text(text)
    with pytest.raises(EdgebertError, match=said) as caught:
        learn(task, path)
    assert "\n" not in str(caught.value)


def test_labels_that_are_not_in_the_list_are_named_with_their_place(tmp_path):
    path = tmp_path / "data.tsv"
    path.write_text("text\tlabel\ngood\ta\nbad\tz\n")
    with pytest.raises(EdgebertError, match=r"line 3: .*no label 'z'; it knows 'a', 'b'"):
        learn("classify", path, labels=("a", "b"))
    path.write_text("good O\nparis B-XYZ\n")
    with pytest.raises(EdgebertError, match=r"line 1: .*no label 'B-XYZ'"):
        learn("tag", path, labels=("O", "B-LOC"))


def test_an_answer_that_is_not_where_it_is_said_to_be_is_refused(tmp_path):
    path = squad(tmp_path / "x.json", "good paris", "paris", 4)
    with pytest.raises(EdgebertError, match="answer_start 4 is not where 'paris' stands"):
        learn("answer", path)


def test_a_batch_is_padded_with_what_does_not_count():
    def encoding(n):
        return Encoding(list(range(5, 5 + n)), [0] * (n - 1) + [1], False)

    batch = collate([Example((encoding(3),), [0, 1, 0]), Example((encoding(9),), [2] * 9)])
    assert batch["ids"].shape == (2, 16)
    assert batch["mask"].sum(axis=1).tolist() == [3, 9]
    assert batch["segment_ids"].sum(axis=1).tolist() == [1, 1]
    assert batch["target"][0].tolist() == [0, 1, 0] + [IGNORE_INDEX] * 13
    two = collate(
        [Example((encoding(2), encoding(4)), 0.5), Example((encoding(3), encoding(3)), 1.0)]
    )
    assert two["mask"].sum(axis=1).tolist() == [2, 4, 3, 3]
    assert two["target"].dtype == np.float32
    assert collate([Example((encoding(2),), 3)])["target"].dtype == np.int32
