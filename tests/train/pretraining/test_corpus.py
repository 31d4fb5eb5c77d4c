"""A corpus is read a line at a time, compressed or not, and a fixed share is held out."""

import gzip
import tracemalloc

import pytest

from edgebert.errors import EdgebertError
from edgebert.train.pretraining.corpus import corpus_texts, read_corpus


def texts(*paths):
    return [line.text for line in read_corpus(paths)]


def test_blank_lines_and_ends_of_files_end_documents(tmp_path):
    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    one.write_text("\n\nfirst\n second \n\n\n \nthird")
    other.write_text("fourth\n\n")
    assert texts(one, other) == ["first", "second", "", "third", "", "fourth", "", ""]
    assert list(corpus_texts([one, other])) == ["first", "second", "third", "fourth"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "one\ntwo\n"),
        ("a.jsonl", '{"text": "one"}\n{"text": "two"}\n'),
        ("a.csv", "label,text\nx,one\ny,two\n"),
    ],
)
def test_compressed_files_are_read_as_what_they_hold(tmp_path, name, content):
    plain, packed = tmp_path / name, tmp_path / f"{name}.gz"
    plain.write_text(content)
    packed.write_bytes(gzip.compress(content.encode()))
    assert texts(plain) == texts(packed) == ["one", "two", ""]


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "long.txt.gz"
    with gzip.open(path, "wt") as file:
        for number in range(20_000):
            file.write(f"line {number} of a text that would take some megabytes as a whole\n")
    tracemalloc.start()
    assert sum(1 for line in read_corpus([path], 0.1) if line.held_out) > 0
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_share_is_held_out_the_same_at_every_reading(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("".join(f"line {n}\n" + "\n" * (n % 50 == 0) for n in range(20_000)))
    first = list(read_corpus([path], 0.05))
    assert first == list(read_corpus([path], 0.05))
    lines = [line for line in first if line.text]
    assert sum(line.held_out for line in lines) / len(lines) == pytest.approx(0.05, abs=0.01)
    assert not any(line.held_out for line in read_corpus([path]))
    assert lines[0].held_out
    runs, current = [], 0
    for line in first:
        current = current + 1 if line.held_out and line.text else 0
        runs.append(current)
    assert max(runs) >= 8  # whole sections, so that held out lines follow each other


def test_damaged_files_are_one_line(tmp_path):
    cut = tmp_path / "cut.txt.gz"
    cut.write_bytes(gzip.compress(b"line\n" * 1000)[:-20])
    with pytest.raises(EdgebertError, match=r"cut.txt.gz: damaged, or not compressed"):
        texts(cut)
    false = tmp_path / "false.txt.gz"
    false.write_text("no gzip")
    with pytest.raises(EdgebertError, match=r"false.txt.gz: damaged, or not compressed"):
        texts(false)
    latin = tmp_path / "latin.txt"
    latin.write_bytes("fine\ncafé\n".encode("latin-1"))
    with pytest.raises(EdgebertError, match=r"latin.txt, line 2: not UTF-8"):
        texts(latin)
    with pytest.raises(EdgebertError, match="cannot read"):
        texts(tmp_path / "missing.txt")
