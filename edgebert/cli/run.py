"""`edgebert run`: answers of a converted file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from edgebert.runtime.model import Model, Reply

_SHOWN_VALUES = 6


def run(
    file: Annotated[Path, typer.Argument(help="A .tflite made by edgebert convert.")],
    texts: Annotated[list[str] | None, typer.Argument(help="Texts to answer.")] = None,
    source: Annotated[
        str | None, typer.Option("--input", help="File with one text a line; - is stdin.")
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads of one answer.")] = 1,
    engine: Annotated[str, typer.Option(help="auto, litert or tflite-runtime.")] = "auto",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line and text.")
    ] = False,
) -> None:
    """Answer texts: labels with scores, vectors, values.

    \b
    Examples:
      edgebert run intents.tflite "Where is my card?"
      edgebert run minilm.tflite --input questions.txt --json > vectors.jsonl
      echo "Where is my card?" | edgebert run intents.tflite --input -
    """  # noqa: D301
    from edgebert.errors import EdgebertError
    from edgebert.runtime.model import load

    if not texts and source is None:
        raise EdgebertError("no text given; add one, or --input FILE (- for stdin)")
    with load(file, threads=threads, engine=engine) as model:  # type: ignore[arg-type]
        for text in _texts(texts or [], source):
            _print(text, model, as_json)


def _texts(texts: list[str], source: str | None) -> Iterator[str]:
    from edgebert.errors import EdgebertError

    yield from texts
    if source is None:
        return
    try:
        lines = sys.stdin if source == "-" else Path(source).open(encoding="utf-8")  # noqa: SIM115
        with lines:
            for line in lines:
                yield line.rstrip("\r\n")
    except OSError as error:
        raise EdgebertError(f"{source}: cannot read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise EdgebertError(f"{source}: not UTF-8 text") from None


def _print(text: str, model: Model, as_json: bool) -> None:
    import json

    reply = model.reply(text)
    if as_json:
        typer.echo(json.dumps(_to_json(text, model, reply), ensure_ascii=True))
        return
    if reply.truncated:
        typer.echo(f"warning: cut off after {model.max_length} tokens: {text[:60]!r}…", err=True)
    typer.echo(f"{_show(reply.value)}\t{text}")


def _to_json(text: str, model: Model, reply: Reply) -> dict[str, Any]:
    value = reply.value
    if model.task == "classify":
        result: dict[str, Any] = value._asdict()
    elif model.task == "regress":
        result = {"value": value}
    else:
        result = {"vector" if model.task == "embed" else "rows": value.tolist()}
    return {"text": text, **result, "tokens": reply.tokens, "truncated": reply.truncated}


def _show(value: Any) -> str:
    """An answer on one line."""
    from edgebert.runtime.tasks.classify import Classification

    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, Classification):
        return f"{value.label}\t{value.score:.4f}"
    flat = value.reshape(-1)
    shown = " ".join(f"{number:.4f}" for number in flat[:_SHOWN_VALUES])
    shape = " × ".join(map(str, value.shape))
    return f"[{shown}{' …' if flat.size > _SHOWN_VALUES else ''}] ({shape})"
