"""A full-integer file from ranges that training learned, in place of calibration."""

import json
from dataclasses import replace

import pytest

from edgebert.checkpoints.folder import open_folder
from edgebert.checkpoints.learned import Learned, Scales, weights_fingerprint
from edgebert.checkpoints.writing.hugging_face import write_hugging_face
from edgebert.converter.full_integer.convert import (
    ConversionSource,
    apply_steps,
    convert_integer,
    plan_storage,
)
from edgebert.converter.full_integer.texts import encode, own_texts
from edgebert.converter.full_integer.transforms import Steps
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.converter.recipe import BuildAids
from edgebert.errors import CalibrationWarning, EdgebertError
from edgebert.model_file.serialize import serialize
from tests.conftest import REFERENCE

TAGGER = REFERENCE / "hf_tagger_2x32"
LENGTH = 32


def planned(checkpoint, **choices):
    return plan(Options(quantize="int8-full", lengths=(LENGTH,), **choices), checkpoint)


def graphs(checkpoint):
    """The file's graphs, and what the record says."""
    wanted = planned(checkpoint)
    tokenizer = checkpoint.make_tokenizer()
    built = convert_integer(checkpoint, wanted.head, wanted.graphs.choices, BuildAids(tokenizer))
    return bytes(serialize(built.graph.model("", built.entries))), built.integer


@pytest.fixture(scope="module")
def learned():
    """What a training that changed nothing would have learned: what calibration finds."""
    checkpoint = open_folder(TAGGER)
    wanted = planned(checkpoint)
    original = ConversionSource(
        checkpoint.weights,
        checkpoint.config,
        wanted.head,
        wanted.graphs.choices.interface,
        wanted.graphs.choices.first_id,
        LENGTH,
    )
    texts = encode(own_texts(), checkpoint.make_tokenizer(), LENGTH)
    transformed = apply_steps(original, Steps(), texts)
    channels = {name: tuple(map(float, s)) for name, s in transformed.channel_scales.items()}
    return Learned(
        weights=weights_fingerprint(checkpoint.weights),
        scales=Scales(transformed.mask, dict(transformed.row_scales), channels),
        ranges=dict(plan_storage(original, transformed, Steps(), texts, "int8").ranges),
        length=LENGTH,
        texts=10,
        tokens=100,
    )


@pytest.fixture
def folder(learned, tmp_path):
    write_hugging_face(replace(open_folder(TAGGER), learned=learned), tmp_path / "model")
    return tmp_path / "model"


def test_ranges_that_calibration_would_find_give_the_same_file(folder):
    with pytest.warns(CalibrationWarning):
        calibrated, _ = graphs(open_folder(TAGGER))
    trained, stored = graphs(open_folder(folder))
    assert trained == calibrated
    assert (stored.calibration.texts, stored.calibration.tokens) == (10, 100)


def test_they_are_written_and_read_bit_for_bit(folder, learned):
    assert open_folder(folder).learned == learned


def test_the_length_is_that_of_the_training(folder):
    checkpoint = open_folder(folder)
    assert plan(Options(quantize="int8-full"), checkpoint).graphs.choices.lengths == (LENGTH,)
    assert plan(Options(quantize="int16x8"), checkpoint).graphs.choices.learned is None


def test_text_takes_their_place(folder, tmp_path):
    wanted = planned(open_folder(folder), calibration=tmp_path / "texts.txt")
    assert wanted.graphs.choices.learned is None
    with pytest.raises(EdgebertError, match="learned for int8 alone; for mixed add --calibration"):
        planned(open_folder(folder), mixed="auto")


DAMAGE = {
    "stale": lambda stored: stored.update(weights="sha256 0"),
    "row": lambda stored: stored["scales"]["rows"].update({"embeddings.norm": 0}),
    "channels": lambda stored: stored["scales"]["channels"].update({"embeddings.norm": [1.0]}),
    "pair": lambda stored: stored["ranges"].update(logits=[1.0]),
    "order": lambda stored: stored["ranges"].update(logits=[1.0, 0.0]),
    "nan": lambda stored: stored["ranges"].update(logits=[0.0, float("nan")]),
    "format": lambda stored: stored.update(format=1),
    "kind": lambda stored: stored.update(ranges=[1]),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_what_does_not_fit_is_refused_in_one_line(folder, damage):
    path = folder / "quantization.json"
    stored = json.loads(path.read_text())
    damage(stored)
    path.write_text(json.dumps(stored))
    with pytest.raises(EdgebertError, match=r"quantization\.json") as caught:
        planned(open_folder(folder))
    assert "\n" not in str(caught.value)


def test_ranges_of_another_task_are_refused(folder, learned):
    checkpoint = open_folder(folder)
    ranges = {name: span for name, span in learned.ranges.items() if name != "logits"}
    with pytest.raises(EdgebertError, match="have none of logits: they are of another task"):
        graphs(replace(checkpoint, learned=replace(learned, ranges=ranges)))


def test_weights_without_ranges_leave_none_of_others(folder):
    plain = open_folder(TAGGER)
    with pytest.raises(EdgebertError, match="exists already"):
        write_hugging_face(plain, folder)
    write_hugging_face(plain, folder, force=True)
    assert open_folder(folder).learned is None
