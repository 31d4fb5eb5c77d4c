"""The catalogue against the published table, and its sizes against sums done by hand."""

import pytest

from edgebert.bert.catalogue import CATALOGUE, NAMES, find
from edgebert.bert.config import BertConfig

# From the table of the release: rows are layers, columns widths 128, 256, 512, 768.
PARAMETERS = {
    2: (4_385_920, 9_591_040, 22_458_880, 38_603_520),
    4: (4_782_464, 11_170_560, 28_763_648, 52_779_264),
    6: (5_179_008, 12_750_080, 35_068_416, 66_955_008),
    8: (5_575_552, 14_329_600, 41_373_184, 81_130_752),
    10: (5_972_096, 15_909_120, 47_677_952, 95_306_496),
    12: (6_368_640, 17_488_640, 53_982_720, 109_482_240),
}
PUBLISHED = [
    (f"{layers}/{width}", count)
    for layers, row in PARAMETERS.items()
    for width, count in zip((128, 256, 512, 768), row, strict=True)
]


def test_there_are_24_models_with_29_names():
    assert len(CATALOGUE) == 24
    assert len(set(NAMES)) == 29


@pytest.mark.parametrize(("name", "parameters"), PUBLISHED)
def test_parameters_are_those_of_the_release(name, parameters):
    model = find(name)
    assert model.parameters == parameters
    assert model.float32_bytes == 4 * parameters


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("tiny", "2/128"),
        ("mini", "4/256"),
        ("small", "4/512"),
        ("medium", "8/512"),
        ("base", "12/768"),
    ],
)
def test_an_alias_names_the_same_model(alias, name):
    assert find(alias) is find(name)
    assert find(alias).alias == alias
    assert find(alias.upper()) is find(name)


@pytest.mark.parametrize("name", ["", "3/128", "2/64", "large", "2-128", "2/128/2", " tiny"])
def test_other_names_are_not_found(name):
    assert find(name) is None


def test_config_is_that_of_the_tensorflow_1_release():
    assert find("8/512").config == BertConfig(
        vocab_size=30522,
        hidden_size=512,
        num_hidden_layers=8,
        num_attention_heads=8,
        intermediate_size=2048,
        max_position_embeddings=512,
        type_vocab_size=2,
        hidden_act="gelu_tanh",
        layer_norm_eps=1e-12,
    )


def test_archive_and_hub_id_name_layers_width_and_heads():
    assert find("10/768").archive == "uncased_L-10_H-768_A-12.zip"
    assert find("tiny").hub_id == "google/bert_uncased_L-2_H-128_A-2"


def test_only_the_four_published_models_have_glue_figures():
    assert [m.alias for m in CATALOGUE if m.glue] == ["tiny", "mini", "small", "medium"]
    assert find("small").glue.mnli == (77.6, 77.0)
    assert find("tiny").glue.score == 64.2
