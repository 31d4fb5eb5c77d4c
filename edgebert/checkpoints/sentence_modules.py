"""The modules that sentence-transformers puts behind the BERT: Pooling, Dense, Normalize."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from edgebert.arrays import Array
from edgebert.bert.sentence import (
    DENSE_ACTIVATIONS,
    POOLINGS,
    DenseActivation,
    Pooling,
    is_pooling,
    pooling_modes,
)
from edgebert.checkpoints.weight_files import find_tensors
from edgebert.errors import EdgebertError
from edgebert.text_files import child, read_json_object, shown

# The switches of pooling configs before sentence-transformers 5, by the mode they turn on, in the
# order in which their vectors are joined.
_SWITCHES = MappingProxyType(
    {
        "pooling_mode_cls_token": "cls",
        "pooling_mode_max_tokens": "max",
        "pooling_mode_mean_tokens": "mean",
        "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
        "pooling_mode_weightedmean_tokens": "weightedmean",
        "pooling_mode_lasttoken": "lasttoken",
    }
)
_POOLING_KEYS = (
    "embedding_dimension",
    "word_embedding_dimension",
    "pooling_mode",
    "include_prompt",
    *_SWITCHES,
)
_IN, _OUT = "module_input_name", "module_output_name"
_VECTOR = (None, "sentence_embedding")
_DENSE_KEYS = ("in_features", "out_features", "bias", "activation_function", "use_residual")
_WIDEST = 65_536


@dataclass(frozen=True)
class SentenceModules:
    """What follows the BERT.

    Attributes:
        include_prompt: the tokens of a prompt are pooled, too.
        dense: activation of each Dense module; its weights are `projections.N.weight` [out, in]
            and `projections.N.bias` [out].
        weights: those.
        normalize: the vector gets length 1.
    """

    pooling: Pooling
    include_prompt: bool
    dense: tuple[DenseActivation, ...]
    weights: Mapping[str, Array] = field(repr=False)
    normalize: bool


def read_modules(
    folder: Path, modules: list[tuple[str, object]], hidden_size: int, listed: Path
) -> SentenceModules:
    """Reads the modules behind the BERT.

    Args:
        folder: of the checkpoint.
        modules: type and path of each: a Pooling, any number of Dense and Dropout, and perhaps a
            Normalize at the end.
        hidden_size: of the BERT.
        listed: the file that lists them, for errors.

    Raises:
        EdgebertError: a module's file is missing, damaged or says what is not accepted.
    """
    (_, place), *rest = modules
    pooling, include_prompt = _pooling(child(folder, place, named_by=listed), hidden_size)
    width = hidden_size * len(pooling_modes(pooling))
    dense: list[DenseActivation] = []
    weights: dict[str, Array] = {}
    for kind, place in rest:
        if kind == "Dense":
            path = child(folder, place, named_by=listed)
            activation, weight, bias = _dense(path, width)
            weights[f"projections.{len(dense)}.weight"] = weight
            weights[f"projections.{len(dense)}.bias"] = bias
            dense.append(activation)
            width = len(weight)
        elif kind == "Normalize":
            _check_normalize(child(folder, place, named_by=listed) / "config.json")
    normalize = bool(rest) and rest[-1][0] == "Normalize"
    return SentenceModules(pooling, include_prompt, tuple(dense), weights, normalize)


def _pooling(folder: Path, hidden_size: int) -> tuple[Pooling, bool]:
    """The pooling, and whether it takes the tokens of a prompt."""
    path = folder / "config.json"
    raw = read_json_object(path)
    _refuse_unknown(raw, _POOLING_KEYS, path)
    width = raw.get("embedding_dimension", raw.get("word_embedding_dimension", hidden_size))
    if width != hidden_size:
        raise EdgebertError(f"{path}: pools {shown(width)} numbers, the BERT has {hidden_size}")
    switched = [mode for switch, mode in _SWITCHES.items() if raw.get(switch)]
    modes = raw.get("pooling_mode", switched or "mean")
    named = modes if isinstance(modes, list) else [modes]
    pooling = "+".join(map(str, named))
    if not is_pooling(pooling):
        raise EdgebertError(
            f"{path}: the pooling is {shown(modes)}; accepted: {', '.join(POOLINGS)}, "
            "and a list of different ones"
        )
    return pooling, raw.get("include_prompt") is not False


def _dense(folder: Path, width: int) -> tuple[DenseActivation, Array, Array]:
    """Activation, weight [out, in] and bias [out] of a Dense module that is given a width."""
    path = folder / "config.json"
    raw = read_json_object(path)
    _refuse_unknown(raw, (*_DENSE_KEYS, _IN, _OUT), path)
    _check_names(raw, path)
    if raw.get("use_residual"):
        raise EdgebertError(f"{path}: use_residual is true; a plain Dense is accepted")
    size_in, size_out = raw.get("in_features"), raw.get("out_features")
    if size_in != width:
        raise EdgebertError(f"{path}: in_features is {shown(size_in)}; it is given {width} numbers")
    if type(size_out) is not int or not 1 <= size_out <= _WIDEST:
        raise EdgebertError(f"{path}: out_features is {shown(size_out)}; a number is needed")
    weights_path, tensors = find_tensors(folder)
    shapes: dict[str, tuple[int, ...]] = {"linear.weight": (size_out, width)}
    if raw.get("bias", True):
        shapes["linear.bias"] = (size_out,)
    if set(tensors) != set(shapes):
        raise EdgebertError(
            f"{weights_path}: has the tensors {shown(sorted(tensors))}; a Dense has "
            f"{', '.join(shapes)}"
        )
    found = {name: np.asarray(tensors[name], np.float32) for name in shapes}
    for name, shape in shapes.items():
        if found[name].shape != shape or not np.isfinite(found[name]).all():
            raise EdgebertError(
                f"{weights_path}: tensor {name} has shape {found[name].shape}; {shape} and finite "
                "numbers are needed"
            )
    bias = found.get("linear.bias", np.zeros(size_out, np.float32))
    return _activation(raw, path), found["linear.weight"], bias


def _activation(raw: Mapping[str, Any], path: Path) -> DenseActivation:
    """By the name of the class; Tanh where the config has none, as in sentence-transformers."""
    name = raw.get("activation_function", "torch.nn.modules.activation.Tanh")
    package, _, kind = str(name).rpartition(".")
    activation = next((each for each in DENSE_ACTIVATIONS if each == kind.lower()), None)
    if activation is None or not package.startswith("torch.nn"):
        raise EdgebertError(
            f"{path}: activation_function is {shown(name)}; accepted: torch.nn's Identity, Tanh, "
            "ReLU, GELU, Sigmoid"
        )
    return activation


def _check_normalize(path: Path) -> None:
    raw = read_json_object(path) if path.exists() else {}
    _refuse_unknown(raw, (_IN, _OUT), path)
    _check_names(raw, path)


def _check_names(raw: Mapping[str, Any], path: Path) -> None:
    """Refuses modules that read or write anything but the sentence vector."""
    for key in (_IN, _OUT):
        if raw.get(key) not in _VECTOR:
            raise EdgebertError(f"{path}: {key} is {shown(raw[key])}; accepted: sentence_embedding")


def _refuse_unknown(raw: Mapping[str, Any], known: tuple[str, ...], path: Path) -> None:
    if unknown := next((key for key in raw if key not in known), None):
        raise EdgebertError(
            f"{path}: has the setting {shown(unknown)}, which is not known; known: "
            f"{', '.join(known)}"
        )
