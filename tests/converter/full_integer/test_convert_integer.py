"""From a checkpoint to a full-integer file: steps explained, types mixed where it was asked for."""

import pytest

import edgebert
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.full_integer.convert import STEPS, convert_integer
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.converter.recipe import BuildAids
from edgebert.errors import CalibrationWarning, CheckFailedError
from edgebert.model_file.contents import read_contents
from tests.conftest import REFERENCE

TAGGER = REFERENCE / "hf_tagger_2x32"


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Some sentences to calibrate with."""
    path = tmp_path_factory.mktemp("texts") / "own.txt"
    vocabulary = (TAGGER / "vocab.txt").read_text(encoding="utf-8").splitlines()
    words = [piece for piece in vocabulary if piece.isalpha()]
    lines = (" ".join(words[at % 50 :: 37][: 5 + at % 20]) for at in range(40))
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def built(texts, measure=None, **choices):
    with open_checkpoint(str(TAGGER)) as checkpoint:
        options = Options(quantize="int8-full", lengths=(32,), calibration=texts, **choices)
        conversion = plan(options, checkpoint)
        tokenizer = checkpoint.make_tokenizer()
        aids = BuildAids(tokenizer, quality_measure=measure)
        return convert_integer(checkpoint, conversion.head, conversion.graphs.choices, aids)


def test_every_step_is_explained_and_together_they_gain(texts):
    quality = built(texts, explain=True).quality
    assert [step.step for step in quality.steps] == [name for name, _ in STEPS]
    assert quality.steps[-1].cosine > quality.steps[0].cosine
    assert {value.dtype for value in quality.steps[-1].values} == {"int8"}
    assert all(quality.ranges[value.name] for value in quality.steps[-1].values)


def test_what_int8_costs_most_goes_to_int16_until_little_enough_is_lost(texts):
    plain = built(texts)
    mixed = built(texts, mixed="auto", max_drop=(1 - plain.quality.steps[-1].cosine) / 2)
    assert mixed.quality.steps[-1].cosine > plain.quality.steps[-1].cosine
    wide = {value.name for value in mixed.quality.steps[-1].values if value.dtype == "int16"}
    assert set(mixed.integer.int16) == wide
    assert 0 < len(wide) < len(mixed.quality.steps[-1].values)


def test_float_may_be_taken_and_is_told(texts):
    plain = built(texts)
    dropped = (1 - plain.quality.steps[-1].cosine) / 2
    mixed = built(texts, mixed="auto", max_drop=dropped, allow_float=True)
    values = mixed.quality.steps[-1].values
    real = {value.name for value in values if value.dtype == "float32"}
    assert set(mixed.integer.float32) == real != set()
    assert values[-1].dtype != "float32"
    assert mixed.quality.steps[-1].cosine > plain.quality.steps[-1].cosine


def test_groups_are_taken_until_the_data_is_content(texts):
    asked = []

    def measure(found):
        asked.append(len(found.integer.int16))
        return 0.3 / len(asked)

    mixed = built(texts, measure=measure, mixed="auto", max_drop=0.11)
    assert asked == sorted(asked)
    assert (asked[0], len(asked)) == (0, 3)
    assert len(mixed.integer.int16) == asked[-1]


def test_a_loss_that_no_mixture_meets_is_refused(texts):
    with pytest.raises(CheckFailedError, match=r"it still loses .* use --quantize int16x8"):
        built(texts, mixed="auto", max_drop=0.0)


def test_a_file_says_where_its_ranges_come_from(tmp_path, texts):
    made = edgebert.convert(
        TAGGER, tmp_path / "own.tflite", quantize="int8-full", lengths=(16, 32), calibration=texts
    )
    integer = made.record.integer
    assert (integer.calibration.source, integer.calibration.texts) == (texts.name, 40)
    assert integer.lengths == (16, 32)
    contents = read_contents(made.path)
    assert not [name for name in contents.types if name.startswith("float")]
    assert [[t.name for t in graph.inputs] for graph in contents.graphs] == [["ids"], ["ids"]]
    names = [tensor.name for tensor in contents.tensors]
    assert len(set(names)) == len(names)
    with pytest.warns(CalibrationWarning, match="--calibration"):
        edgebert.convert(TAGGER, tmp_path / "ours.tflite", quantize="int8-full", lengths=(16,))
