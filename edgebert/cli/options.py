"""Options that several verbs share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from edgebert.evaluation.columns import Columns

TaughtFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        help="Classify by the labels of this side file (edgebert teach).",
        exists=True,
        dir_okay=False,
    ),
]
JsonReport: TypeAlias = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]


@dataclass(frozen=True)
class EngineOptions:
    """Options of verbs that run a file, by the names that `runtime.model.load` has for them."""

    threads: Annotated[int, typer.Option(help="Threads of one answer.")] = 1
    engine: Annotated[str, typer.Option(help="auto, litert or tflite-runtime.")] = "auto"
    accelerator: Annotated[
        str,
        typer.Option(
            help="cpu; gpu, which has to pass the file's self-test first; or auto: the gpu if it "
            "passes, otherwise the cpu. For files of --target gpu."
        ),
    ] = "cpu"


@dataclass(frozen=True)
class TextColumns:
    """Options of verbs that read texts in columns."""

    text_column: Annotated[
        str | None, typer.Option(help="Column of the text, or of a pair's first text.")
    ] = None
    pair_column: Annotated[str | None, typer.Option(help="Column of a pair's second text.")] = None
    column_names: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="NAMES",
            help="Of a CSV or TSV without a heading: the names of its columns, such as id,text.",
        ),
    ] = None

    def columns(self) -> Columns:
        """As the readers take them."""
        from edgebert.evaluation.columns import Columns

        return Columns(self.text_column, self.pair_column, names=self.column_names)


@dataclass(frozen=True)
class LabelledColumns(TextColumns):
    """Options of verbs that read labelled data, by the names that `api.evaluate` has for them."""

    label_column: Annotated[
        str | None, typer.Option(help="Column of the label (name or number) or score.")
    ] = None
    column_names: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="NAMES",
            help="Names of the columns of a CSV or TSV without a heading, such as text,label. Its "
            "labels may be line numbers of a classes.txt beside it (AG News).",
        ),
    ] = None

    def columns(self) -> Columns:
        """As the readers take them."""
        from edgebert.evaluation.columns import Columns

        return Columns(self.text_column, self.pair_column, self.label_column, self.column_names)
