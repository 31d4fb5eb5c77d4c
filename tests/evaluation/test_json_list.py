"""Rows from a JSON list, and from CSV with semicolons."""

import json

import pytest

from edgebert.errors import EdgebertError
from edgebert.evaluation import lines
from edgebert.evaluation.readers import read_rows

ROWS = [{"text": "a ], {", "label": "x"}, {"text": "b\nc", "label": 2}]


def read(tmp_path, content, name="d.json"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [(row.text, row.label, row.place.split(", ")[-1]) for row in read_rows(path)]


@pytest.mark.parametrize("start", ["", "\ufeff", " \n"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_of_objects(tmp_path, indent, start):
    found = read(tmp_path, start + json.dumps(ROWS, indent=indent) + "\n")
    assert [row[:2] for row in found] == [("a ], {", "x"), ("b\nc", "2")]


def test_the_line_of_an_object_is_told(tmp_path):
    assert [row[2] for row in read(tmp_path, json.dumps(ROWS, indent=1))] == ["line 2", "line 6"]


def test_one_line_may_be_longer_than_those_of_other_formats(tmp_path):
    rows = [{"text": "w" * 1000, "label": "x"}] * 1100
    assert len(read(tmp_path, json.dumps(rows))) == 1100


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"text": "a", "label": "x"}', "d.json: a list of objects is needed, such as"),
        ("", "d.json: a list of objects is needed"),
        ("[1]", "d.json, line 1: a JSON object is needed"),
        ('[{"text": "a",\n}]', "d.json, line 1: not JSON"),
        ('[{"text": "a", "label": "x"}\n', "d.json, line 2: not JSON"),
        ('[{"text": "a", "label": "x"}] x', "d.json, line 1: not JSON"),
        ('[{"text": "a"}]', "d.json: found no label column"),
        (b"[\xff]", "d.json: not UTF-8 (byte 0xFF at 1)"),
    ],
)
def test_what_is_none_is_one_line(tmp_path, content, said):
    with pytest.raises(EdgebertError) as caught:
        read(tmp_path, content)
    assert str(caught.value).replace(f"{tmp_path}/", "").startswith(said)


def test_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "LARGEST_FILE", 10)
    with pytest.raises(EdgebertError, match="larger than 10 bytes; write it as JSON Lines"):
        read(tmp_path, json.dumps(ROWS))


def test_semicolons_where_the_header_has_no_comma(tmp_path):
    content = 'text;label\n"a; b, c";x\nd, e;y\n'
    assert read(tmp_path, content, "d.csv") == [("a; b, c", "x", "line 2"), ("d, e", "y", "line 3")]
    assert read(tmp_path, "text,label\na;b,x\n", "d.csv") == [("a;b", "x", "line 2")]
