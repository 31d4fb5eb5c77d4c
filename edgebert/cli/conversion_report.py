"""The report of a conversion, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgebert.converter.report import ConversionReport
    from edgebert.converter.static_int8.report import StaticReport
    from edgebert.converter.vela import Compilation
    from edgebert.model_file.fixed_graphs import Integer


def print_report(report: ConversionReport) -> None:
    """Prints a report for people."""
    from rich.markup import escape

    from edgebert.cli.console import facts_table, stdout
    from edgebert.converter.full_integer.quality_terminal import print_quality

    console = stdout()
    console.print(f"[bold green]✓[/] [bold]{escape(str(report.path))}[/]")
    console.print(facts_table(_rows(report)))
    if report.quantization is not None:
        print_quality(report.quantization, console)


def _rows(report: ConversionReport) -> list[tuple[str, str]]:
    from edgebert.cli.abstention import abstention_rows, teaching_rows
    from edgebert.cli.prompts import prompt_rows, task_line
    from edgebert.cli.vocabulary import vocabulary_rows

    record, check, delegation = report.record, report.check, report.delegation
    model, kept = record.model, record.quantization
    what = "order" if record.task == "regress" else "answer"
    agreement = "" if check.agreement is None else f", same {what} {check.agreement:.1%}"
    labels = f", {len(record.labels)} labels" if record.labels else ""
    ops = ", ".join(f"{name} {count}" for name, count in report.ops.items())
    return [
        ("source", f"{record.source.name} ({record.source.format})"),
        (
            "model",
            f"{model.num_hidden_layers} layers, {model.hidden_size} wide, "
            f"{model.num_attention_heads} heads, up to {record.max_length} tokens",
        ),
        ("task", f"{task_line(record)}{labels}"),
        *prompt_rows(record),
        *vocabulary_rows(record.vocabulary),
        ("weights", f"matrices {kept.matrices}; tables {kept.tables}"),
        *([("lengths", ", ".join(map(str, record.fixed.lengths)))] if record.fixed else []),
        *_integer_rows(record.integer),
        *_static_rows(report.static),
        ("size", f"{report.bytes / 1e6:.2f} MB, {report.ratio:.1%} of float32"),
        (
            "against float32",
            f"cosine {check.mean_cosine:.5f} (lowest {check.lowest_cosine:.5f}), largest "
            f"difference {check.largest_difference:.2g}{agreement}; {check.texts} texts of "
            f"{check.tokens[0]} to {check.tokens[1]} tokens",
        ),
        (
            "ids",
            "not compared with tokenizers"
            if report.equal_texts is None
            else f"equal to tokenizers on {report.equal_texts} texts",
        ),
        *_evaluation_rows(report),
        *abstention_rows(record),
        *teaching_rows(record.teaching),
        (
            "XNNPACK runs",
            f"{delegation.delegated} of {delegation.ops} ops, in {delegation.partitions} "
            f"partition{'s' if delegation.partitions != 1 else ''}",
        ),
        ("ops", ops),
        ("needs", f"TFLite {record.minimum_runtime} or later"),
        *_compilation_rows(report.compilation),
        ("took", ", ".join(f"{name} {took:.2f} s" for name, took in report.seconds.items())),
    ]


def _compilation_rows(compiled: Compilation | None) -> list[tuple[str, str]]:
    """What a compiler made of the file, and what it expects."""
    if compiled is None:
        return []
    left = ", ".join(f"{op} {count}" for op, count in compiled.cpu_ops.items())
    return [
        (
            "compiled",
            f"{compiled.path}, {compiled.bytes / 1e6:.2f} MB: for {compiled.configuration} by "
            f"{compiled.compiler}, {compiled.npu_ops} operator"
            f"{'s' if compiled.npu_ops != 1 else ''} on the NPU, on the processor "
            f"{left or 'none'}",
        ),
        (
            "its estimate",
            f"{compiled.milliseconds:.2f} ms a run at {compiled.clock_mhz:,.0f} MHz; "
            f"{compiled.sram_kib:,.0f} KiB of SRAM, {compiled.dram_kib:,.0f} of DRAM, "
            f"{compiled.flash_kib:,.0f} of flash",
        ),
    ]


def _integer_rows(integer: Integer | None) -> list[tuple[str, str]]:
    """What a full-integer file takes, and where its ranges come from."""
    if integer is None:
        return []
    given = integer.calibration
    kept = "".join(f"; {len(names)} values in {kind}" for kind, names in integer.mixed.items())
    return [
        (
            "whole numbers",
            f"{', '.join(map(str, integer.lengths))} tokens of {', '.join(integer.inputs)}",
        ),
        ("ranges from", f"{given.texts:,} texts, {given.tokens:,} tokens: {given.source}{kept}"),
    ]


def _static_rows(static: StaticReport | None) -> list[tuple[str, str]]:
    """Which dense layers are static, and which cost too much."""
    if static is None:
        return []
    given = static.calibration
    rows = [
        ("ranges from", f"{given.texts:,} texts, {given.tokens:,} tokens: {given.source}"),
        (
            "static",
            f"{static.layers - len(static.dynamic)} of {static.layers} dense layers; loses "
            f"{static.loss:.4f} of at most {static.most:g}",
        ),
    ]
    if static.dynamic:
        which = ", ".join(f"{name} (-{gain:.4f})" for name, gain in static.dynamic)
        rows.append(("dynamic", f"{which}; all static would lose {static.all_static:.4f}"))
    return rows


def _evaluation_rows(report: ConversionReport) -> list[tuple[str, str]]:
    """What the user's own data says, a row a metric."""
    if report.evaluation is None:
        return []
    one, other = report.evaluation.model, report.evaluation.baseline
    rows = []
    for name, difference in report.evaluation.differences.items():
        low, high = report.evaluation.intervals[name]
        rows.append(
            (
                name,
                f"{one.metrics[name]:.4f}, float32 {other.metrics[name]:.4f}: {difference:+.4f} "
                f"({low:+.4f} to {high:+.4f}); {one.rows:,} rows",
            )
        )
    return rows
