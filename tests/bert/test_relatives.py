"""The models beside the 24 have the parameters that transformers counts in them."""

import pytest

from edgebert.bert.catalogue import find
from edgebert.bert.relatives import RELATIVES
from edgebert.checkpoints.families import FAMILIES

# sum(p.numel() for p in model.parameters()) of transformers' models with these configs.
COUNTED = {
    "DistilBERT": 66_362_880,
    "TinyBERT-4": 14_350_248,
    "TinyBERT-6": 66_955_008,
    "MiniLM-L6": 22_713_216,
    "MiniLM-L12": 33_360_000,
    "ALBERT-base": 11_683_584,
    "ELECTRA-Small": 13_483_008,
    "MobileBERT": 24_581_888,
}


@pytest.mark.parametrize("model", RELATIVES, ids=lambda model: model.name)
def test_parameters_are_those_of_transformers(model):
    assert model.parameters == COUNTED[model.name]
    assert model.int8_bytes < model.float32_bytes / 3


@pytest.mark.parametrize("model", RELATIVES, ids=lambda model: model.name)
def test_each_is_of_a_known_family_and_has_a_neighbour_among_the_24(model):
    assert model.family in {family.name for family in FAMILIES.values()}
    assert find(model.nearest) is not None
