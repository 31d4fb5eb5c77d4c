"""Rows with lists of words and tags are the sentences that CoNLL columns would be."""

import json

import pytest

from edgebert.dataset.samples import Kind, kind_of
from edgebert.errors import EdgebertError
from edgebert.evaluation.tagged import read_tagged

SENTENCES = [(["Ann", "Lee", "saw", "Rome"], ["B-PER", "I-PER", "O", "B-LOC"]), (["So"], ["O"])]
NAMES = ["O", "B-PER", "I-PER", "B-LOC"]


def written(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def numbered():
    return [
        {"id": str(at), "tokens": words, "ner_tags": [NAMES.index(tag) for tag in tags]}
        for at, (words, tags) in enumerate(SENTENCES)
    ]


def test_rows_with_names_or_numbers_are_the_same_as_columns(tmp_path):
    columns = tmp_path / "a.conll"
    columns.write_text(
        "\n".join(
            "".join(f"{word} {tag}\n" for word, tag in zip(*each, strict=True))
            for each in SENTENCES
        )
    )
    expected = [each[:2] for each in read_tagged(columns)]
    named = [{"words": words, "labels": tags} for words, tags in SENTENCES]
    assert [each[:2] for each in read_tagged(written(tmp_path / "a.jsonl", named))] == expected
    (tmp_path / "b.json").write_text(json.dumps(named))
    assert [each[:2] for each in read_tagged(tmp_path / "b.json")] == expected

    features = {"ner_tags": {"feature": {"names": NAMES, "_type": "ClassLabel"}}}
    (tmp_path / "dataset_info.json").write_text(json.dumps({"features": features}))
    path = written(tmp_path / "c.jsonl", numbered())
    assert [each[:2] for each in read_tagged(path)] == expected
    assert next(read_tagged(path)).place == f"{path}, line 1"
    assert kind_of(path) == Kind("tag")


def test_tags_without_prefixes_are_read_as_inside(tmp_path):
    path = written(tmp_path / "a.jsonl", [{"tokens": ["Ann", "saw"], "tags": ["PER", "O"]}])
    assert [each.tags for each in read_tagged(path)] == [("I-PER", "O")]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"tokens": ["a"], "text": "b"}, r"line 1: no list 'ner_tags' \(or 'tags' or 'labels'\)"),
        ({"ner_tags": ["O"]}, r"line 1: no list 'tokens' \(or 'words'\)"),
        ({"tokens": ["a"], "tags": ["O", "O"]}, "1 words and 2 tags; one tag a word is needed"),
        ({"tokens": [1], "tags": ["O"]}, "words are needed as texts"),
        ({"tokens": ["a"], "tags": [None]}, "tag null has no name"),
        ({"tokens": ["a"], "tags": [1]}, "'tags' has numbers; put dataset_info.json, in which"),
        ({"tokens": ["a", "b"], "tags": ["B-X", "X"]}, "'X' has no B-, I-, E- or S- before its"),
    ],
)
def test_other_rows_are_one_line(tmp_path, row, said):
    path = written(tmp_path / "a.jsonl", [row])
    with pytest.raises(EdgebertError, match=said) as caught:
        list(read_tagged(path))
    assert "\n" not in str(caught.value)


def test_names_that_are_none_are_told(tmp_path):
    path = written(tmp_path / "a.jsonl", numbered())
    for text in ("{}", "[", '{"features": {"ner_tags": {"feature": {"names": [1]}}}}'):
        (tmp_path / "dataset_info.json").write_text(text)
        with pytest.raises(EdgebertError, match="has no names of 'ner_tags' among its features"):
            list(read_tagged(path))
    names = {"features": {"ner_tags": {"feature": {"names": NAMES[:2]}}}}
    (tmp_path / "dataset_info.json").write_text(json.dumps(names))
    with pytest.raises(EdgebertError, match="line 1: tag 2 has no name"):
        list(read_tagged(path))
