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
        "gelu_python": "gelu",
        "gelu_new": "gelu_tanh",
        "gelu_fast": "gelu_tanh",
        "gelu_accurate": "gelu_tanh",
        "gelu_pytorch_tanh": "gelu_tanh",
        "gelu_python_tanh": "gelu_tanh",
        "relu": "relu",
    }
)
"""What each activation of transformers computes (its activations.py)."""

COMMON_PLAIN: Mapping[str, object] = MappingProxyType(
    {
        "pruned_heads": {},
        "quantization_config": None,
        "auto_map": None,
        "task_specific_params": None,
    }
)
"""Settings of every family's config that change answers, with the only value accepted."""


@dataclass(frozen=True)
class Architecture:
    """A class of transformers.

    Attributes:
        task: what it was made for; None: a bare encoder, or something that is no task here.
        heads: what it must have on top of the encoder.
        names: of tensors that mean something else in other classes of the family.
        unread: a pattern for the tensors of a head that no task here has.
    """

    task: TaskName | None
    heads: tuple[str, ...] = ()
    names: Names = ()
    unread: str = ""


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
        names: of its tensors, the word table first.
        transposed: a pattern for tensors kept as `[in, out]`.
        copies: names under which some versions save a tensor once more, with a pattern for its
            first name.
        tokenizer: the class that its tokenizers have where no file names one.
        plain: settings that change what the model computes, with the only value accepted.
    """

    name: str
    model_type: str
    architectures: Mapping[str, Architecture]
    config: Callable[[Mapping[str, Any], Path], BertConfig]
    names: Names
    transposed: str = ""
    copies: Names = ()
    plain: Mapping[str, object] = field(default_factory=dict)
    tokenizer: str = "BertTokenizer"

    @property
    def word_table(self) -> str:
        """A pattern for the name of the word table."""
        return self.names[0][0]

    @property
    def heads(self) -> str:
        """A pattern for the tensors of all classes' heads, of which each reads its own."""
        found = [pattern for each in self.architectures.values() for pattern, _ in each.names]
        found += [each.unread for each in self.architectures.values() if each.unread]
        return "|".join(dict.fromkeys(found))
