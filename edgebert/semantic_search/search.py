"""Finding the documents of a corpus that mean what a query means."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from edgebert.arguments import checked_arguments
from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.progress import Progress, silent
from edgebert.runtime.model import Model
from edgebert.runtime.tasks.embed import DOCUMENT_PROMPTS, QUERY_PROMPTS, prompt_for
from edgebert.semantic_search.corpus import Place, document_at, fingerprint, read_documents
from edgebert.semantic_search.index_file import Header, IndexFile, read_index, write_index
from edgebert.semantic_search.nearest import nearest


class Hit(NamedTuple):
    """A document that was found.

    Attributes:
        score: cosine of its vector and the query's, -1 to 1.
        line: of the corpus, from 1.
    """

    text: str
    score: float
    line: int


@dataclass(frozen=True)
class Search:
    """A corpus that can be searched; `open_search` makes it.

    Attributes:
        built: the index was made or made anew, for there was none or the corpus had changed.
        truncated: number of documents whose end was cut off when the index was built; 0 where
            it was there already.
    """

    model: Model
    corpus: Path
    index: IndexFile
    built: bool
    truncated: int

    def __call__(self, query: str, top: int = 5) -> list[Hit]:
        """The documents nearest to a query, the nearest first.

        Raises:
            EdgebertError: `top` is below 1, or the query is no valid text or has no words.
        """
        check_query(self.model, query, top)
        prompt = prompt_for(self.model.record.prompts, QUERY_PROMPTS)
        vector = self.model.reply(query, prompt=prompt).value
        hits = []
        for number, cosine in nearest(self.index, vector, top):
            place = self.index.place(number)
            hits.append(Hit(document_at(self.corpus, place), cosine, place.line))
        return hits


def check_query(model: Model, query: str, top: int) -> None:
    """Makes sure that there is something to look for, before an index is made for it.

    Raises:
        EdgebertError: as `Search`.
    """
    if type(top) is not int or top < 1:
        raise EdgebertError(f"top is {top!r}; a whole number from 1 on is needed")
    if not model.tokenizer.ids(query):
        raise EdgebertError(f"query {query[:60]!r}: has no words to look for; give some")


def default_index(corpus: Path) -> Path:
    """`docs.txt.edgebert-index` beside `docs.txt`."""
    return corpus.with_name(f"{corpus.name}.edgebert-index")


@checked_arguments
def open_search(
    model: Model,
    corpus: str | os.PathLike[str],
    index: str | os.PathLike[str] | None = None,
    *,
    progress: Progress = silent,
) -> Search:
    """Opens the index of a corpus; makes it where there is none or the corpus has changed.

    Where the file has prompts, queries are embedded behind the one named "query", documents behind
    "document", "passage" or "corpus"; where it has none of those names, behind its default prompt.

    Args:
        model: embeds; it must not be closed while the result is used.
        corpus: a text file with one document a line.
        index: where the index is kept; None: beside the corpus.
        progress: told how many documents are embedded.

    Raises:
        EdgebertError: the model does not embed, the corpus cannot be read or has no document, or
            the index is of another model or another prompt, damaged, or cannot be written.
    """
    if model.task != "embed":
        raise EdgebertError(f"{model.path}: is for {model.task}; search needs a model for embed")
    corpus = Path(corpus)
    path = default_index(corpus) if index is None else Path(index)
    model_print, corpus_print = fingerprint(model.path), fingerprint(corpus)
    found = read_index(path) if path.exists() else None
    if found is not None and found.header.model != model_print:
        raise EdgebertError(
            f"{path}: is an index of another model than {model.path}; name another with --index, "
            "or delete it to have it made anew"
        )
    prompt_print = _prompt_print(model)
    if found is not None and found.header.prompt != prompt_print:
        raise EdgebertError(
            f"{path}: its documents were embedded behind another prompt than {model.path} has for "
            "them; name another with --index, or delete it to have it made anew"
        )
    if found is not None and found.header.corpus == corpus_print:
        return Search(model, corpus, found, built=False, truncated=0)
    header = Header(
        width=model.record.vector_size or model.record.model.hidden_size,
        documents=_count(corpus),
        model=model_print,
        corpus=corpus_print,
        prompt=prompt_print,
    )
    truncated = _build(model, corpus, path, header, progress)
    if fingerprint(corpus) != corpus_print:
        path.unlink(missing_ok=True)
        raise EdgebertError(f"{corpus}: changed while its index was made; try again")
    return Search(model, corpus, read_index(path), built=True, truncated=truncated)


def _prompt_print(model: Model) -> bytes:
    """SHA-256 of the prompt before each document; zeros where there is none."""
    prompts, default = model.record.prompts, model.record.default_prompt
    name = prompt_for(prompts, DOCUMENT_PROMPTS) or default
    text = prompts.get(name or "", "")
    return sha256(text.encode()).digest() if text else bytes(32)


def _count(corpus: Path) -> int:
    count = sum(1 for _ in read_documents(corpus))
    if not count:
        raise EdgebertError(f"{corpus}: has no documents; a text file with one a line is needed")
    return count


def _build(model: Model, corpus: Path, path: Path, header: Header, progress: Progress) -> int:
    """Writes the index; gives the number of documents that were cut off."""
    waiting: deque[Place] = deque()
    truncated = 0
    prompt = prompt_for(model.record.prompts, DOCUMENT_PROMPTS)

    def texts() -> Iterator[str]:
        for text, place in read_documents(corpus):
            waiting.append(place)
            yield text

    def vectors() -> Iterator[tuple[Array, Place]]:
        nonlocal truncated
        with closing(model.batch(texts(), replies=True, prompt=prompt)) as replies:
            for done, reply in enumerate(replies, 1):
                truncated += reply.truncated
                yield reply.value, waiting.popleft()
                progress(done, header.documents, "embedding")

    write_index(path, header, vectors())
    return truncated
