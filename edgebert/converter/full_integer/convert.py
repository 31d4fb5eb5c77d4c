"""From a checkpoint and text to integer graphs: transforms, scales, ranges, and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from edgebert.arrays import Weights
from edgebert.bert.config import BertConfig
from edgebert.bert.tasks import TASKS
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.learned import Learned
from edgebert.converter.full_integer import transforms
from edgebert.converter.full_integer.calibrate import peaks, ranges, segment_ranges
from edgebert.converter.full_integer.emitter import Constants, Value
from edgebert.converter.full_integer.integer_graph import Interface, build
from edgebert.converter.full_integer.measure import measure
from edgebert.converter.full_integer.observer import Activations, observe
from edgebert.converter.full_integer.plan import IntegerPlan
from edgebert.converter.full_integer.quality import QuantizationReport, StepQuality
from edgebert.converter.full_integer.scales import (
    channel_scales,
    large_units,
    mask_value,
    row_scales,
    sums,
)
from edgebert.converter.full_integer.sensitivity import Loss, mix_precision
from edgebert.converter.full_integer.storage import (
    IntegerName,
    Kind,
    Range,
    StoragePlan,
    largest_mean,
    mean_step,
    representable_range,
)
from edgebert.converter.full_integer.texts import calibration_texts, encode, held_out_texts
from edgebert.converter.full_integer.transforms import (
    Steps,
    TransformedModel,
    norms,
    plain_model,
    with_learned_scales,
)
from edgebert.converter.graph import Graph, Storage
from edgebert.converter.head import POSITIONS, Head
from edgebert.converter.recipe import BuildAids, Built, QualityMeasure
from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.model_file.fixed_graphs import CalibrationTexts, Integer
from edgebert.progress import Progress, silent
from edgebert.tokenizer.tokenizer import Encoding

STEPS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("plain graph", ()),
    ("fold biases", ("fold_biases",)),
    ("centre", ("centre",)),
    ("dot-product variance", ("dot_variance",)),
    ("mask", ("mask", "pooling")),
    ("row scales", ("row_scales",)),
    ("channel scales", ("channel_scales",)),
    ("large units", ("large_units",)),
)
"""What a report calls each step, and the fields of `Steps` that it adds to those before."""


TRIED_ON = 12
"""Texts on which groups of values are tried in other types."""

LAST_STEP: Mapping[IntegerName, int] = MappingProxyType({"int8": 8, "int16": 6})
"""How many steps to make. Channel scales spread the weights, which are int8 in either case: what
they gain in int8 activations is more, what they would gain in int16 less than that costs. Large
units are no trouble there."""

OFF_TIES = 1.0003
"""Of a product with a power of two in the storage of its factor, half of the results lie midway
between two integers, and processors differ in which they take; in a slightly wider one, none."""

OWN_RANGE = frozenset({"gather", "softmax", "tanh", "logistic"})
"""Ops whose output has a range that the table or the kernel decides."""

ROW_SCALED = (".skip.scaled", ".inner.scaled")

MEANS = frozenset({"pooling", "pooling.bias", "embedding"})
"""Values that a mean over tokens makes."""


@dataclass(frozen=True)
class ConversionSource:
    """What is to be converted.

    Attributes:
        weights: canonical.
        config: of the weights.
        head: what to compute.
        interface: what the graph takes.
        first_id: id of [CLS].
        longest: tokens of the longest input.
    """

    weights: Weights
    config: BertConfig
    head: Head
    interface: Interface
    first_id: int
    longest: int


def convert_integer(
    checkpoint: Checkpoint,
    head: Head,
    integer_plan: IntegerPlan,
    aids: BuildAids,
) -> Built:
    """Builds the graphs of a full-integer file.

    Args:
        checkpoint: what to build.
        head: what to compute.
        integer_plan: how.
        aids: what it needs; the quality measure is what `max_drop` of mixed "auto" is of, in place
            of the mean cosine of the output with float32.

    Raises:
        EdgebertError: there is too little text to calibrate with, or ranges that were learned are
            of another task.
        CheckFailedError: no mixture of types loses as little as was asked for.
    """
    tokenizer, progress = aids.tokenizer, aids.progress
    original = ConversionSource(
        weights=checkpoint.weights,
        config=checkpoint.config,
        head=head,
        interface=integer_plan.interface,
        first_id=integer_plan.first_id,
        longest=max(integer_plan.lengths),
    )
    held_out = encode(held_out_texts(), tokenizer, original.longest)
    if integer_plan.learned is not None:
        return _trained(original, integer_plan, integer_plan.learned, held_out, progress)
    source, texts = calibration_texts(integer_plan.calibration, head.task)
    encodings = encode(texts, tokenizer, original.longest)
    calibration = CalibrationTexts(
        source, len(texts), sum(len(encoding.ids) for encoding in encodings)
    )

    def finished(plan: StoragePlan) -> Built:
        graphs, output = build_graphs(original, model, plan, integer_plan.lengths)
        integer = describe(head, integer_plan, plan, output, calibration)
        return Built(graphs, integer, target=integer_plan.target)

    steps, costs = Steps.none(), []
    wanted = STEPS[: LAST_STEP[integer_plan.activations]]
    for name, flags in wanted:
        steps = replace(steps, **dict.fromkeys(flags, True))
        last = name == wanted[-1][0]
        if integer_plan.explain or last:
            model = apply_steps(original, steps, encodings, progress)
            plan = plan_storage(
                original, model, steps, encodings, integer_plan.activations, progress
            )
            if integer_plan.mixed == "auto" and last:
                tried = encodings[:: -(-len(encodings) // TRIED_ON)]
                measured = aids.quality_measure and _measured_by(aids.quality_measure, finished)
                plan = _mixed(original, model, plan, tried, integer_plan, measured, progress)
            costs.append(cost(name, original, model, plan, held_out, progress))
    return replace(finished(plan), quality=QuantizationReport(tuple(costs), dict(plan.ranges)))


def _trained(
    original: ConversionSource,
    integer_plan: IntegerPlan,
    learned: Learned,
    held_out: Sequence[Encoding],
    progress: Progress,
) -> Built:
    """With scales and ranges that training learned.

    Raises:
        EdgebertError: they are of another task.
    """
    model = with_learned_scales(
        original.weights, original.config, learned.scales, original.first_id
    )
    spans = {name: (low, high) for name, (low, high) in learned.ranges.items()}
    plan = StoragePlan(segment_ranges(model) | spans)
    _, values = build(model, original.head, original.interface, original.longest)
    missing = [v.name for v in values if v.op not in OWN_RANGE and v.name not in plan.ranges]
    if missing:
        raise EdgebertError(
            f"the ranges that training learned have none of {missing[0]}: they are of another "
            "task; add --calibration, which takes new ones"
        )
    _, values = build(model, original.head, original.interface, original.longest, plan=plan)
    plan = StoragePlan(
        {v.name: representable_range(v.tensor.storage) for v in values} | dict(plan.ranges)
    )
    costs = (cost("trained", original, model, plan, held_out, progress),)
    calibration = CalibrationTexts("quantisation-aware training", learned.texts, learned.tokens)
    graphs, output = build_graphs(original, model, plan, integer_plan.lengths)
    integer = describe(original.head, integer_plan, plan, output, calibration)
    quality = QuantizationReport(costs, dict(plan.ranges))
    return Built(graphs, integer, quality, integer_plan.target)


def _measured_by(quality_measure: QualityMeasure, finished: Callable[[StoragePlan], Built]) -> Loss:
    return lambda plan, _: quality_measure(finished(plan))


def apply_steps(
    original: ConversionSource,
    steps: Steps,
    encodings: Sequence[Encoding],
    progress: Progress = silent,
) -> TransformedModel:
    """The model after some transforms, with scales calibrated on real text."""
    fills_masks = original.head.task == "fill-mask"
    model = plain_model(original.weights, original.config, fills_masks=fills_masks)
    if steps.fold_biases:
        model = transforms.fold_biases(model)
    if steps.centre:
        model = transforms.centre(model)
    if steps.dot_variance:
        model = transforms.dot_variance(model)
    if steps.pooling:
        model = transforms.own_pool_mask(model)
    if not (steps.mask or steps.row_scales or steps.channel_scales or steps.large_units):
        return model
    names = norms(original.config)
    layers = range(original.config.num_hidden_layers)
    actives = [f"layers.{layer}.ffn.active" for layer in layers] if steps.large_units else []
    seen = peaks(
        observe_texts(original, model, encodings, progress, "looking for peaks"),
        [*names, *sums(names), *actives],
    )
    if steps.mask:
        model = transforms.soften_mask(model, mask_value(seen))
    rows = row_scales(seen, names) if steps.row_scales else {}
    model = transforms.scale_rows(model, rows, original.first_id)
    if steps.channel_scales:
        # Vectors and hidden states go out as they are: no matrix behind them takes a scale back.
        last = original.head.task not in ("embed", "encode")
        scales = channel_scales(seen, names, rows, first=not fills_masks, last=last)
        model = transforms.scale_channels(model, scales)
    return transforms.split_units(model, large_units(seen, actives))


def plan_storage(
    original: ConversionSource,
    model: TransformedModel,
    steps: Steps,
    encodings: Sequence[Encoding],
    activations: IntegerName,
    progress: Progress = silent,
) -> StoragePlan:
    """Ranges of all values on real text."""
    _, values = build(model, original.head, original.interface, original.longest)
    seen = observe_texts(original, model, encodings, progress, "measuring ranges")
    spans = ranges(seen, values, model.mask, activations, soft_mask=steps.mask)
    spans |= {name: span for name, span in segment_ranges(model).items() if name in spans}
    return StoragePlan(
        {
            name: _widened(span, headroom(name, original.longest, activations))
            for name, span in spans.items()
        },
        activations,
    )


def headroom(name: str, longest: int, activations: IntegerName = "int8") -> float:
    """How many times a value's range must be wider, for what only integers do."""
    if name in MEANS:
        return largest_mean(longest, activations)
    return OFF_TIES if name.endswith(ROW_SCALED) else 1.0


def _widened(span: Range, times: float) -> Range:
    return span[0] * times, span[1] * times


def cost(
    step: str,
    original: ConversionSource,
    model: TransformedModel,
    plan: StoragePlan,
    encodings: Sequence[Encoding],
    progress: Progress = silent,
) -> StepQuality:
    """What integers cost in each value, on texts that did not calibrate."""
    _, values = build(model, original.head, original.interface, original.longest, plan=plan)
    reference = observe_texts(original, model, encodings, silent, "")
    quantized = observe_texts(original, model, encodings, progress, f"measuring: {step}", plan)
    return measure(step, values, plan, reference, quantized)


def _mixed(
    original: ConversionSource,
    model: TransformedModel,
    plan: StoragePlan,
    encodings: Sequence[Encoding],
    integer_plan: IntegerPlan,
    measured: Loss | None,
    progress: Progress,
) -> StoragePlan:
    """The plan with other types where int8 costs most.

    Raises:
        CheckFailedError: even then it loses more than `integer_plan.max_drop`.
    """
    _, values = build(model, original.head, original.interface, original.longest)

    def error(tried: StoragePlan, what: str) -> float:
        return 1 - cost(what, original, model, tried, encodings, progress).cosine

    kinds: Sequence[Kind] = ("int16", "float32") if integer_plan.allow_float else ("int16",)
    mixed = mix_precision(plan, values, kinds, error, measured or error, integer_plan.max_drop)
    if mixed.remaining_loss > integer_plan.max_drop:
        raise CheckFailedError(
            f"with {len(mixed.promoted)} groups of values in {' or '.join(kinds)} it still loses "
            f"{mixed.remaining_loss:.2g} of {'the metric' if measured else 'cosine'}, more than "
            f"{integer_plan.max_drop}; use --quantize int16x8"
        )
    return mixed.plan


def observe_texts(
    original: ConversionSource,
    model: TransformedModel,
    encodings: Sequence[Encoding],
    progress: Progress,
    what: str,
    plan: StoragePlan | None = None,
) -> Iterator[Activations]:
    """Every value of the graph on every text; `progress` is told of `what`."""

    def graph(length: int) -> tuple[Graph, list[Value]]:
        return build(model, original.head, original.interface, length, plan=plan)

    seen = observe(graph, encodings, original.interface, original.longest)
    for done, each in enumerate(seen, 1):
        yield each
        progress(done, len(encodings), what)


def build_graphs(
    original: ConversionSource,
    model: TransformedModel,
    plan: StoragePlan | None,
    lengths: Sequence[int],
) -> tuple[dict[str, Graph], Storage]:
    """The graphs of a file by the keys of their signatures, and how all keep their output.

    They share their weights.
    """
    constants = Constants()
    made: dict[str, Graph] = {}
    for length in sorted(lengths):
        graph, values = build(
            model,
            original.head,
            original.interface,
            length,
            plan=plan,
            constants=constants,
            sibling=next(iter(made.values()), None),
        )
        made[f"length_{length}"] = graph
    return made, values[-1].tensor.storage


def describe(
    head: Head,
    integer_plan: IntegerPlan,
    plan: StoragePlan,
    output: Storage,
    calibration: CalibrationTexts,
) -> Integer:
    """What the record says."""
    positions = POSITIONS if head.task == "fill-mask" else None
    mean = head.task == "embed" and head.pooling == "mean" and not head.normalize
    return Integer(
        lengths=integer_plan.lengths,
        inputs=(*integer_plan.interface.inputs, *TASKS[head.task].inputs),
        pad_id=integer_plan.interface.pad_id,
        positions=positions,
        output_type="int8" if output.dtype == np.int8 else "int16",
        output_scale=output.step,
        output_zero_point=output.zero_point,
        host=_host(head),
        mean_step=mean_step(integer_plan.activations) if mean else None,
        calibration=calibration,
        int16=plan.named("int16"),
        float32=plan.named("float32"),
    )


def _host(head: Head) -> Literal["none", "normalize", "softmax", "sigmoid"]:
    """What is left to whoever reads the output: no integer does it as exactly."""
    if head.task == "classify":
        return "sigmoid" if head.multi_label else "softmax"
    if head.task == "regress":
        return "sigmoid" if head.sigmoid else "none"
    return "normalize" if head.task == "embed" and head.normalize else "none"
