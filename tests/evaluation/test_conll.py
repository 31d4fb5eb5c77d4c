import pytest

from edgebert.errors import EdgebertError
from edgebert.evaluation import conll
from edgebert.evaluation.conll import read_conll


def sentences(tmp_path, content):
    path = tmp_path / "d.conll"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [
        (" ".join(one.words), " ".join(one.tags), one.place.split(", ")[-1])
        for one in read_conll(path)
    ]


def test_words_and_tags(tmp_path):
    content = (
        "-DOCSTART- O\n\nThe O\nMad I-ORG\nCapsule I-ORG\n\n\n-DOCSTART- O\n010 I-MISC\r\n\r\n"
        "caf\u00e9\u00a0x B-LOC"
    )
    assert sentences(tmp_path, content) == [
        ("The Mad Capsule", "O I-ORG I-ORG", "line 3"),
        ("010", "I-MISC", "line 9"),
        ("café\u00a0x", "B-LOC", "line 11"),
    ]


def test_tags_without_prefixes_are_read_as_inside(tmp_path):
    assert sentences(tmp_path, "Ann PER\nLee PER\nsaw O\nBob PER\n") == [
        ("Ann Lee saw Bob", "I-PER I-PER O I-PER", "line 1")
    ]


def test_more_columns(tmp_path):
    content = "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ  B-VP\tO\n"
    assert sentences(tmp_path, content) == [("EU rejects", "B-ORG O", "line 3")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "d.conll: has no sentences"),
        ("\n-DOCSTART- O\n", "d.conll: has no sentences"),
        ("a O\nb\n", "d.conll, line 2: one column; a word and a tag are needed"),
        ("a x O\nb O\n", "d.conll, line 2: number of columns is 2, before it was 3"),
        ("a B-X\nb PER\n", "d.conll, line 2: 'PER' has no B-, I-, E- or S- before its label, and"),
        ("a PER\nb B-X\n", "d.conll, line 2: 'B-X' has a B-, I-, E- or S- before its label, and"),
        (b"a O\n\xff O\n", "d.conll, line 2: not UTF-8"),
    ],
)
def test_errors_name_file_and_line(tmp_path, content, message):
    with pytest.raises(EdgebertError) as caught:
        sentences(tmp_path, content)
    assert str(caught.value).replace(f"{tmp_path}/", "").startswith(message)


def test_a_file_without_blank_lines_does_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(conll, "MOST_WORDS", 3)
    assert len(sentences(tmp_path, "a O\n" * 3)) == 1
    with pytest.raises(EdgebertError, match="line 4: a sentence of more than 3 words; blank"):
        sentences(tmp_path, "a O\n" * 4)


def test_sentences_come_before_the_end_is_read(tmp_path):
    path = tmp_path / "d.conll"
    path.write_text("a O\n\nbroken\n")
    rows = read_conll(path)
    assert next(rows).words == ("a",)
    with pytest.raises(EdgebertError, match="line 3"):
        next(rows)
