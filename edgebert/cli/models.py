"""`edgebert models`: the 24 released compact BERTs, and well-known models beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from edgebert.bert.catalogue import CatalogueModel
    from edgebert.bert.embedders import Embedder
    from edgebert.bert.relatives import Relative
    from edgebert.cli.model_sizes import KnownModel

_WIDE = 125
_TEXTS = ("name", "alias")
_NUMBERS = ("L", "H", "parameters", "float32\nMB", "int8\nMB", "GLUE")
_NOTES = (
    "L layers, H wide. int8 MB: about what edgebert convert writes, vocabulary included.",
    "edgebert models NAME shows its parts in every form, and with fewer word pieces.",
    "GLUE: test server score, from the README of github.com/google-research/bert.",
)
_PROMPT_NOTE = (
    "prompts: what belongs before a text; edgebert convert HUB_ID puts them into the file, for "
    "others give --prompt NAME=TEXT."
)
_ARCHIVE_NOTE = "The archive of each is uncased_L-…_H-…_A-….zip; edgebert fetches it by name."


def models(
    name: Annotated[
        str | None,
        typer.Argument(help="One of them: what each part takes in each form.", show_default=False),
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything known about each, as JSON.")
    ] = False,
) -> None:
    """List the model that comes with edgebert, and the 24 compact BERTs that Google released.

    The first runs by its name. The 24 have sizes and published GLUE scores; below them are
    well-known compact models of other families and sizes, and embedders with the prompts that
    they need. Any name or alias of the 24, and any hub id, can be given to edgebert convert; so can
    what was fine-tuned from them. With the name of one, show how many megabytes its word table,
    matrices, vocabulary and the rest take in each form, and what fewer word pieces would leave.

    \b
    Examples:
      edgebert models
      edgebert models 2/128
      edgebert models --json
    """  # noqa: D301
    from edgebert.bert.catalogue import CATALOGUE
    from edgebert.bert.embedders import EMBEDDERS
    from edgebert.bert.relatives import RELATIVES
    from edgebert.cli.console import print_json, stdout
    from edgebert.model_file.packaged import PACKAGED

    if name is not None:
        _print_sizes(name, as_json=as_json)
        return
    if as_json:
        others = (*map(_relative, RELATIVES), *map(_embedder, EMBEDDERS))
        print_json([*map(_packaged, PACKAGED), *map(_record, CATALOGUE), *others])
        return
    console = stdout()
    for name in PACKAGED:
        found = _packaged(name)
        size = f"{found['task']}, {len(found['labels'])} labels, {found['bytes'] / 1e6:.2f} MB"
        console.print(f'{name}  comes with edgebert: {size}; edgebert run {name} "I lost my card"')
    console.print()
    wide = console.width >= _WIDE
    console.print(_catalogue(CATALOGUE, wide=wide))
    console.print()
    console.print(_relatives(RELATIVES))
    console.print()
    console.print(_embedders(EMBEDDERS))
    console.print()
    for note in (*_NOTES, _PROMPT_NOTE) if wide else (*_NOTES, _PROMPT_NOTE, _ARCHIVE_NOTE):
        console.print(note, style="dim")


def _print_sizes(name: str, *, as_json: bool) -> None:
    from edgebert.cli.console import print_json, stdout
    from edgebert.cli.model_sizes import find_known, sizes_of, sizes_table

    model = find_known(name)
    if as_json:
        print_json({"name": model.name, "hub_id": model.hub_id, "sizes": sizes_of(model)})
        return
    console = stdout()
    console.print(f"[bold]{model.name}[/]  {model.hub_id}, about, by its shapes:")
    console.print(sizes_table(model))


def _packaged(name: str) -> dict[str, Any]:
    from edgebert.model_file.packaged import packaged_path
    from edgebert.model_file.read import read_model_file

    file = read_model_file(packaged_path(name))
    return {
        "name": name,
        "family": "BERT",
        "task": file.record.task,
        "labels": file.record.labels,
        "layers": file.record.model.num_hidden_layers,
        "hidden_size": file.record.model.hidden_size,
        "bytes": file.path.stat().st_size,
        "path": file.location,
    }


def _record(model: CatalogueModel) -> dict[str, Any]:
    return {
        **_shared(model, family="BERT"),
        "alias": model.alias,
        "glue": asdict(model.glue) if model.glue else None,
        "archive": model.archive,
    }


def _relative(model: Relative) -> dict[str, Any]:
    return _shared(model, family=model.family)


def _embedder(model: Embedder) -> dict[str, Any]:
    return {**_shared(model, family="BERT"), "task": "embed", "prompts": dict(model.prompts)}


def _shared(model: KnownModel, family: str) -> dict[str, Any]:
    from edgebert.cli.model_sizes import bytes_of

    config = model.config
    return {
        "name": model.name,
        "family": family,
        "layers": config.num_hidden_layers,
        "hidden_size": config.hidden_size,
        "heads": config.num_attention_heads,
        "parameters": model.parameters,
        "float32_bytes": model.float32_bytes,
        "int8_bytes_estimate": model.int8_bytes,
        "bytes_estimates": bytes_of(model),
        "hub_id": model.hub_id,
    }


def _sizes(model: KnownModel) -> tuple[str, ...]:
    """Cells of `_NUMBERS`, but for the last."""
    return (
        str(model.config.num_hidden_layers),
        str(model.config.hidden_size),
        f"{model.parameters:,}",
        f"{model.float32_bytes / 1e6:.1f}",
        f"{model.int8_bytes / 1e6:.1f}",
    )


def _embedders(embedders: tuple[Embedder, ...]) -> Table:
    listed = _columns(("embedder",), _NUMBERS[:-1], ("prompts",))
    listed.columns[-1].no_wrap = False
    for model in embedders:
        prompts = ", ".join(f"{name} {text!r}" for name, text in model.prompts.items() if text)
        listed.add_row(model.hub_id, *_sizes(model), prompts)
    return listed


def _relatives(relatives: tuple[Relative, ...]) -> Table:
    listed = _columns(("name", "family"), _NUMBERS[:-1], ("hub id",))
    for model in relatives:
        listed.add_row(model.name, model.family, *_sizes(model), model.hub_id)
    return listed


def _catalogue(catalogue: tuple[CatalogueModel, ...], *, wide: bool) -> Table:
    listed = _columns(_TEXTS, _NUMBERS, ("hub id", "archive") if wide else ("hub id",))
    for model in catalogue:
        glue = f"{model.glue.score}" if model.glue else ""
        names = (model.hub_id, model.archive) if wide else (model.hub_id,)
        listed.add_row(model.name, model.alias or "", *_sizes(model), glue, *names)
    return listed


def _columns(texts: Sequence[str], numbers: Sequence[str], ids: Sequence[str]) -> Table:
    from edgebert.cli.console import table

    listed = table()
    sides: tuple[tuple[Sequence[str], Literal["left", "right"]], ...]
    sides = ((texts, "left"), (numbers, "right"), (ids, "left"))
    for headings, justify in sides:
        for heading in headings:
            listed.add_column(heading, no_wrap=True, vertical="bottom", justify=justify)
    return listed
