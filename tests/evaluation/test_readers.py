import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import Columns, find_query_layout, has_queries
from edgebert.evaluation.readers import read_queries, read_rows
from edgebert.evaluation.records import read_header

BANKING77 = Path(__file__).parent.parent / "data" / "banking77" / "test.csv"


def rows_of(tmp_path, content, name="data.tsv", columns=None):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [row[:3] for row in read_rows(path, columns or Columns())]


def error_of(tmp_path, content, name="data.tsv", columns=None):
    """The message, without the folder."""
    with pytest.raises(EdgebertError) as caught:
        rows_of(tmp_path, content, name, columns)
    return str(caught.value).replace(f"{tmp_path}/", "")


def test_sst2(tmp_path):
    content = "sentence\tlabel\nit 's charming . \t1\nunflinchingly \"bleak\t0\n"
    assert rows_of(tmp_path, content) == [
        ("it 's charming . ", None, "1"),
        ('unflinchingly "bleak', None, "0"),
    ]


def test_stsb(tmp_path):
    content = (
        "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n"
        '0\tnews\tMSR\t2012\t0000\tnone\tnone\tA man.\tThe "man".\t4.750\n'
    )
    assert rows_of(tmp_path, content) == [("A man.", 'The "man".', "4.750")]


def test_mrpc_with_its_byte_order_mark(tmp_path):
    content = '\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\t" Yes .\tNo .\n'
    assert rows_of(tmp_path, content) == [('" Yes .', "No .", "1")]


@pytest.mark.parametrize(
    ("header", "line", "expected"),
    [
        ("index\tquestion\tsentence\tlabel", "0\tq\ts\tentailment", ("q", "s", "entailment")),
        ("id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate", "1\t2\t3\ta\tb\t0", ("a", "b", "0")),
        ("Text\tCategory", "t\tc", ("t", None, "c")),
    ],
)
def test_other_usual_headers(tmp_path, header, line, expected):
    assert rows_of(tmp_path, f"{header}\n{line}\n") == [expected]


def test_banking77():
    rows = list(read_rows(BANKING77))
    assert len(rows) == 3080
    assert len({row.label for row in rows}) == 77
    assert rows[0][:3] == ("How do I locate my card?", None, "card_arrival")
    assert rows[1].text.startswith("I still have not received my new card, I ordered")
    assert rows[1].place == f"{BANKING77}, line 3"


def test_csv_with_quotes_commas_and_line_breaks(tmp_path):
    content = 'text,label\r\n"a, ""b""\nc",x\r\n\r\nd,y\r\n'
    path = tmp_path / "data.csv"
    path.write_bytes(content.encode())
    rows = list(read_rows(path))
    assert [row[:3] for row in rows] == [('a, "b"\nc', None, "x"), ("d", None, "y")]
    assert [row.place.split(", ")[-1] for row in rows] == ["line 2", "line 5"]


def test_json_lines(tmp_path):
    content = '{"text": "a\\u2028b", "label": 1}\n\n{"label": true, "text": "", "more": [1]}\n'
    assert rows_of(tmp_path, content, "data.jsonl") == [("a\u2028b", None, "1"), ("", None, "1")]


@pytest.mark.parametrize(
    "content",
    ['{"text": "a", "label": "b"}\n', "text\tlabel\na\tb\n", "text,label\na,b\n"],
)
def test_an_unknown_ending_is_read_by_its_content(tmp_path, content):
    assert rows_of(tmp_path, content, "data.txt") == [("a", None, "b")]


def test_only_line_ends_end_a_line(tmp_path):
    content = "text\tlabel\na\u2028b\x0bc\u0085d\t1\r\n\n\n"
    assert rows_of(tmp_path, content) == [("a\u2028b\x0bc\u0085d", None, "1")]


def test_named_columns(tmp_path):
    content = "text\tother\tlabel\tstars\na\tb\tc\t5\n"
    assert rows_of(tmp_path, content, columns=Columns("other", "text", "stars")) == [
        ("b", "a", "5")
    ]
    assert rows_of(tmp_path, content, columns=Columns(text="Other")) == [("b", None, "c")]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
            st.text("abc\",\n'", min_size=1).filter(str.strip),  # a blank one is no label
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_csv_and_json_write_comes_back(tmp_path, pairs):
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([("text", "label"), *pairs])
    expected = [(text, None, label) for text, label in pairs]
    assert rows_of(tmp_path, buffer.getvalue(), "data.csv") == expected
    lines = [json.dumps({"text": text, "label": label}) + "\n" for text, label in pairs]
    assert rows_of(tmp_path, "".join(lines), "data.jsonl") == expected


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("d.tsv", "", "d.tsv: empty, or the first line is"),
        ("d.tsv", "text\tlabel\na\n", "d.tsv, line 2: number of fields is 1, the header names 2"),
        ("d.tsv", "text\tlabel\na\tb\tc\n", "d.tsv, line 2: number of fields is 3, the header"),
        ("d.tsv", "text\tlabel\na\t\n", "d.tsv, line 2: 'label' is empty; a label or number"),
        ("d.tsv", "text\ttext\na\tb\n", "d.tsv: two columns are named 'text'"),
        (
            "d.tsv",
            "a\tlabel\nx\ty\n",
            "d.tsv: found no text column; name it with --text-column, where the command has "
            "that, or in the file's heading (if it has none, name all with --columns); "
            "the columns are 'a', 'label'",
        ),
        (
            "d.tsv",
            "text\tquery\tlabel\nx\ty\tz\n",
            "d.tsv: 'text', 'query' could each be the text column; name it with --text-column",
        ),
        (
            "d.tsv",
            "text\tscore\tlabel\nx\ty\tz\n",
            "d.tsv: 'score', 'label' could each be the label column; name it with --label-column",
        ),
        ("d.tsv", b"text\tlabel\ncaf\xe9\t1\n", "d.tsv, line 2: not UTF-8 (byte 0xE9 at"),
        ("d.tsv", "text\tlabel\n" + "x" * 1_000_001, "d.tsv, line 2: longer than 1,000,000 bytes"),
        ("d.csv", 'text,label\n"a,b\n', "d.csv, line 2: not CSV: unexpected end of data"),
        ("d.csv", "text,label\ra,b\rc,d\r", "d.csv, line 1: not CSV: its lines end with CR alone"),
        ("d.csv", "text,label\n" + "x" * 200_000 + ",1", "d.csv, line 2: not CSV: field larger"),
        ("d.jsonl", '{"text": "a", "label": 1}\n{"text": 1\n', "d.jsonl, line 2: not JSON: "),
        ("d.jsonl", "[" * 100_000, "d.jsonl, line 1: not JSON: "),
        ("d.jsonl", "[1]\n", "d.jsonl, line 1: a JSON object is needed"),
        (
            "d.jsonl",
            '{"text": "a", "label": 1}\n{"text": "a"}\n',
            "d.jsonl, line 2: no column 'label'",
        ),
        ("d.jsonl", '{"text": 1, "label": 1}\n', "d.jsonl, line 1: 'text' is 1; a text is needed"),
        ("d.jsonl", '{"text": "a", "label": [1]}\n', "d.jsonl, line 1: 'label' is [1]; a label or"),
    ],
)  # fmt: skip
def test_errors_name_file_line_and_column(tmp_path, name, content, message):
    error = error_of(tmp_path, content, name)
    assert error.startswith(message)
    assert "\n" not in error


def test_a_named_column_that_is_not_there_is_an_error(tmp_path):
    content = "text\tlabel\na\tb\n"
    for columns in (Columns("x"), Columns("text", "x"), Columns(label="x")):
        assert error_of(tmp_path, content, columns=columns) == (
            "data.tsv: there is no column 'x'; the columns are 'text', 'label'"
        )


def test_a_pair_needs_its_text():
    with pytest.raises(EdgebertError, match="name both"):
        Columns(pair="b")


def test_many_columns_are_not_all_listed(tmp_path):
    header = "\t".join(f"c{number}" for number in range(100))
    assert error_of(tmp_path, f"{header}\n{header}\n").endswith("'c19' and 80 more")


def test_what_is_no_file_is_an_error(tmp_path):
    for path, message in (
        (tmp_path / "none.tsv", "none.tsv: cannot read: No such file or directory"),
        (tmp_path, "not an ordinary file"),
        (Path("/dev/zero"), "/dev/zero: not an ordinary file"),
    ):
        with pytest.raises(EdgebertError, match=message):
            list(read_rows(path))


@pytest.mark.parametrize("name", ["data.jsonl", "data.json"])
def test_a_row_with_two_values_for_a_name_is_refused(tmp_path, name):
    row = '{"text": "a", "label": "x", "text": "b"}'
    path = tmp_path / name
    path.write_text(row if path.suffix == ".jsonl" else f"[{row}]")
    with pytest.raises(EdgebertError, match=r"line 1: an object has two values for 'text'"):
        list(read_rows(path))


def test_a_spreadsheet_is_named_as_what_it_is(tmp_path):
    path = tmp_path / "data.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(EdgebertError, match=r"data\.csv: a zip archive, as a spreadsheet"):
        list(read_rows(path))


def test_rows_come_before_the_end_is_read(tmp_path):
    path = tmp_path / "data.tsv"
    path.write_text("text\tlabel\na\t1\nbroken\n")
    rows = read_rows(path)
    assert next(rows).text == "a"
    with pytest.raises(EdgebertError, match="line 3"):
        next(rows)


def test_cola_has_no_header(tmp_path):
    content = "gj04\t1\t\tOur friends won't buy it.\nc_13\t0\t*\tHe \"lives.\n"
    assert rows_of(tmp_path, content) == [
        ("Our friends won't buy it.", None, "1"),
        ('He "lives.', None, "0"),
    ]
    assert rows_of(tmp_path, content, columns=Columns(text="source"))[0][0] == "gj04"


@pytest.mark.parametrize(
    "header", ["gj04\t2\t\tx", "gj04\t1\tx\ty", "gj04\t1\tx", "gj04\t1\t\ta\tb"]
)
def test_what_only_resembles_cola_needs_its_header(tmp_path, header):
    fields = "\t".join("1" * (header.count("\t") + 1))
    with pytest.raises(EdgebertError, match="found no"):
        rows_of(tmp_path, f"{header}\n{fields}\n")


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("query\tpositive\nq\tp\n", Columns()),
        ("Anchor\tPositive\tnegation\nq\tp\tn\n", Columns()),
        ("anchor\tpositive\tnegative\nq\tp\tn\n", Columns("anchor", "positive")),
        ("a\tb\nq\tp\n", Columns("a", "b")),
    ],
)
def test_queries(tmp_path, content, columns):
    path = tmp_path / "d.tsv"
    path.write_text(content)
    assert has_queries(read_header(path), columns)
    assert [query[:2] for query in read_queries(path, columns)] == [("q", "p")]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (["query", "positive", "score"], Columns()),
        (["query", "positive", "x"], Columns(label="x")),
        (["sentence1", "sentence2"], Columns()),
        (["a", "b", "label"], Columns("a", "b")),
    ],
)
def test_pairs_with_scores_are_no_queries(header, columns):
    assert not has_queries(header, columns)


def test_queries_without_their_columns_are_an_error(tmp_path):
    path = tmp_path / "d.tsv"
    path.write_text("query\tx\nq\tp\n")
    with pytest.raises(EdgebertError, match="found no text column"):
        list(read_queries(path))
    path.write_text("query\tpositive\n")
    with pytest.raises(EdgebertError, match=r"d.tsv: has no rows$"):
        read_header(path)


@pytest.mark.parametrize(
    "name", ["negative", " Neg ", "negatives", "negative_1", "neg2", "hard_negative"]
)
def test_explicit_negatives_are_refused_and_other_columns_are_not_taken_for_them(name):
    header = ["anchor", "positive", "negation", "negotiation", "is_negative", "negative_score"]
    assert find_query_layout(header, Columns()) == ("anchor", "positive")
    with pytest.raises(EdgebertError, match=f"column '{name}' has explicit negatives"):
        find_query_layout([*header, name], Columns())


@pytest.mark.parametrize(
    ("name", "content", "names"),
    [
        ("d.csv", 'good,"a film, and a plot"\nbad,a plot\n', "label,text"),
        ("d.csv", "good;a film, and a plot\nbad;a plot\n", "label, text"),
        ("d.tsv", "a film, and a plot\tgood\t1\na plot\tbad\t2\n", "text,label,number"),
        ("d.csv", '"good","3","a film, and a plot"\n"bad","1","a plot"\n', "label,n,text"),
    ],
)
def test_columns_of_a_file_without_a_heading_are_named(tmp_path, name, content, names):
    path = tmp_path / name
    path.write_text(content)
    columns = Columns(names=names)
    rows = [(row.text, row.label, row.place) for row in read_rows(path, columns)]
    assert rows == [
        ("a film, and a plot", "good", f"{path}, line 1"),
        ("a plot", "bad", f"{path}, line 2"),
    ]
    assert read_header(path, columns) == [name.strip() for name in names.split(",")]


def test_names_that_do_not_fit_are_one_line(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("a,b,c\n")
    with pytest.raises(EdgebertError, match="line 1: number of fields is 3, the header names 2"):
        list(read_rows(path, Columns(names="text,label")))
    for names in ("text,text", "text,,label", ""):
        with pytest.raises(EdgebertError, match="give each a name of its own"):
            Columns(names=names)
    for other in ("d.jsonl", "d.json"):
        path = tmp_path / other
        path.write_text('[{"text": "a", "label": "b"}]' if other == "d.json" else '{"text": "a"}')
        with pytest.raises(EdgebertError, match="JSON names its own"):
            list(read_rows(path, Columns(names="text,label")))


AG_NEWS = Columns(names="label,title,text")


def ag_news(tmp_path, rows, classes="World\nSports\nBusiness\nSci/Tech\n"):
    """A file as AG News is distributed: no heading, and the names of the classes beside it."""
    path = tmp_path / "train.csv"
    path.write_text(rows)
    (tmp_path / "classes.txt").write_text(classes)
    return path


def test_numbered_classes_have_the_names_of_the_file_beside_them(tmp_path):
    rows = '"3","Wall St. Bears","Short-sellers, again."\n"4","Aims for \\Mars","A probe."\n'
    path = ag_news(tmp_path, rows)
    found = [(row.text, row.label) for row in read_rows(path, AG_NEWS)]
    assert found == [("Short-sellers, again.", "Business"), ("A probe.", "Sci/Tech")]
    headed = tmp_path / "headed.csv"
    headed.write_text("text,label\nA probe.,4\n")  # which says itself what its labels are
    assert [row.label for row in read_rows(headed)] == ["4"]
    (tmp_path / "classes.txt").unlink()
    assert [row.label for row in read_rows(path, AG_NEWS)] == ["3", "4"]


def test_several_numbered_classes_have_their_names_too(tmp_path):
    path = ag_news(tmp_path, "1| 3,title,one text\n,title,another\n4,title,a third\n")
    found = [row.label for row in read_rows(path, AG_NEWS, multi_label=True)]
    assert found == ["World|Business", "", "Sci/Tech"]
    path.write_text("1|5,title,one text\n")
    with pytest.raises(EdgebertError, match=r"line 1: label '5'; classes.txt .* from 1 to 4"):
        list(read_rows(path, AG_NEWS, multi_label=True))


@pytest.mark.parametrize("label", ["0", "5", "-1", "1.0", "News", "9" * 5000])
def test_a_class_without_a_name_is_one_line(tmp_path, label):
    path = ag_news(tmp_path, f"{label},title,text\n")
    with pytest.raises(EdgebertError, match=r"line 1: label .*classes.txt .* from 1 to 4"):
        list(read_rows(path, AG_NEWS))


@pytest.mark.parametrize("classes", ["", "\n", "World\n\nSports\n", "World\nWorld\n"])
def test_a_file_of_classes_without_a_name_a_line_is_refused(tmp_path, classes):
    path = ag_news(tmp_path, "1,title,text\n", classes)
    with pytest.raises(EdgebertError, match=r"classes.txt: a name of its own is needed"):
        list(read_rows(path, AG_NEWS))


def test_data_is_known_again_by_what_was_named():
    assert Columns("a").to_json() == {"text": "a", "pair": None, "label": None}
    assert Columns(names="text,label").to_json()["names"] == "text,label"
