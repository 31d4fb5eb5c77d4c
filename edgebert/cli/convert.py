"""`edgebert convert`: a checkpoint to one checked .tflite."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from edgebert.cli.grouped import grouped
from edgebert.cli.options import JsonReport
from edgebert.cli.vocabulary import VocabularyOptions


@dataclass(frozen=True)
class ConversionOptions:
    """Options of every conversion, by the names that `converter.convert.convert` has for them."""

    task: Annotated[
        str | None,
        typer.Option(
            help="embed, classify, regress, encode, tag, answer or fill-mask.",
            show_default="what the checkpoint was made for",
        ),
    ] = None
    quantize: Annotated[
        str | None,
        typer.Option(
            help="Weights in int8, int4, float16 or float32; int8-static, int8 with ranges from "
            "calibration, which takes 10 to 20 % less time of an ARM processor; int8-fine, "
            "int8 that loses a quarter as much, for some 2 % more; or int8-full or int16x8, "
            "which hold nothing but whole numbers, for accelerators that know nothing else. "
            "w8-t4-a8 is int8 with the word table in int4, w4-t8-a8 int4 with the table in "
            "int8; docs/size.md has all long names, which say the bits of weights, word "
            "table and activations. int4 is for LiteRT 2.1 and later, smaller and not "
            "faster.",
            show_default="int8",
        ),
    ] = None
    device: Annotated[
        str | None,
        typer.Option(
            "--for",
            help="Processor that the file is for, in place of --quantize: pi4, pi5 or phone "
            "(int8-static) or x86 (int8), the quickest recipe there.",
            show_default="any",
        ),
    ] = None
    labels: Annotated[
        Path | None,
        typer.Option(help="File with one label a line.", show_default="the checkpoint's"),
    ] = None
    max_length: Annotated[
        int | None, typer.Option(help="Most tokens of an input.", show_default="the checkpoint's")
    ] = None
    runtime: Annotated[
        str,
        typer.Option(
            help="litert; tflite-runtime, for a file that old engines open too; or litert-2.2, for "
            "LiteRT 2.2 and later alone: fewer instructions on ARM with float16 (Raspberry Pi 5)."
        ),
    ] = "litert"
    pooling: Annotated[
        str | None,
        typer.Option(
            help="How embed makes a vector: mean, cls, max, weightedmean, mean_sqrt_len_tokens, "
            "lasttoken, or several joined by +.",
            show_default="the checkpoint's, or mean",
        ),
    ] = None
    normalize: Annotated[
        bool | None,
        typer.Option(
            "--normalize/--no-normalize",
            help="Whether embed gives vectors of length 1.",
            show_default="the checkpoint's, or yes",
        ),
    ] = None
    truncate_dim: Annotated[
        int | None,
        typer.Option(
            help="Keep so many of the first numbers of an embed vector (Matryoshka); with "
            "--normalize they are scaled to length 1 again.",
            show_default="the checkpoint's, or all",
        ),
    ] = None
    prompts: Annotated[
        list[str] | None,
        typer.Option(
            "--prompt",
            metavar="NAME=TEXT",
            help='A text that embed puts before a text, such as query="query: ". May be given '
            "several times.",
            show_default="the checkpoint's",
        ),
    ] = None
    default_prompt: Annotated[
        str | None,
        typer.Option(
            help="Name of the prompt for texts for which none is named.",
            show_default="the checkpoint's",
        ),
    ] = None


@dataclass(frozen=True)
class AcceleratorOptions:
    """Options of files for accelerators and of ranges from calibration, likewise."""

    lengths: Annotated[
        list[int] | None,
        typer.Option(
            "--length",
            help="Tokens of an input: the file takes fixed lengths, as accelerators, browsers and "
            "microcontrollers want it. May be given several times, for several graphs.",
            show_default="any length; with --target and for int8-full and int16x8 64",
        ),
    ] = None
    target: Annotated[
        str | None,
        typer.Option(
            help="Accelerator that the file is for: qnn, nnapi, ethos-u85, ethos-u65, ethos-u55, "
            "gpu, openvino or tflite-micro. Ops that it lacks are written in others that it has, "
            "or refused by name.",
            show_default="any",
        ),
    ] = None
    compile_for: Annotated[
        str | None,
        typer.Option(
            "--compile",
            help="Also compile the file for an Arm Ethos-U with Vela, into a second file beside "
            "it: ethos-u85-512 and the like. Needs the extra ethos-u.",
            show_default=False,
        ),
    ] = None


@dataclass(frozen=True)
class IntegerOptions:
    """Options of int8-full and int16x8, likewise."""

    inputs: Annotated[
        str | None,
        typer.Option(
            help="What an int8-full or int16x8 file takes: ids, or ids,mask,segment_ids, as the "
            "accelerator wants.",
            show_default="ids",
        ),
    ] = None
    calibration: Annotated[
        Path | None,
        typer.Option(
            help="Texts, one a line, or a data set: ranges are taken from them (int8-static, "
            "int8-fine, int8-full, int16x8), and int4 matrices are rounded to suit them.",
            show_default="texts that come with edgebert",
        ),
    ] = None
    max_loss: Annotated[
        float | None,
        typer.Option(
            help="How much of the mean cosine with float32 int8-static may lose: dense layers are "
            "left as int8-fine has them, the costliest first, until it loses no more than "
            "this.",
            show_default="0.005",
        ),
    ] = None
    mixed: Annotated[
        str | None,
        typer.Option(
            help="With auto, int8-full keeps in int16 what int8 costs most, and int4 and w4-t8-a8 "
            "keep in int8 what int4 costs most, until no more than --max-drop is lost: of the "
            "metric of --check, or of the mean cosine with float32.",
            show_default="none",
        ),
    ] = None
    allow_float: Annotated[
        bool,
        typer.Option(
            "--allow-float",
            help="Let --mixed auto take float32 too, where that gains more than int16.",
        ),
    ] = False


@dataclass(frozen=True)
class GateOptions:
    """Options of the comparison on the user's own data, likewise."""

    check: Annotated[
        Path | None,
        typer.Option(help="Labelled data, as for edgebert evaluate: compare with float32 on it."),
    ] = None
    max_drop: Annotated[
        float | None,
        typer.Option(help="Refuse (exit 1) if float32 is better by more than this, such as 0.01."),
    ] = None


@dataclass(frozen=True)
class AbstainingOptions:
    """Options of when a file abstains, likewise."""

    calibrate: Annotated[
        Path | None,
        typer.Option(
            help="Labelled data that the model has not learned from (classify, tag, answer): fit "
            "a rule of when it abstains; scores of a classifier with one label a text become "
            "chances."
        ),
    ] = None
    out_of_scope: Annotated[
        Path | None,
        typer.Option(
            help="Texts that belong to no label, one a line or with a column text, for --calibrate."
        ),
    ] = None
    max_wrong: Annotated[
        float | None,
        typer.Option(
            help="Largest share of wrong answers (labels, spans) among those given, with "
            "--confidence; exit 1 if that cannot be kept.",
            show_default="0.02",
        ),
    ] = None
    confidence: Annotated[
        float | None,
        typer.Option(
            help="Chance, over calibration sets, with which --max-wrong holds; a greater one costs "
            "answers.",
            show_default="0.95",
        ),
    ] = None
    min_coverage: Annotated[
        float | None,
        typer.Option(
            help="Share of texts that is answered (of labels or spans that are given), in place of "
            "--max-wrong; 1: every text, so that scores become chances and nothing else changes."
        ),
    ] = None
    teachable: Annotated[
        Path | None,
        typer.Option(
            help="Labelled data that a classifier has learned from: labels can then be taught to "
            "the file, beside its own (edgebert teach). Give --calibrate, too: how much its own "
            "labels count before taught ones shows on texts that it has not learned from."
        ),
    ] = None


@grouped
def convert(
    source: Annotated[
        str,
        typer.Argument(
            help="Folder, .zip or .tar.gz, catalogue name (tiny, 4/256), hub id (owner/name), "
            "or all-minilm-l6-v2.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="File to write.", show_default="SOURCE-TASK-QUANTIZE.tflite"
        ),
    ] = None,
    *,
    choices: ConversionOptions,
    vocabulary: VocabularyOptions,
    accelerator: AcceleratorOptions,
    integer: IntegerOptions,
    quantization_report: Annotated[
        Path | None,
        typer.Option(
            help="Write the error of every value of an int8-full or int16x8 file after every step, "
            "as .html or .json.",
            show_default=False,
        ),
    ] = None,
    gate: GateOptions,
    abstaining: AbstainingOptions,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output.")] = False,
    as_json: JsonReport = False,
) -> None:
    """Convert a compact BERT to one .tflite with its vocabulary, labels and task inside.

    The file is compared with a float32 computation of the checkpoint; past the limit nothing is
    kept, and the exit status is 1. With --check, the file and a float32 one are evaluated on your
    data too, and the figures go into the file's record.

    \b
    Examples:
      edgebert convert all-minilm-l6-v2 -o minilm.tflite
      edgebert convert ./my-classifier --labels labels.txt -o intents.tflite
      edgebert convert ./my-classifier --check dev.tsv --max-drop 0.01
      edgebert convert ./my-classifier --calibrate dev.tsv --max-wrong 0.03
      edgebert convert tiny --task embed --pooling cls
      edgebert convert ./my-e5 --prompt query="query: " --prompt passage="passage: "
      edgebert convert google/bert_uncased_L-4_H-256_A-4 --task encode --quantize float16
      edgebert convert all-minilm-l6-v2 --for pi5
      edgebert convert all-minilm-l6-v2 --quantize int8-static --calibration texts.txt
      edgebert convert all-minilm-l6-v2 --quantize int8-full --length 64 --length 128
      edgebert convert ./my-classifier --quantize int4 --calibration texts.txt --mixed auto
      edgebert convert ./my-classifier --vocabulary-from train.csv --check dev.csv
      edgebert convert ./my-classifier --quantize int8-full --calibration texts.txt --target qnn
      edgebert convert ./my-classifier --quantize int8-full --compile ethos-u85-512
      edgebert convert ./my-classifier --quantize float32 --length 32 --target gpu
    """  # noqa: D301
    from edgebert.cli.console import print_json, progress_bar
    from edgebert.cli.conversion_report import print_report
    from edgebert.cli.prompts import named_prompts
    from edgebert.converter.convert import convert as run
    from edgebert.converter.full_integer import quality_file
    from edgebert.errors import EdgebertError
    from edgebert.files import refuse_same

    asked: dict[str, Any] = {}
    for group in (choices, vocabulary, accelerator, integer, gate, abstaining):
        asked |= vars(group)
    asked["prompts"] = named_prompts(choices.prompts or [])
    asked["inputs"] = None if integer.inputs is None else integer.inputs.split(",")
    asked["explain"] = quantization_report is not None
    if quantization_report is not None:
        quality_file.check_path(quantization_report, force=force)
        read = (source, vocabulary.vocabulary_from, integer.calibration, gate.check)
        further = (abstaining.calibrate, abstaining.out_of_scope, abstaining.teachable)
        refuse_same(quantization_report, choices.labels, *read, *further)
        if output is not None and quantization_report.resolve() == output.resolve():
            raise EdgebertError(f"{output}: model and report cannot be one file")
    with progress_bar("nothing was written; what was downloaded is kept") as progress:
        report = run(source, output, **asked, force=force, progress=progress)
    if quantization_report is not None and report.quantization is not None:
        title = f"{report.record.source.name}, {report.record.quantization.name}"
        quality_file.write(report.quantization, quantization_report, title, force=force)
    if as_json:
        print_json(report.to_json())
    else:
        print_report(report)
