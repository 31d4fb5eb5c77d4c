"""From weights and text to an integer graph: form, calibration, scales, ranges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from edgebert.bert.config import BertConfig
from edgebert.bert.weights import Weights
from edgebert.converter.full_integer import form as forms
from edgebert.converter.full_integer.calibrate import peaks, ranges
from edgebert.converter.full_integer.emitter import Constants, Value
from edgebert.converter.full_integer.form import Form, Steps, norms, plain_form
from edgebert.converter.full_integer.integer_graph import Interface, build
from edgebert.converter.full_integer.observe import Observed, observe
from edgebert.converter.full_integer.scales import channel_scales, mask_value, row_scales, sums
from edgebert.converter.full_integer.storage import StoragePlan
from edgebert.converter.graph import Graph
from edgebert.converter.head import Head
from edgebert.tokenizer.wordpiece import Encoding

OnText = Callable[[int], None]


@dataclass(frozen=True)
class Model:
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


def settle(model: Model, steps: Steps, encodings: Sequence[Encoding]) -> Form:
    """The form after some steps, with scales from real text."""
    form = plain_form(model.weights, model.config)
    if steps.fold_biases:
        form = forms.fold_biases(form)
    if steps.centre:
        form = forms.centre(form)
    if steps.dot_variance:
        form = forms.dot_variance(form)
    if steps.pooling:
        form = forms.own_pool_mask(form)
    if not (steps.mask or steps.row_scales or steps.channel_scales):
        return form
    names = norms(model.config)
    seen = peaks(observed(model, form, encodings), [*names, *sums(names)])
    if steps.mask:
        form = forms.soften_mask(form, mask_value(seen))
    rows = row_scales(seen, names) if steps.row_scales else {}
    form = forms.scale_rows(form, rows, model.first_id)
    if steps.channel_scales:
        last = model.head.task not in ("embed", "encode")  # they have no matrix to take it back
        form = forms.scale_channels(form, channel_scales(seen, names, rows, last=last))
    return form


def plan_storage(
    model: Model, form: Form, steps: Steps, encodings: Sequence[Encoding]
) -> StoragePlan:
    """Ranges of all values on real text."""
    _, values = build(form, model.head, model.interface, model.longest)
    spans = ranges(observed(model, form, encodings), values, form.mask, soft_mask=steps.mask)
    return StoragePlan(spans)


def observed(
    model: Model, form: Form, encodings: Sequence[Encoding], plan: StoragePlan | None = None
) -> Iterator[Observed]:
    """Every value of the graph on every text."""

    def graph(length: int) -> tuple[Graph, list[Value]]:
        return build(form, model.head, model.interface, length, plan=plan)

    return observe(graph, encodings, model.interface, model.longest)


def graphs(
    model: Model, form: Form, plan: StoragePlan | None, lengths: Sequence[int]
) -> dict[str, Graph]:
    """The graphs of a file by the keys of their signatures; they share their weights."""
    constants = Constants()
    made: dict[str, Graph] = {}
    first: Graph | None = None
    for length in sorted(lengths):
        graph, _ = build(
            form,
            model.head,
            model.interface,
            length,
            plan=plan,
            constants=constants,
            beside=first,
        )
        first = first or graph
        made[f"length_{length}"] = graph
    return made
