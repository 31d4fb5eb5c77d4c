"""What a family of models is to the reader: its config, its classes, its names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from edgebert.bert.config import Activation, BertConfig
from edgebert.bert.tasks import TaskName

Names: TypeAlias = tuple[tuple[str, str], ...]
r"""Pairs of a pattern for a whole tensor name and the canonical one, with `\1` for its groups."""

LINEAR = r"\.(weight|bias)"
NORM = r"\.LayerNorm\.(weight|bias)"

ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    {
        "gelu": "gelu",
        "gelu_new": "gelu_tanh",
        "gelu_pytorch_tanh": "gelu_tanh",
        "relu": "relu",
    }
)
"""What each activation of transformers computes."""


@dataclass(frozen=True)
class Architecture:
    """A class of transformers.

    Attributes:
        task: what it was made for; None: a bare encoder.
        heads: what it must have on top of the encoder.
        names: of tensors that mean something else in other classes of the family.
    """

    task: TaskName | None
    heads: tuple[str, ...] = ()
    names: Names = ()


TAGGER_NAMES: Names = ((r"classifier" + LINEAR, r"tagger.\1"),)
CLASSIFIER_NAMES: Names = ((r"classifier" + LINEAR, r"classifier.\1"),)


@dataclass(frozen=True)
class Family:
    """A family of models.

    Attributes:
        name: as people write it.
        model_type: in its config.
        architectures: by the name of the class.
        config: reads a parsed config; the path is for errors.
        names: of its tensors.
        encoder: a pattern for the names of the encoder's tensors; one of these that `names` does
            not know is refused, since the model would not be what was trained.
        buffers: a pattern for tensors that hold no weights.
        transposed: a pattern for tensors kept as `[in, out]`.
        copies: names under which some versions save a tensor once more, with a pattern for its
            first name.
        plain: settings that change what the model computes, with the only value accepted.
    """

    name: str
    model_type: str
    architectures: Mapping[str, Architecture]
    config: Callable[[Mapping[str, Any], Path], BertConfig]
    names: Names
    encoder: str
    buffers: str = r".*embeddings\.(?:position_ids|token_type_ids)"
    transposed: str = ""
    copies: Names = ()
    plain: Mapping[str, object] = field(default_factory=dict)
