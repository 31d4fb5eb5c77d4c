"""The families of compact BERTs that are read, one module each; see `family.Family`.

A further one is a module here and a line in `FAMILIES`; `docs/families.md` tells the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edgebert.checkpoints.families.albert import ALBERT
from edgebert.checkpoints.families.bert import BERT
from edgebert.checkpoints.families.distilbert import DISTILBERT
from edgebert.checkpoints.families.electra import ELECTRA
from edgebert.checkpoints.families.family import Family
from edgebert.checkpoints.families.mobilebert import MOBILEBERT

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {family.model_type: family for family in (BERT, DISTILBERT, ALBERT, ELECTRA, MOBILEBERT)}
)
"""By `model_type` of their configs."""
