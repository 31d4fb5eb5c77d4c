"""Turns what the user asked of a full-integer file into one plan, or an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.learned import Learned
from edgebert.converter.full_integer.integer_graph import INPUTS, TASK_HEADS, Interface
from edgebert.converter.full_integer.storage import IntegerName
from edgebert.converter.head import Head
from edgebert.converter.lengths import USUAL_LENGTH, fixed_lengths
from edgebert.converter.options import Mixed, Options
from edgebert.converter.targets import ANY, require_type
from edgebert.converter.unlike_bert import INTEGER
from edgebert.errors import EdgebertError
from edgebert.tokenizer.template import segments_from_ids

USUAL_DROP = 0.01


@dataclass(frozen=True)
class IntegerPlan:
    """What will be built.

    Attributes:
        lengths: ascending.
        interface: what the graphs take.
        first_id: id of [CLS].
        activations: type of the computed values.
        calibration: None: the texts that edgebert brings.
        max_drop: of mixed "auto", in cosine or in the metric of labelled data.
        learned: ranges and scales from training, in place of calibration.
        target: name of the accelerator that it is for (`targets.find_target`).
    """

    lengths: tuple[int, ...]
    interface: Interface
    first_id: int
    activations: IntegerName
    calibration: Path | None
    mixed: Mixed
    max_drop: float
    explain: bool
    allow_float: bool = False
    learned: Learned | None = None
    target: str = ANY


def integer_plan(options: Options, checkpoint: Checkpoint, activations: IntegerName) -> IntegerPlan:
    """Decides every choice.

    Raises:
        EdgebertError: a choice is unknown, or the checkpoint cannot serve it.
    """
    INTEGER.require(checkpoint.config, checkpoint.source)
    target = options.target or ANY
    require_type(target, activations, "--quantize int8-full")
    inputs = tuple(options.inputs or ("ids",))
    if inputs not in (("ids",), INPUTS):
        raise EdgebertError(
            f"inputs {','.join(inputs)[:80]}: accepted are ids and {','.join(INPUTS)}"
        )
    mixed = options.mixed or "none"
    if mixed not in ("none", "auto"):
        raise EdgebertError(f"mixed {mixed!r} is unknown; accepted: none, auto")
    if mixed == "auto" and activations == "int16":
        raise EdgebertError("mixed: for --quantize int8-full; int16x8 keeps every value in int16")
    if options.allow_float:
        _check_float(mixed, target)
    number = {piece: at for at, piece in enumerate(checkpoint.vocabulary)}
    missing = [piece for piece in ("[PAD]", "[CLS]", "[SEP]") if piece not in number]
    if missing:
        raise EdgebertError(
            f"{checkpoint.source}: its vocabulary has no {' and no '.join(missing)}"
        )
    learned = _learned(options, mixed, checkpoint, activations)
    usual = USUAL_LENGTH if learned is None else learned.length
    return IntegerPlan(
        lengths=fixed_lengths(options.lengths, checkpoint, usual),
        interface=Interface(inputs, number["[PAD]"], _separator(checkpoint, inputs, number)),
        first_id=number["[CLS]"],
        activations=activations,
        calibration=options.calibration,
        mixed=mixed,
        max_drop=USUAL_DROP if options.max_drop is None else options.max_drop,
        explain=options.explain,
        allow_float=options.allow_float,
        learned=learned,
        target=target,
    )


def _separator(
    checkpoint: Checkpoint, inputs: tuple[str, ...], number: Mapping[str, int]
) -> int | None:
    """The id behind which segment 1 begins; None where there is no such segment.

    Raises:
        EdgebertError: a text does not begin with [CLS], or its segments do not follow from ids.
    """
    template = checkpoint.tokenizer.template
    for parts in (template.single, template.pair) if template else ():
        if [at for at, part in enumerate(parts) if part.token == number["[CLS]"]] != [0]:
            raise EdgebertError(
                f"{checkpoint.source}: its tokenizer does not begin each text with [CLS], which "
                "full-integer files need; convert with --quantize int8"
            )
    rule = segments_from_ids(template, number["[SEP]"])
    if rule is None and inputs == ("ids",) and checkpoint.config.type_vocab_size > 1:
        raise EdgebertError(
            f"{checkpoint.source}: its tokenizer gives segments that do not follow from ids (1 "
            f"behind the first [SEP], or all 0); convert with --inputs {','.join(INPUTS)}"
        )
    return number["[SEP]"] if rule == "separator" else None


def _check_float(mixed: Mixed, target: str) -> None:
    if mixed != "auto":
        raise EdgebertError("allow float: says what --mixed auto may use; add --mixed auto")
    if target != ANY:
        raise EdgebertError(
            f"allow float: a file for {target} is whole numbers only; leave out one of the two"
        )


def _learned(
    options: Options, mixed: Mixed, checkpoint: Checkpoint, activations: IntegerName
) -> Learned | None:
    """What training learned, unless other ranges were asked for."""
    found = checkpoint.learned
    if found is None or options.calibration is not None or activations == "int16":
        return None
    if mixed == "auto":
        raise EdgebertError(
            f"{checkpoint.source}: its ranges were learned for int8 alone; for mixed add "
            "--calibration, which takes new ones"
        )
    found.check(checkpoint.weights, checkpoint.config, checkpoint.source)
    return found


def refuse_head(head: Head, source: str) -> None:
    """Raises EdgebertError for what the integer graph does not compute."""
    if head.task not in TASK_HEADS:
        raise EdgebertError(
            f"{source}: int8-full and int16x8 are for {', '.join(TASK_HEADS)}, not for "
            f"{head.task}; use --quantize int8"
        )
    foreign = {
        f"{head.pooling} pooling": head.pooling not in ("mean", "cls"),
        "a Dense module": bool(head.projections),
        "truncated vectors": head.truncate_dim is not None,
    }
    found = [what for what, there in foreign.items() if there]
    if head.task == "embed" and found:
        raise EdgebertError(
            f"{source}: has {' and '.join(found)}; int8-full and int16x8 take mean and cls pooling "
            "and whole vectors; use --quantize int8"
        )
