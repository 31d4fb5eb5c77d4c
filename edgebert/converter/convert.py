"""The conversion from end to end: read, build, write, compare, and only then keep the file."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from edgebert.arguments import checked_arguments
from edgebert.bert.sentence import Pooling
from edgebert.bert.tasks import TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.abstain import AbstentionPlan, abstention_plan, fit_on_file
from edgebert.converter.check import check_encodings, compare
from edgebert.converter.file_record import make_record
from edgebert.converter.gate import DataCheck, data_check
from edgebert.converter.options import DeviceName, Mixed, Options, RecipeName, RuntimeName
from edgebert.converter.plan import Plan, plan, trim
from edgebert.converter.recipe import BuildAids, Built, QualityMeasure
from edgebert.converter.report import ConversionReport
from edgebert.converter.second_opinion import count_equal_texts
from edgebert.converter.teach import TeachingPlan, fit_teaching
from edgebert.converter.vela import check_configuration, compile_file, compiled_path
from edgebert.converter.vocabulary import trim_vocabulary, vocabulary_choice
from edgebert.converter.write_file import append_files, trial_file, write_graph
from edgebert.evaluation.compare import Comparison
from edgebert.files import refuse_overwrite, refuse_same, replacing
from edgebert.model_file.record import Record
from edgebert.model_file.trimmed_vocabulary import TrimmedVocabulary
from edgebert.progress import Progress, silent
from edgebert.runtime.model import load
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.unfinished import temporary_folder


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
        calibrate: of a classifier with one label a text: labelled data that it has not learned
            from. The file gets a rule of when to abstain, fitted on its own answers to it
            (`converter.abstain`), and its scores become chances.
        out_of_scope: likewise: texts that belong to no label, one a line or with a column text;
            the rule is fitted to reject them too.
        max_wrong: likewise: most wrong answers among those given, as a share, kept with a
            confidence of 95 %; None: 0.02.
        min_coverage: likewise: share of the texts to be answered, in place of `max_wrong`.
        teachable: of a classifier with one label a text: labelled data like that it has learned
            from. Labels can then be taught to the file on the device (`converter.teach`).
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
    user_data = data_check(None if check is None else Path(check), max_drop, mixing=mixed == "auto")
    abstaining = abstention_plan(
        None if calibrate is None else Path(calibrate),
        None if out_of_scope is None else Path(out_of_scope),
        max_wrong,
        min_coverage,
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
            user_data=user_data,
            abstaining=abstaining,
            teaching=None if teachable is None else TeachingPlan(Path(teachable)),
            force=force,
            progress=progress or silent,
            read_seconds=seconds,
        )
    if compile_for is None:
        return report
    compiled = compile_file(path, compile_for, progress or silent, force=force)
    return replace(report, compilation=compiled)


def convert_checkpoint(
    checkpoint: Checkpoint,
    conversion: Plan,
    path: Path,
    *,
    trimmed: tuple[Checkpoint, TrimmedVocabulary] | None = None,
    user_data: DataCheck | None = None,
    abstaining: AbstentionPlan | None = None,
    teaching: TeachingPlan | None = None,
    force: bool = False,
    refuse: bool = True,
    progress: Progress = silent,
    read_seconds: float = 0.0,
) -> ConversionReport:
    """Converts an open checkpoint; see `convert`.

    Args:
        checkpoint: whole; what the user's data is compared with.
        conversion: how.
        path: of the file.
        trimmed: the checkpoint with fewer word pieces, which is what the file will hold.
        user_data: to compare on.
        abstaining: what the rule of when to abstain is fitted on.
        teaching: what it is learned from how labels are taught.
        force: overwrite `path`.
        refuse: off: a file that is too far from float32 is kept too.
        progress: told how far the check is.
        read_seconds: that reading the checkpoint took.
    """
    if user_data is not None:
        # Wrong data is an error now, not after the conversion.
        user_data.open(conversion.head.task, multi_label=conversion.head.multi_label)
    if abstaining is not None:
        abstaining.open(conversion.head.task, multi_label=conversion.head.multi_label)
    if teaching is not None:
        teaching.open()
    clock = _Clock(read_seconds)
    float32_bytes = 4 * sum(int(weight.size) for weight in checkpoint.weights.values())
    whole = trim(checkpoint, conversion.max_length)
    tokenizer = whole.make_tokenizer(conversion.max_length)
    equal_texts = count_equal_texts(whole, tokenizer)
    checkpoint, vocabulary = whole, None
    if trimmed is not None:
        checkpoint, vocabulary = trim(trimmed[0], conversion.max_length), trimmed[1]
        tokenizer = checkpoint.make_tokenizer(conversion.max_length)
    clock.lap("tokenizers")
    with (
        replacing(path, force=force) as part,
        _float32_baseline(path, whole, conversion, user_data, progress) as baseline,
    ):
        measure = None
        if baseline is not None:
            measure = baseline.quality_measure(checkpoint, conversion, tokenizer)
        aids = BuildAids(tokenizer, progress, measure)
        built = conversion.graphs.build(checkpoint, conversion.head, aids)
        graph = write_graph(part, checkpoint, conversion, built)
        del built  # as large as the file
        clock.lap("build")
        encodings = check_encodings(
            tokenizer, conversion.max_length, odd=conversion.recipe.odd_texts
        )
        check, delegation = compare(
            part,
            checkpoint,
            conversion.head,
            encodings,
            conversion.recipe.limit,
            max_length=conversion.max_length,
            fixed=graph.fixed_graphs,
            on_text=lambda done: progress(done, len(encodings), "comparing with float32"),
        )
        if refuse:
            check.require()
        clock.lap("check")
        figures = {**check.to_json(), "ids_equal_to_tokenizers": equal_texts}
        record = make_record(part, checkpoint, conversion, tokenizer, figures, graph)
        record = replace(record, vocabulary=vocabulary)
        clock.lap("write")
        comparison = None
        if baseline is not None:
            comparison = baseline.compare(part, record, checkpoint)
            baseline.user_data.require(comparison)
            evaluation = baseline.user_data.to_json(comparison)
            record = replace(record, check={**record.check, "evaluation": evaluation})
            clock.lap("evaluate")
        if abstaining is not None:
            with trial_file(part, record, checkpoint) as trial, load(trial) as model:
                record = replace(record, abstention=fit_on_file(model, abstaining, progress))
            clock.lap("calibrate")
        if teaching is not None:
            with trial_file(part, record, checkpoint) as trial, load(trial) as model:
                record = replace(record, teaching=fit_teaching(model, teaching, progress))
            clock.lap("teaching")
        append_files(part, record, checkpoint)
        clock.lap("write")
        size = part.stat().st_size
    return ConversionReport(
        path=path,
        record=record,
        bytes=size,
        float32_bytes=float32_bytes,
        check=check,
        equal_texts=equal_texts,
        evaluation=comparison,
        delegation=delegation,
        ops=graph.ops,
        seconds=clock.laps,
        quantization=graph.quality,
        static=graph.static,
    )


def default_output(source: str, conversion: Plan) -> Path:
    """`tiny-fill-mask-int8.tflite` and the like, in the current folder."""
    name = re.sub(r"\.(zip|tar|tgz|tar\.gz)$", "", source.rstrip("/"), flags=re.IGNORECASE)
    name = re.sub(r"[^\w.-]+", "-", name if re.fullmatch(r"\d+/\d+", name) else Path(name).name)
    name = name.strip("-.") or "model"
    return Path(f"{name}-{conversion.head.task}-{conversion.recipe.name}.tflite")


class _Clock:
    """Seconds of each stage."""

    def __init__(self, read_seconds: float) -> None:
        self.laps = {"read": read_seconds}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.laps[stage] = self.laps.get(stage, 0.0) + now - self._last
        self._last = now


@dataclass(frozen=True)
class _Baseline:
    """The user's data, and a float32 file of the checkpoint beside the one that is made.

    Attributes:
        user_data: the data.
        folder: for the float32 file and others that go with it.
        progress: told how far an evaluation is.
    """

    user_data: DataCheck
    folder: Path
    progress: Progress

    @property
    def float32(self) -> Path:
        return self.folder / "float32.tflite"

    def compare(self, graph: Path, record: Record, checkpoint: Checkpoint) -> Comparison:
        """A graph, with the other files of its own, and the float32 file on the data."""
        with trial_file(graph, record, checkpoint) as trial:
            return self.user_data.compare(trial, self.float32, self.progress)

    def quality_measure(
        self, checkpoint: Checkpoint, conversion: Plan, tokenizer: Tokenizer
    ) -> QualityMeasure:
        """Says how much a file of some graphs would lose on the data."""

        def loss(built: Built) -> float:
            path = self.folder / "graph.tflite"
            graph = write_graph(path, checkpoint, conversion, built)
            record = make_record(path, checkpoint, conversion, tokenizer, {}, graph)
            comparison = self.compare(path, record, checkpoint)
            return comparison.drop(next(iter(comparison.differences)))

        return loss


@contextmanager
def _float32_baseline(
    path: Path,
    checkpoint: Checkpoint,
    conversion: Plan,
    user_data: DataCheck | None,
    progress: Progress,
) -> Iterator[_Baseline | None]:
    """What a file is compared with; it is gone after."""
    if user_data is None:
        yield None
        return
    with temporary_folder(path) as folder:
        baseline = _Baseline(user_data, folder, progress)
        convert_checkpoint(checkpoint, conversion.in_float32(), baseline.float32, progress=progress)
        yield baseline
