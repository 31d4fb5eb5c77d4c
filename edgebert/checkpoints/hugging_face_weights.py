"""The weights of a Hugging Face folder: from transformers' names of tensors to ours."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from edgebert.arrays import Array, Weights
from edgebert.bert.config import BertConfig
from edgebert.bert.weights import HEADS, check_head, head_shapes
from edgebert.checkpoints.families.family import Family
from edgebert.checkpoints.leftovers import is_leftover
from edgebert.checkpoints.mapped import LazyTensors
from edgebert.checkpoints.tensor_names import NameMap
from edgebert.errors import EdgebertError
from edgebert.text_files import shown

_MOST_NAMED = 6
_SUFFIXES = MappingProxyType({"gamma": "weight", "beta": "bias"})


@dataclass(frozen=True)
class FoundWeights:
    """What a folder's tensors come to.

    Attributes:
        weights: under canonical names.
        faults: by head, why it cannot be used; its tensors are not among the weights.
    """

    weights: dict[str, Array]
    faults: dict[str, str]


def canonical_weights(
    tensors: LazyTensors,
    config: BertConfig,
    family: Family,
    architecture: str,
    path: Path,
    *,
    tied: bool,
) -> FoundWeights:
    """Weights under canonical names, and what is wrong with which head.

    Args:
        tensors: under the names of transformers' class (`tensor_prefix`).
        config: of the model.
        family: of the model.
        architecture: one of the family's.
        path: the file, for errors.
        tied: the config's `tie_word_embeddings`; where it is false, a masked language model has a
            table of its own for its output, which must be there and equal to the word table.

    Raises:
        EdgebertError: a tensor is no part of such a model and no known leftover, or belongs to a
            layer that the config does not count.
    """
    table = (*family.names, *family.architectures[architecture].names)
    names = NameMap(table, _SUFFIXES, family.transposed)
    once, changed = _without_copies(tensors, family, path)
    unknown = [name for name in once if not (names.canonical(name) or _is_unread(name, family))]
    if unknown:
        raise EdgebertError(
            f"{path}: {_listed(unknown)} no part of a plain {family.name} ({architecture}); "
            "without it the model would not be what was trained"
        )
    weights = names.weights(once, config, path)
    faults = {"mlm": changed} if changed else {}
    if not tied and "mlm.bias" in weights and family.copies[0][0] not in tensors:
        faults["mlm"] = (
            f"{path}: tensor {family.copies[0][0]} is missing, and tie_word_embeddings is false"
        )
    needed = family.architectures[architecture].heads
    faults |= {
        head: f"{path}: the {head} cannot be used: {fault}"
        for head, fault in _misfits(weights, config, needed).items()
        if head not in faults
    }
    unusable = {name for head in faults for name in head_shapes(head, config)}
    usable = {name: weight for name, weight in weights.items() if name not in unusable}
    return FoundWeights(usable, faults)


def _misfits(weights: Weights, config: BertConfig, needed: Collection[str]) -> dict[str, str]:
    """What is wrong with the heads that are needed or, in part at least, there."""
    found: dict[str, str] = {}
    for head in HEADS:
        if head in needed or any(name in weights for name in head_shapes(head, config)):
            try:
                check_head(weights, head, config)
            except EdgebertError as error:
                found[head] = str(error).removeprefix("checkpoint: ")
    return found


def _is_unread(name: str, family: Family) -> bool:
    """Whether a tensor is known and no answer depends on it."""
    return is_leftover(name) or re.fullmatch(family.heads, name) is not None


def _listed(names: list[str]) -> str:
    listed = ", ".join(shown(name) for name in names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"tensor {listed} is" if len(names) == 1 else f"tensors {listed}{more} are"


def canonical_names(
    tensors: LazyTensors, config: BertConfig, family: Family, path: Path
) -> Collection[str]:
    """The canonical names of the tensors that every architecture of a family may have.

    Raises:
        EdgebertError: there are more layers than in the config.
    """
    names = NameMap(family.names, _SUFFIXES, family.transposed)
    return names.plan(_without_copies(tensors, family, path)[0], config, path).keys()


def _without_copies(tensors: LazyTensors, family: Family, path: Path) -> tuple[LazyTensors, str]:
    """The tensors but for copies of others, and what is said of one that is no copy."""
    readers = dict(tensors.readers)
    changed = ""
    for copy, pattern in family.copies:
        original = next((name for name in readers if re.fullmatch(pattern, name)), None)
        if copy in readers and original:
            if not np.array_equal(tensors[copy], tensors[original]):
                changed = changed or (
                    f"{path}: tensor {copy} differs from {original}; "
                    f"a {family.name} has one for both"
                )
            del readers[copy]
    return LazyTensors(readers), changed
