"""`edgebert.convert`: a checkpoint, wherever it comes from, and what its user asks for."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from edgebert.arguments import checked_arguments
from edgebert.bert.sentence import Pooling
from edgebert.bert.tasks import TaskName
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.convert_checkpoint import convert_checkpoint
from edgebert.converter.options import DeviceName, Mixed, Options, RecipeName, RuntimeName
from edgebert.converter.plan import Plan, plan
from edgebert.converter.report import ConversionReport
from edgebert.converter.user_data import user_data
from edgebert.converter.vela import check_configuration, compile_file, compiled_path
from edgebert.converter.vocabulary import trim_vocabulary, vocabulary_choice
from edgebert.files import refuse_overwrite, refuse_same
from edgebert.progress import Progress, silent


@checked_arguments
def convert(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    task: TaskName | None = None,
    quantize: RecipeName | None = None,
    device: DeviceName | None = None,
    labels: str | os.PathLike[str] | Sequence[str] | None = None,
    max_length: int | None = None,
    runtime: RuntimeName = "litert",
    pooling: Pooling | None = None,
    normalize: bool | None = None,
    truncate_dim: int | None = None,
    prompts: Mapping[str, str] | None = None,
    default_prompt: str | None = None,
    vocabulary_from: str | os.PathLike[str] | None = None,
    vocabulary_size: int | None = None,
    lengths: Sequence[int] | None = None,
    inputs: Sequence[str] | None = None,
    calibration: str | os.PathLike[str] | None = None,
    max_loss: float | None = None,
    mixed: Mixed | None = None,
    allow_float: bool = False,
    target: str | None = None,
    compile_for: str | None = None,
    explain: bool = False,
    check: str | os.PathLike[str] | None = None,
    max_drop: float | None = None,
    calibrate: str | os.PathLike[str] | None = None,
    out_of_scope: str | os.PathLike[str] | None = None,
    max_wrong: float | None = None,
    min_coverage: float | None = None,
    confidence: float | None = None,
    teachable: str | os.PathLike[str] | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> ConversionReport:
    """Converts a checkpoint into one .tflite that `edgebert.load` runs, and checks it.

    Args:
        source: a folder, an archive, a catalogue name, a hub id (`checkpoints.sources`).
        output: the file to write; None: named after source, task and recipe, in this folder.
        task: None takes what the checkpoint was made for.
        quantize: how weights are stored; None: "int8".
        device: in its place the processor that the file is for: it gets the recipe that is quickest
            there ("pi4", "pi5" and "phone": "int8-static"; "x86": "int8").
        labels: a file with one label a line, or the labels; None takes the checkpoint's.
        max_length: most tokens of an input; None takes the checkpoint's.
        runtime: "tflite-runtime" writes a file that tflite-runtime 2.14 opens too; "litert-2.2"
            one that takes less of an ARM processor with float16 arithmetic, and that only LiteRT
            2.2 and later run there.
        pooling: of `embed`; None takes the checkpoint's, or "mean".
        normalize: of `embed`; None takes the checkpoint's, or True.
        truncate_dim: of `embed`: keep so many of a vector's first numbers (for models trained so,
            "Matryoshka"); None takes the checkpoint's. As in sentence-transformers they are taken
            from the normalised vector and not scaled again, unless `normalize` is True.
        prompts: of `embed`: texts to be put before a text, by name ("query", "passage"), beside
            the checkpoint's.
        default_prompt: name of the one that is put before every text for which none is named;
            None takes the checkpoint's.
        vocabulary_from: texts like those that the model will meet: of its word pieces only those
            that they need are kept (`converter.vocabulary`), which makes the file smaller; other
            words are cut into more pieces. A text file, a line each, or data as for `check`.
        vocabulary_size: how many pieces are kept; None: all that the texts use.
        lengths: tokens of an input; the file holds a graph for each. None: any length, or 64 in a
            full-integer file ("int8-full", "int16x8") and with `target`.
        inputs: of a full-integer file: ("ids",), the default, or ("ids", "mask", "segment_ids").
        calibration: likewise, and of "int8-static", "int8-fine", "int4" and "w4-t8-a8": text to
            take ranges from, or to round matrices for, a line each, or data as for `check`; None
            takes texts that ship with edgebert.
        max_loss: of "int8-static": the most that the output's mean cosine with float32 may be
            below 1; dense layers are left dynamic, as in "int8", until it is no more. None: 0.005.
        mixed: of a full-integer or int4 file: "auto" keeps in int16 what int8 costs most, or in
            int8 what int4 does.
        allow_float: likewise: "auto" may take float32 too, where that gains more than int16.
        target: the accelerator that the file is for (`converter.targets`).
        compile_for: an Arm Ethos-U, such as "ethos-u85-512" (`converter.vela`): the file is
            compiled for it, too, into one more beside it; needs the extra `ethos-u`.
        explain: of a full-integer file: measure what each step of the rewriting is worth, for the
            report.
        check: labelled data (see `evaluation.data.open_data`): the file and a float32 file of the
            same checkpoint are evaluated on it, and the figures go into the record.
        max_drop: most that the first metric of `check` may be below that of float32. Without
            `check`, and with `mixed` "auto", the most that the output's mean cosine with float32
            may be below 1.
        calibrate: of `classify`, `tag` and `answer`: labelled data that it has not learned from,
            as for `check`. The file gets a rule of when to abstain, fitted on its own answers to it
            (`converter.abstain`), and scores of a classifier with one label a text become chances.
        out_of_scope: of such a classifier: texts that belong to no label, one a line or with a
            column text; the rule is fitted to reject them too.
        max_wrong: most wrong answers (labels, spans) among those given, as a share, kept with
            `confidence`; None: 0.02.
        min_coverage: share of the texts to be answered (of the labels or spans to be given), in
            place of `max_wrong`.
        confidence: chance, over calibration sets, with which `max_wrong` holds, between 0.5 and 1;
            None: 0.95. A greater one costs answers.
        teachable: of a classifier with one label a text: the labelled data that it has learned
            from. Labels can then be taught to the file on the device (`converter.teach`); how much
            its own count before them is fitted on `calibrate` where that is given.
        force: overwrite `output`.
        progress: told how far downloads and the check are.

    Raises:
        EdgebertError: wrong input; nothing was written.
        CheckFailedError: the file's answers are too far from the checkpoint's, or it loses more
            than `max_drop`, or `max_wrong` cannot be kept; nothing was kept.
    """
    if compile_for is not None:
        target = check_configuration(compile_for, target, lengths or ())
    path_of_labels = isinstance(labels, (str, os.PathLike))
    options = Options(
        task=task,
        quantize=quantize,
        device=device,
        labels=Path(labels) if path_of_labels else labels,  # type: ignore[arg-type]
        max_length=max_length,
        runtime=runtime,
        pooling=pooling,
        normalize=normalize,
        truncate_dim=truncate_dim,
        prompts=prompts,
        default_prompt=default_prompt,
        lengths=lengths,
        inputs=inputs,
        calibration=None if calibration is None else Path(calibration),
        max_loss=max_loss,
        mixed=mixed,
        allow_float=allow_float,
        max_drop=max_drop if mixed == "auto" else None,
        target=target,
        explain=explain,
        teachable=teachable is not None,
    )
    choice = vocabulary_choice(
        None if vocabulary_from is None else Path(vocabulary_from),
        vocabulary_size,
        None if check is None else Path(check),
    )
    data = user_data(
        check=check,
        max_drop=max_drop,
        mixing=mixed == "auto",
        calibrate=calibrate,
        out_of_scope=out_of_scope,
        max_wrong=max_wrong,
        min_coverage=min_coverage,
        confidence=confidence,
        teachable=teachable,
    )
    if output is not None:
        refuse_overwrite(Path(output), force=force)
        names = options.labels if isinstance(options.labels, Path) else None
        read = (vocabulary_from, calibration, check, calibrate, out_of_scope, teachable, names)
        refuse_same(Path(output), source, *read)
    start = time.perf_counter()
    with open_checkpoint(os.fspath(source), progress=progress) as checkpoint:
        seconds = time.perf_counter() - start
        conversion = plan(options, checkpoint)
        trimmed = None
        if choice is not None:
            choice = replace(choice, further=tuple(conversion.prompts.texts.values()))
            trimmed = trim_vocabulary(checkpoint, choice, conversion.head.task, progress or silent)
            conversion = plan(options, trimmed[0])  # which may name ids
        path = Path(output) if output is not None else default_output(checkpoint.source, conversion)
        if compile_for is not None:
            refuse_overwrite(compiled_path(path, compile_for), force=force)
        report = convert_checkpoint(
            checkpoint,
            conversion,
            path,
            trimmed=trimmed,
            data=data,
            force=force,
            progress=progress or silent,
            read_seconds=seconds,
        )
    if compile_for is None:
        return report
    compiled = compile_file(path, compile_for, progress or silent, force=force)
    return replace(report, compilation=compiled)


def default_output(source: str, conversion: Plan) -> Path:
    """`tiny-fill-mask-int8.tflite` and the like, in the current folder."""
    name = re.sub(r"\.(zip|tar|tgz|tar\.gz)$", "", source.rstrip("/"), flags=re.IGNORECASE)
    name = re.sub(r"[^\w.-]+", "-", name if re.fullmatch(r"\d+/\d+", name) else Path(name).name)
    name = name.strip("-.") or "model"
    return Path(f"{name}-{conversion.head.task}-{conversion.recipe.name}.tflite")
