"""Search on a real, if tiny, embedder."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

import edgebert
from edgebert.cli.main import app
from edgebert.errors import EdgebertError
from edgebert.semantic_search.search import default_index, open_search
from tests.checkpoints.folders import EMBEDDER, ROOTS
from tests.conftest import RUNTIME

BANKING77 = Path(__file__).parent.parent / "data" / "banking77" / "test.csv"


@pytest.fixture(scope="module")
def texts():
    questions = [row["text"] for row in csv.DictReader(BANKING77.open())]
    return list(dict.fromkeys(text for text in questions if len(text) < 60))[:40]


@pytest.fixture(scope="module")
def model(converted):
    with edgebert.load(converted("embed")) as model:
        yield model


@pytest.fixture
def corpus(tmp_path, texts):
    path = tmp_path / "docs.txt"
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def test_a_document_is_found_by_itself(model, corpus, texts):
    search = open_search(model, corpus)
    assert search.built
    hits = search(texts[7], top=3)
    assert (hits[0].text, hits[0].line) == (texts[7], 8)
    assert hits[0].score == pytest.approx(1, abs=2e-3)
    assert len(hits) == 3
    assert hits[0].score >= hits[1].score >= hits[2].score


def test_the_index_is_kept(model, corpus, texts):
    first = open_search(model, corpus)
    path = default_index(corpus)
    assert first.index.path == path == corpus.with_name("docs.txt.edgebert-index")
    written = path.stat().st_mtime_ns
    again = open_search(model, corpus)
    assert not again.built
    assert path.stat().st_mtime_ns == written
    assert again(texts[3]) == first(texts[3])


def test_a_changed_corpus_is_indexed_anew(model, corpus):
    open_search(model, corpus)
    with corpus.open("a") as file:
        file.write("Where do penguins live?\n")
    seen = []
    search = open_search(model, corpus, progress=lambda *report: seen.append(report))
    assert search.built
    assert seen[-1] == (41, 41, "embedding")
    assert search("Where do penguins live?", top=1)[0].line == 41


def test_the_index_of_another_model_is_refused(model, corpus, converted):
    open_search(model, corpus)
    with (
        edgebert.load(converted("embed", quantize="float32")) as other,
        pytest.raises(EdgebertError, match=r"is an index of another model than .*; name another"),
    ):
        open_search(other, corpus)


def test_a_file_that_is_no_index_is_not_overwritten(model, corpus):
    with pytest.raises(EdgebertError, match=r"docs.txt: exists already and is no index"):
        open_search(model, corpus, corpus)
    assert corpus.read_text()


def test_lines_and_offsets_of_odd_files(model, tmp_path):
    path = tmp_path / "docs.txt"
    path.write_bytes("\ufeffcafé crème\r\n\n   \n日本 語\u2028x\nlast".encode())
    search = open_search(model, path, tmp_path / "x.index")
    found = {hit.line: hit.text for hit in search("x", top=9)}
    assert found == {1: "café crème", 4: "日本 語\u2028x", 5: "last"}


def test_documents_that_are_too_long_are_counted(model, tmp_path):
    path = tmp_path / "docs.txt"
    path.write_text("short\n" + "word " * 1000 + "\n")
    assert open_search(model, path).truncated == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no documents; a text file with one a line is needed"),
        (b"\n \n", "has no documents"),
        (b"fine\n\xff\n", "line 2: not UTF-8"),
        (None, "cannot read: No such file"),
    ],
)
def test_a_corpus_that_cannot_be_read(model, tmp_path, content, message):
    path = tmp_path / "docs.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EdgebertError, match=message):
        open_search(model, path)
    assert not default_index(path).exists()


def test_a_corpus_that_changes_meanwhile(model, corpus):
    def change(done, total, description):
        if done == 1:
            corpus.write_text("other\n" * 40)

    with pytest.raises(EdgebertError, match=r"changed while its index was made|changed meanwhile"):
        open_search(model, corpus, progress=change)
    assert not default_index(corpus).exists()


def test_another_task_is_refused(classifier, corpus):
    with (
        edgebert.load(classifier) as model,
        pytest.raises(EdgebertError, match="is for classify; search needs a model for embed"),
    ):
        open_search(model, corpus)


@pytest.mark.parametrize("top", [0, -1, 1.5, True])
def test_top_is_a_number_from_one_on(model, corpus, top):
    with pytest.raises(EdgebertError, match="a whole number from 1 on is needed"):
        open_search(model, corpus)("x", top=top)


@pytest.mark.parametrize("query", ["", " \t", "\u202e", "\u200b\x01"])
def test_a_query_without_words_is_refused_before_an_index_is_made(model, corpus, query):
    with pytest.raises(EdgebertError, match="has no words to look for"):
        edgebert.search(model, corpus, query)
    assert not default_index(corpus).exists()
    arguments = ["search", str(model.path), "--corpus", str(corpus), "a query", query]
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "has no words to look for" in done.stderr
    with pytest.raises(EdgebertError, match="has no words to look for"):
        open_search(model, corpus)(query)


@pytest.fixture(scope="module")
def prompted(kept):
    def make(path):
        prompts = {"query": "what is ", "passage": "read: "}
        edgebert.convert(ROOTS[0] / EMBEDDER, path, prompts=prompts, runtime=RUNTIME)

    with edgebert.load(kept("embed_with_prompts", make)) as model:
        yield model


def test_queries_and_documents_have_the_prompts_of_the_file(prompted, corpus, texts):
    search = open_search(prompted, corpus)
    hit = search("my card", top=1)[0]
    query = prompted("what is my card", prompt="")
    documents = [prompted(f"read: {text}", prompt="") for text in texts]
    cosines = [float(query @ document) for document in documents]
    assert hit.text == texts[cosines.index(max(cosines))]
    assert hit.score == pytest.approx(max(cosines), abs=5e-3)


def test_an_index_made_behind_another_prompt_is_refused(prompted, corpus, tmp_path):
    index = open_search(prompted, corpus, tmp_path / "x.index").index
    content = bytearray(index.path.read_bytes())
    assert content[88:120] == index.header.prompt != bytes(32)
    content[88:120] = bytes(32)
    index.path.write_bytes(content)
    with pytest.raises(EdgebertError, match="embedded behind another prompt"):
        open_search(prompted, corpus, index.path)
