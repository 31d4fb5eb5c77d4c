"""The activation that sentence-transformers' CrossEncoder puts on its outputs.

A checkpoint is one where its `config.json` has a key of CrossEncoder's; a plain classifier or
regression has none, and its outputs are given as transformers gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from edgebert.errors import EdgebertError
from edgebert.text_files import as_object, shown

ScoreActivation: TypeAlias = Literal["sigmoid", "identity", "softmax"]

_OLD_KEY = "sbert_ce_default_activation_function"
_KEY = "sentence_transformers"


def cross_encoder_activation(
    raw: Mapping[str, Any], outputs: int, path: Path
) -> ScoreActivation | None:
    """What `CrossEncoder.predict` does to the outputs; None where it is no CrossEncoder.

    Args:
        raw: the parsed `config.json`.
        outputs: of the classifier.
        path: of the config, for errors.

    Raises:
        EdgebertError: another activation.
    """
    if _KEY in raw:
        own = as_object(raw[_KEY], _KEY, path)
        return named_activation(own.get("activation_fn"), outputs, path)
    return named_activation(raw[_OLD_KEY], outputs, path) if _OLD_KEY in raw else None


def named_activation(name: object, outputs: int, path: Path) -> ScoreActivation:
    """The activation of that class, such as "torch.nn.modules.activation.Sigmoid".

    None is CrossEncoder's default: Sigmoid for one output, else Identity.

    Raises:
        EdgebertError: another activation.
    """
    if name is None:
        return "sigmoid" if outputs == 1 else "identity"
    accepted: dict[str, ScoreActivation] = {"Sigmoid": "sigmoid", "Identity": "identity"}
    if outputs > 1:
        accepted["Softmax"] = "softmax"
    package, _, kind = str(name).rpartition(".")
    if not package.startswith("torch.nn") or kind not in accepted:
        raise EdgebertError(
            f"{path}: the activation of the scores is {shown(name)}; accepted for {outputs} "
            f"output{'s' if outputs > 1 else ''}: torch.nn.{', torch.nn.'.join(accepted)}"
        )
    return accepted[kind]
