"""`edgebert inspect`: what a .tflite holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from edgebert.converter.targets import Target
    from edgebert.model_file.contents import Contents, GraphInfo, TensorInfo
    from edgebert.model_file.fixed_graphs import Integer
    from edgebert.model_file.record import Record


_NAMED = 5
"""So many tensors are named that are not whole numbers; --json names all."""


def inspect(
    file: Annotated[Path, typer.Argument(help="A .tflite made by edgebert convert.")],
    tensors: Annotated[
        bool, typer.Option("--tensors", help="List every constant, the largest first.")
    ] = False,
    targets: Annotated[
        bool,
        typer.Option(
            "--targets",
            help="Show what each accelerator takes; always shown for files of fixed lengths.",
        ),
    ] = False,
    target: Annotated[
        str | None,
        typer.Option(
            help="Check every op against the list of one accelerator.", show_default=False
        ),
    ] = None,
    selftest: Annotated[
        bool, typer.Option("--selftest", help="Run the file's own test; exit 1 if it fails.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show a file's record, bytes by part, ops, tensors and the runtime it needs.

    Below the parts it lists the options of edgebert convert that would make the file smaller, and
    roughly how large it would be.

    It also says whether the file computes with integers alone, and which parts of its graph
    accelerators take.

    \b
    Examples:
      edgebert inspect minilm.tflite
      edgebert inspect minilm.tflite --tensors
      edgebert inspect minilm.tflite --targets
      edgebert inspect minilm.tflite --target ethos-u65
      edgebert inspect minilm.tflite --selftest
    """  # noqa: D301
    from edgebert.cli.console import print_json
    from edgebert.cli.savings import savings
    from edgebert.converter.targets import find_target
    from edgebert.errors import CheckFailedError
    from edgebert.model_file.contents import read_contents
    from edgebert.model_file.packaged import find_model
    from edgebert.model_file.read import read_model_file

    chosen = None if target is None else find_target(target)
    file = Path(find_model(file))
    record = read_model_file(file).record
    contents = read_contents(file)
    tested = _selftest(file) if selftest else None
    if as_json:
        found = {**asdict(contents), "real": contents.real, "targets": _targets(contents)}
        found["smaller"] = savings(record, contents.bytes)
        print_json({"record": asdict(record), **found, "selftest": tested})
    else:
        _print(file, record, contents, tensors)
        if chosen is not None:
            _print_ops(contents, chosen)
        elif targets or record.fixed_graphs:
            _print_targets(contents)
        if tested:
            typer.echo(f"self-test: largest difference {tested['largest_difference']:.2g}")
    if tested and tested["failures"]:
        raise CheckFailedError(f"{file}: self-test: {'; '.join(tested['failures'])}")


def _selftest(file: Path) -> dict[str, Any]:
    from edgebert.runtime.model import load

    with load(file) as model:
        return asdict(model.selftest())


def _print(file: Path, record: Record, contents: Contents, tensors: bool) -> None:
    from rich.markup import escape

    from edgebert.cli.console import facts_table, stdout, table
    from edgebert.cli.savings import savings

    console = stdout()
    console.print(f"[bold]{escape(str(file))}[/]  {contents.bytes / 1e6:.2f} MB")
    console.print(facts_table(_facts(record, contents)))
    console.print()
    parts = table("part", "bytes", "share")
    parts.columns[1].justify = parts.columns[2].justify = "right"
    for part, size in contents.parts.items():
        parts.add_row(part, f"{size:,}", f"{size / contents.bytes:.1%}")
    console.print(parts)
    smaller = savings(record, contents.bytes)
    if smaller:
        console.print()
        others = table("smaller, converted with", "about")
        others.columns[1].justify = "right"
        for options, size in smaller.items():
            others.add_row(options, f"{size / 1e6:.2f} MB")
        console.print(others)
    if tensors:
        console.print()
        console.print(_tensor_table(contents.tensors))


def _targets(contents: Contents) -> dict[str, Any]:
    """Each target with its sources and what it does not take."""
    from edgebert.converter.targets import targets, unsupported

    return {
        name: {
            "title": target.title,
            "sources": [asdict(source) for source in target.sources],
            "unsupported": [
                {"op": use.op, "version": use.version, "count": use.count, "reason": reason}
                for use, reason in unsupported(contents.uses, target).items()
            ],
        }
        for name, target in targets().items()
    }


def _print_targets(contents: Contents) -> None:
    """What each target takes, in a line."""
    from edgebert.cli.console import stdout, table
    from edgebert.converter.targets import targets

    rows = table("target", "takes")
    for name, target in targets().items():
        rows.add_row(name, _taken(contents, target))
    stdout().print()
    stdout().print(rows)


def _taken(contents: Contents, target: Target) -> str:
    """How many ops a target takes, and which not, with the reason."""
    from edgebert.converter.targets import unsupported

    reasons: Counter[str] = Counter()
    for use, reason in unsupported(contents.uses, target).items():
        reasons[f"{use.op} ({reason})"] += use.count
    ops = sum(contents.ops.values())
    if not reasons:
        return f"all {ops} ops"
    found = ", ".join(f"{what} × {count}" for what, count in reasons.most_common())
    return f"{ops - reasons.total()} of {ops} ops; not {found}"


def _print_ops(contents: Contents, target: Target) -> None:
    """What a target says of each op."""
    from edgebert.cli.console import stdout, table

    console = stdout()
    ops = table("op", "count", "types", "taken")
    ops.columns[1].justify = "right"
    rows: Counter[tuple[str, str, str]] = Counter()
    for use in contents.uses:
        lacks = target.lacks(use)
        name = f"{use.op} v{use.version}{' per channel' if use.per_channel else ''}"
        mark = "[green]✓[/]" if lacks is None else f"[red]✗[/] {lacks}"
        rows[name, ", ".join(use.types), mark] += use.count
    for (name, types, mark), count in rows.most_common():
        ops.add_row(name, str(count), types, mark)
    console.print()
    console.print(ops)
    console.print(f"{target.title}: {_taken(contents, target)}", highlight=False)
    for source in target.sources:
        text = f"{source.document} ({source.at}, {source.of})"
        console.print(text, style="dim", markup=False, highlight=False)


def _facts(record: Record, contents: Contents) -> list[tuple[str, str]]:
    from edgebert.cli.abstention import abstention_rows, teaching_rows
    from edgebert.cli.prompts import prompt_rows, task_line
    from edgebert.cli.vocabulary import vocabulary_rows

    model, options, check = record.model, record.tokenizer, record.check
    cased = "uncased" if options.lower_case else "cased"
    tokenizer = f"WordPiece, {cased}" if options.kind == "wordpiece" else "unigram"
    labels = [("labels", ", ".join(record.labels))] if record.labels else []
    return [
        ("task", task_line(record)),
        *prompt_rows(record),
        *labels,
        *abstention_rows(record),
        *teaching_rows(record.teaching),
        (
            "model",
            f"{model.num_hidden_layers} layers, {model.hidden_size} wide, "
            f"{model.num_attention_heads} heads, {model.hidden_act}",
        ),
        ("tokenizer", f"{tokenizer}, {model.vocab_size:,} pieces"),
        *vocabulary_rows(record.vocabulary),
        ("max length", f"{record.max_length} tokens"),
        *(row for graph in contents.graphs for row in _graph_rows(graph, len(contents.graphs))),
        (
            "quantisation",
            f"{record.quantization.name}: matrices {record.quantization.matrices}; tables "
            f"{record.quantization.tables}; activations {record.quantization.activations}",
        ),
        (
            "check",
            f"cosine to float32 {check['mean_cosine']:.5f} on {check['texts']} texts",
        ),
        ("source", f"{record.source.name} ({record.source.format})"),
        ("made with", ", ".join(f"{name} {value}" for name, value in record.tools.items())),
        ("needs", f"TFLite {record.minimum_runtime} or later"),
        ("checksum", _checksum(record)),
        ("ops", ", ".join(f"{name} × {count}" for name, count in contents.ops.items())),
        ("numbers", _numbers(contents)),
        *([("lengths", ", ".join(map(str, record.fixed.lengths)))] if record.fixed else []),
        *(_integer_facts(record.integer) if record.integer else []),
    ]


def _checksum(record: Record) -> str:
    """The file has been read, so one that is there is right."""
    if record.graph_crc32c is None:
        return (
            "none: a version that wrote none made it; each load tries it in a process of its own "
            "first, and damage may show nowhere; convert again"
        )
    return f"{record.graph_crc32c:08x}, right: no byte has changed since it was written"


def _numbers(contents: Contents) -> str:
    """How many tensors of each type; the first of those that are not whole numbers by name."""
    types = ", ".join(f"{name} × {count}" for name, count in contents.types.items())
    if not contents.real:
        return f"100 % integer: {types}"
    named = ", ".join(name or "(no name)" for name in contents.real[:_NAMED])
    more = ", …" if len(contents.real) > _NAMED else ""
    return f"{types}; not whole: {named}{more}"


def _integer_facts(integer: Integer) -> list[tuple[str, str]]:
    given = integer.calibration
    kept = "".join(f"; {kind}: {', '.join(names)}" for kind, names in integer.mixed.items())
    return [
        ("lengths", ", ".join(map(str, integer.lengths))),
        (
            "output is",
            f"{integer.output_scale:.6g} × (number {-integer.output_zero_point:+d}); then: "
            f"{integer.host}{kept}",
        ),
        ("calibrated", f"{given.texts:,} texts, {given.tokens:,} tokens: {given.source}"),
    ]


def _graph_rows(graph: GraphInfo, graphs: int) -> list[tuple[str, str]]:
    """Inputs and outputs, told apart by the signature where there are several graphs."""
    of = f" {graph.signature}" if graphs > 1 else ""
    return [
        (f"inputs{of}", "; ".join(map(_show, graph.inputs))),
        (f"output{of}", "; ".join(map(_show, graph.outputs))),
    ]


def _show(tensor: TensorInfo) -> str:
    shape = ", ".join("n" if size == -1 else str(size) for size in tensor.shape)
    return f"{tensor.name} {tensor.dtype} [{shape}]"


def _tensor_table(tensors: tuple[TensorInfo, ...]) -> Any:
    from edgebert.cli.console import table

    listed = table("constant", "type", "shape", "scales", "bytes")
    constants = [tensor for tensor in tensors if tensor.bytes]
    for tensor in sorted(constants, key=lambda tensor: -tensor.bytes):
        shape = " × ".join(map(str, tensor.shape)) or "scalar"
        listed.add_row(
            tensor.name, tensor.dtype, shape, str(tensor.scales or ""), f"{tensor.bytes:,}"
        )
    return listed
