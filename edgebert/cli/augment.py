"""`edgebert augment`: texts to more texts, for a teacher to label."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from edgebert.cli.options import JsonReport


def augment(
    texts: Annotated[
        list[Path],
        typer.Argument(help="Files of texts, as for edgebert run --input.", show_default=False),
    ],
    model: Annotated[
        str,
        typer.Option(help="A checkpoint, as for edgebert convert, or a .tflite for fill-mask."),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="File to write: a text a line, or .jsonl.")
    ],
    method: Annotated[
        str | None,
        typer.Option(
            help="masked: what a masked language model would write; neighbours: what is near in "
            "the checkpoint's word table.",
            show_default="masked where the checkpoint has a head for it",
        ),
    ] = None,
    times: Annotated[int, typer.Option(help="Variants to try of each text.")] = 8,
    share: Annotated[float, typer.Option(help="Share of the words that are replaced.")] = 0.4,
    seed: Annotated[int, typer.Option(help="Seed of all random choices.")] = 1,
    force: Annotated[
        bool, typer.Option("--force", help="Start the output over, whatever is there.")
    ] = False,
    as_json: JsonReport = False,
) -> None:
    """Make more texts of those at hand: some of their words are replaced by others.

    New texts have no labels: they are for edgebert distill --transfer, whose teacher labels them.
    Those that come out like the text they were made of are left out. If interrupted, the same
    command resumes where it stopped. TensorFlow is not needed.

    \b
    Examples:
      edgebert augment texts.txt --model tiny -o more.txt
      edgebert augment texts.csv --model all-minilm-l6-v2 --times 4 -o more.jsonl
    """  # noqa: D301
    from edgebert.cli.console import print_json, progress_bar
    from edgebert.errors import EdgebertError
    from edgebert.train.augmentation.augment import AugmentationOptions
    from edgebert.train.augmentation.augment import augment as run
    from edgebert.train.augmentation.methods import open_method
    from edgebert.train.distillation.transfer_set import TransferSet, read_files

    amount = AugmentationOptions(times, share, seed)
    if output.exists() and any(path.exists() and output.samefile(path) for path in texts):
        raise EdgebertError(f"{output}: is an input; choose another name for the output")
    fingerprint = TransferSet(tuple(texts)).fingerprint
    total = sum(1 for _ in read_files(texts))  # a line that cannot be read is reported at once
    given: dict[str, Any] = {"fingerprint": fingerprint, "total": total, "force": force}
    kept = f"{output} is unfinished: the same command goes on from there"
    with (
        progress_bar(kept) as progress,
        open_method(model, method, progress=progress) as found,  # type: ignore[arg-type]
    ):
        count = run(read_files(texts), found, output, amount, progress=progress, **given)
        report = {"path": str(output), "method": found.name, "texts": total, "new": count}
    if as_json:
        print_json(report)
        return
    typer.echo(f"{output}: {count:,} new texts from {total:,} ({found.name})")
