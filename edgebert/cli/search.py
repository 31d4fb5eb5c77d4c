"""`edgebert search`: documents of a corpus by meaning."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgebert.cli.grouped import grouped
from edgebert.cli.options import EngineOptions, JsonReport

if TYPE_CHECKING:
    from edgebert.semantic_search.search import Hit, Search


@grouped
def search(
    file: Annotated[Path, typer.Argument(help="A .tflite for embed, made by edgebert convert.")],
    queries: Annotated[list[str], typer.Argument(metavar="QUERY...", help="What to look for.")],
    *,
    corpus: Annotated[Path, typer.Option(help="Text file with one document a line.")],
    top: Annotated[int, typer.Option(min=1, help="Documents to give for a query.")] = 5,
    index: Annotated[
        Path | None,
        typer.Option(help="Where the index is kept.", show_default="CORPUS.edgebert-index"),
    ] = None,
    running: EngineOptions,
    as_json: JsonReport = False,
) -> None:
    """Find the documents of a corpus that mean what a query means.

    The vectors of the documents are kept in an index on disk, in int8. It is made at the first
    search and again when the corpus has changed; that of another model is refused. Scores are
    cosines.

    \b
    Examples:
      edgebert search minilm.tflite --corpus faq.txt "my card was stolen"
      edgebert search minilm.tflite --corpus faq.txt --top 3 --json "lost card" "exchange rate"
    """  # noqa: D301
    from edgebert.cli.console import one_line, print_json, print_notice, progress_bar
    from edgebert.runtime.model import load
    from edgebert.semantic_search.search import check_query, open_search

    with load(file, **vars(running)) as model:
        for query in queries:
            check_query(model, query, top)
        with progress_bar("no index was written") as progress:
            found = open_search(model, corpus, index, progress=progress)
        if found.truncated:
            print_notice(
                "warning",
                f"{found.truncated:,} of {found.index.header.documents:,} documents are longer "
                f"than {model.max_length} tokens; their ends are not in the index",
            )
        results = [(query, found(query, top)) for query in queries]
    if as_json:
        print_json(_record(found, results))
        return
    for query, hits in results:
        if len(results) > 1:
            typer.echo(f"{one_line(query)}:")
        for hit in hits:
            typer.echo(f"{hit.score:6.3f}  {one_line(hit.text)}")


def _record(search: Search, results: list[tuple[str, list[Hit]]]) -> dict[str, Any]:
    return {
        "index": str(search.index.path),
        "documents": search.index.header.documents,
        "built": search.built,
        "truncated": search.truncated,
        "results": [
            {"query": query, "hits": [hit._asdict() for hit in hits]} for query, hits in results
        ],
    }
