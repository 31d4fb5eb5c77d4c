"""Texts of a file: lines, JSON Lines, CSV and TSV, and what is none of them."""

import bz2
import gzip
import io
import lzma
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import USUAL, Columns
from edgebert.evaluation.texts import open_texts, read_texts


def texts_of(name, data, **options):
    return [(text, pair) for text, pair, _ in read_texts(Path(name), io.BytesIO(data), **options)]


def test_every_line_is_a_text():
    data = "\ufeffone\r\n\nCrème brûlée\tx\u2028y\rz\nlast".encode()
    assert texts_of("x.txt", data) == [
        ("one", None),
        ("", None),
        ("Crème brûlée\tx\u2028y\rz", None),
        ("last", None),
    ]
    assert texts_of("x.txt", b"") == []


def test_json_lines_have_a_text_and_perhaps_a_pair():
    data = b'{"text": "a"}\n\n{"pair": "c", "text": "b\\nb", "id": 7}\n{"text": "", "pair": null}'
    assert texts_of("x.jsonl", data) == [("a", None), ("b\nb", "c"), ("", None)]
    assert texts_of("x.NDJSON", data, pair="p") == [("a", "p"), ("b\nb", "c"), ("", "p")]


def test_csv_and_tsv_have_named_columns():
    assert texts_of("x.csv", b'id,text\n1,"a\nb, ""c"""\n2,d\n') == [
        ('a\nb, "c"', None),
        ("d", None),
    ]
    assert texts_of("x.tsv", b'text\tpair\na "quote\tb\n') == [('a "quote', "b")]


@pytest.mark.parametrize(
    ("data", "columns", "texts"),
    [
        (b"id;Sentence\n1;a,b\n", USUAL, [("a,b", None)]),
        (b"premise,hypothesis,label\na,b,1\n", USUAL, [("a", "b")]),
        (b"text,text_pair,sentence\na,b,c\n", USUAL, [("a", "b")]),
        (b"text,sentence\na,c\n", Columns("SENTENCE"), [("c", None)]),
        (b"frage,antwort\na,b\n", Columns("frage", "antwort"), [("a", "b")]),
    ],
)
def test_columns_are_found_as_in_labelled_data(data, columns, texts):
    assert texts_of("x.csv", data, columns=columns) == texts


def test_a_column_is_not_named_in_vain_where_lines_are_texts():
    with pytest.raises(EdgebertError, match=r"x\.txt: has no column 'frage', each line is a text"):
        texts_of("x.txt", b"frage\na\n", columns=Columns("frage"))


def test_columns_of_a_file_without_a_heading_are_named():
    columns = Columns(names="id,text,pair")
    assert texts_of("x.csv", b"1;a, b;c\n", columns=columns) == [("a, b", "c")]
    assert texts_of("x.tsv", b"1\ta\tc\n", columns=columns) == [("a", "c")]
    assert texts_of("x.csv", b"a,b\n", columns=Columns("q", names="n,q")) == [("b", None)]
    with pytest.raises(EdgebertError, match=r"x\.csv: begins with the names of its columns"):
        texts_of("x.csv", b"id,text,pair\n1,a,b\n", columns=columns)
    with pytest.raises(EdgebertError, match=r"x\.txt: has no column 'id,text,pair'"):
        texts_of("x.txt", b"a\n", columns=columns)


@pytest.mark.parametrize(
    ("pack", "kind"), [(gzip.compress, "gzip"), (bz2.compress, "bzip2"), (lzma.compress, "xz")]
)
def test_compressed_texts_are_named_as_what_they_are(pack, kind):
    with pytest.raises(EdgebertError, match=rf"x\.csv\.gz: compressed by {kind}; plain text"):
        texts_of("x.csv.gz", pack(b"text\na\n"))


def test_places_are_lines_of_the_file():
    data = b'text\n"a\nb"\n\nc\n'
    places = [text.place for text in read_texts(Path("x.csv"), io.BytesIO(data))]
    assert places == ["x.csv, line 2", "x.csv, line 5"]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("x.jsonl", b'{"text": "a"}\n{"text": 7}', "x.jsonl, line 2: 'text' is 7"),
        ("x.jsonl", b'{"text": "a", "pair": ["b"]}', "line 1: 'pair' is ['b']"),
        ("x.jsonl", b'{"frage": "a"}', "found no text column; name it with --text-column"),
        ("x.jsonl", b'{"text": "a"}\n{"text', "line 2: not JSON"),
        ("x.jsonl", b"[1]", "line 1: a JSON object"),
        ("x.csv", b"a,b\n1,2\n", "line 2: found no text column; name it with --text-column"),
        ("x.csv", b'text\n"a\n', "not CSV"),
        ("x.txt", b"fine\ncaf\xe9\n", "line 2: not UTF-8"),
        ("x.txt", b"x" * 1_000_001, "longer than 1,000,000 bytes"),
    ],
)
def test_what_is_no_text_is_one_line(name, data, words):
    with pytest.raises(EdgebertError) as caught:
        texts_of(name, data)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    for path in (tmp_path, tmp_path / "none.txt"):
        with pytest.raises(EdgebertError, match=path.name), open_texts(path):
            pass


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\ufeff"))))
def test_lines_come_back_as_they_were_written(lines):
    data = "".join(f"{line}\n" for line in lines).encode()
    assert texts_of("x.txt", data) == [(line, None) for line in lines]
