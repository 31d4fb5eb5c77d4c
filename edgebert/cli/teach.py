"""`edgebert teach`: labels from a few sentences, for embedders and classifiers made for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgebert.runtime.teachable import TeachableModel


def teach(
    file: Annotated[
        Path,
        typer.Argument(
            help="A .tflite for embed, or a classifier made with edgebert convert --teachable."
        ),
    ],
    label: Annotated[str | None, typer.Argument(help="Label to teach.")] = None,
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT...", help="Sentences that belong to it.")
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Labelled data, as for edgebert evaluate: teach all of it."),
    ] = None,
    taught: Annotated[
        Path | None,
        typer.Option(help="The side file.", show_default="FILE with .taught at its end"),
    ] = None,
    forget: Annotated[str | None, typer.Option(help="Forget this label.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take the last change back.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what is taught as JSON.")] = False,
) -> None:
    """Teach labels by example; without anything to do, list them.

    What is taught lies in a small file beside the model, which stays as it is: a few hundred bytes
    a label, replaced whole. run and evaluate answer by it with --taught.

    \b
    Examples:
      edgebert teach minilm.tflite freeze_card "please freeze my card" "block it for now"
      edgebert teach minilm.tflite --from examples.csv
      edgebert run minilm.tflite --taught minilm.taught "can you lock my card?"
      edgebert teach minilm.tflite --forget freeze_card
    """  # noqa: D301
    from edgebert.cli.console import print_json
    from edgebert.errors import EdgebertError
    from edgebert.runtime.loading import load

    wishes = [label is not None, source is not None, forget is not None, undo]
    if sum(wishes) > 1:
        raise EdgebertError("give one of LABEL with TEXT, --from, --forget and --undo")
    side = file.with_suffix(".taught") if taught is None else taught
    with load(file, taught=side) as model:
        if label is not None:
            model.teach(label, texts or [])
        elif source is not None:
            _teach_all(model, source)
        elif forget is not None:
            model.forget(forget)
        elif undo:
            typer.echo(f"taken back: {', '.join(model.undo())}", err=True)
        found = model.taught()
    if as_json:
        print_json({"taught": str(side), "labels": found})
        return
    for name, count in found.items():
        typer.echo(f"{name}\t{count}")


def _teach_all(model: TeachableModel, source: Path) -> None:
    from edgebert.errors import EdgebertError
    from edgebert.evaluation.readers import read_rows
    from edgebert.runtime.taught_file import check_label

    examples: dict[str, list[str]] = {}
    for row in read_rows(source):
        if row.pair is not None:
            raise EdgebertError(f"{row.place}: a pair; labels are taught with single texts")
        try:
            check_label(row.label)
        except EdgebertError as error:
            raise EdgebertError(f"{row.place}: {error}") from error
        examples.setdefault(row.label, []).append(row.text)
    model.teach_all(examples)
