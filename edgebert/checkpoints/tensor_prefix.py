"""What wrappers around a model put before the names of its tensors, and names without it."""

from __future__ import annotations

import re
from pathlib import Path

from edgebert.checkpoints.families.family import Family
from edgebert.checkpoints.leftovers import is_leftover
from edgebert.checkpoints.mapped import LazyTensors
from edgebert.errors import EdgebertError
from edgebert.text_files import shown

_WRAPPERS = frozenset(
    {
        "module",  # DataParallel, DistributedDataParallel, AveragedModel
        "_orig_mod",  # torch.compile
        "_fsdp_wrapped_module",
        "_checkpoint_wrapped_module",  # activation checkpointing
        "_forward_module",  # Lightning Fabric, DeepSpeed
    }
)
"""Parts of names that stand wherever something was wrapped; no layer is called so."""

_OUTER = (
    r"(?:model_)?state_dict|\w*model|net|network|backbone|(?:text_)?encoder|transformer|student|\d"
)
"""What the attribute is called that holds a whole transformers model inside another module."""


def without_prefix(tensors: LazyTensors, family: Family, path: Path) -> LazyTensors:
    """The tensors under the names that transformers' own class gives them.

    Wrappers' parts go wherever they stand. What stands before the encoder goes where it stands
    before all tensors, but for leftovers: a head outside belongs to a class that is not
    transformers', and may read the encoder in another way.

    Raises:
        EdgebertError: two tensors come to one name, the encoder is there twice, or what stands
            before it is unknown or does not stand before all.
    """
    tensors = _without_wrappers(tensors, path)
    prefixes = _prefixes(tensors, family)
    if not prefixes or "" in prefixes:
        return tensors
    prefix = prefixes[0]
    if len(prefixes) > 1:
        names = " and ".join(shown(each) for each in prefixes)
        raise EdgebertError(
            f"{path}: holds several models, whose tensors begin with {names}; save one of them"
        )
    if not re.fullmatch(rf"(?:(?:{_OUTER}|{family.model_type})\.)+", prefix):
        raise EdgebertError(
            f"{path}: the names of its tensors begin with {shown(prefix)}, which is no known "
            f"wrapper of a {family.name}; save the state dict of transformers' own model"
        )
    readers = {}
    for name, read in tensors.readers.items():
        if name.startswith(prefix):
            readers[name.removeprefix(prefix)] = read
        elif not is_leftover(name):
            raise EdgebertError(
                f"{path}: the names of the encoder's tensors begin with {shown(prefix)}, that of "
                f"tensor {shown(name)} does not: a class of its own, which may compute something "
                f"else than a {family.name}; save the state dict of transformers' own model"
            )
    return LazyTensors(readers)


def _without_wrappers(tensors: LazyTensors, path: Path) -> LazyTensors:
    found: dict[str, str] = {}
    for name in tensors:
        plain = ".".join(part for part in name.split(".") if part not in _WRAPPERS)
        if found.setdefault(plain, name) != name:
            raise EdgebertError(
                f"{path}: tensors {shown(found[plain])} and {shown(name)} are both {shown(plain)}"
            )
    return LazyTensors({plain: tensors.readers[name] for plain, name in found.items()})


def _prefixes(tensors: LazyTensors, family: Family) -> list[str]:
    """What stands before each word table, the shortest reading of it."""
    pattern = re.compile(rf"((?:.+?\.)??)(?:{family.word_table})")
    matches = (pattern.fullmatch(name) for name in tensors)
    return sorted({match[1] for match in matches if match})
