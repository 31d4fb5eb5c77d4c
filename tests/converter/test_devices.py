"""`device` takes the recipe that is the quickest there, and leaves no doubt about which."""

import pytest

import edgebert
from edgebert.checkpoints.folder import open_folder
from edgebert.converter.devices import FASTEST, recipe_for
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.errors import EdgebertError
from tests.bert_weights import FAMILIES, small_config
from tests.conftest import REFERENCE, SOURCES


@pytest.mark.parametrize("device", FASTEST)
def test_a_device_gets_a_recipe_that_exists(device):
    checkpoint = open_folder(REFERENCE / SOURCES["classify"])
    expected = "int8" if device == "x86" else "int8-static"
    assert plan(Options(device=device), checkpoint).recipe.name == expected


def test_without_a_device_it_is_int8_or_what_was_asked_for():
    assert recipe_for(Options(), small_config()) == "int8"
    assert recipe_for(Options(quantize="float16"), small_config()) == "float16"


@pytest.mark.parametrize("family", ["ALBERT", "MobileBERT"])
def test_a_family_that_has_no_static_file_gets_int8(family):
    assert recipe_for(Options(device="pi5"), small_config(**FAMILIES[family])) == "int8"


def test_wrong_devices_and_two_choices_are_one_line(tmp_path):
    source = REFERENCE / SOURCES["classify"]
    with pytest.raises(EdgebertError, match="'pi9' is unknown; known: pi4, pi5, phone, x86"):
        edgebert.convert(source, tmp_path / "x", device="pi9")
    with pytest.raises(EdgebertError, match="give one of the two"):
        edgebert.convert(source, tmp_path / "x", device="pi5", quantize="int8")
