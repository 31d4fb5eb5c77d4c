"""Files with int4 tables and matrices answer as what they were rounded to, or nearly so."""

import re

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

import edgebert
from edgebert.bert.config import BertConfig
from edgebert.converter.devices import recipe_for
from edgebert.converter.graph import Graph
from edgebert.converter.int4_graph import _fewest
from edgebert.converter.options import LONG_NAMES, Options
from edgebert.converter.quantize import Quantized, quantize_table_to_int4
from edgebert.converter.recipes import RECIPES
from edgebert.errors import EdgebertError
from edgebert.model_file.contents import read_contents
from edgebert.model_file.serialize import serialize
from tests.conftest import REFERENCE, SOURCES
from tests.family_folders import SMALL

CALIBRATION = REFERENCE.parent / "banking77" / "train.csv"
RANDOM = np.random.default_rng(0)
SMALL_CONFIG = BertConfig(100, 32, 2, 2, 64, 64)


def answer(graph, value):
    """The only output for the only input."""
    interpreter = Interpreter(model_content=bytes(serialize(graph.model(""))), num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], value)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


@pytest.mark.parametrize(("width", "block"), [(8, None), (96, 32), (128, 64)])
def test_rows_of_an_int4_table_come_out_as_they_were_rounded(width, block):
    table = quantize_table_to_int4(RANDOM.standard_normal((50, width)).astype(np.float32))
    assert table.block == block
    graph = Graph()
    ids = graph.input("ids", (2, 3), np.int32)
    graph.output("rows", graph.gather(graph.constant(table, "table"), ids))
    numbers = np.array([[3, 49, 0], [7, 7, 12]], np.int32)
    np.testing.assert_array_equal(answer(graph, numbers), table.dequantized()[numbers])


@pytest.mark.parametrize("scale", [(32,), (32, 4)], ids=["rows", "blocks"])
def test_an_int4_matrix_multiplies_as_what_it_was_rounded_to(scale):
    values = RANDOM.integers(-8, 8, (32, 128)).astype(np.int8)
    scales = RANDOM.uniform(0.5, 2, scale).astype(np.float16).astype(np.float32)
    matrix = Quantized(values, scales, bits=4)
    graph = Graph()
    x = graph.input("x", (4, 128), np.float32)
    graph.output("y", graph.fully_connected(x, graph.constant(matrix, "matrix")))
    rows = RANDOM.standard_normal((4, 128)).astype(np.float32)
    expected = rows @ matrix.dequantized().T
    found = answer(graph, rows)
    assert np.abs(found - expected).max() < 0.02 * np.abs(expected).max()  # rows are int8


def converted(source, path, recipe, **options):
    """The report of a conversion, with few texts to calibrate with where the recipe takes any."""
    if "calibration" in RECIPES[recipe].options:
        options["calibration"] = CALIBRATION
    return edgebert.convert(REFERENCE / SOURCES[source], path, quantize=recipe, **options)


@pytest.mark.parametrize(
    "recipe", ["w8-t4-a8", "w4-t8-a8", "int4", "w8-t4-a8-static", "w32-t4-a32"]
)
@pytest.mark.parametrize("task", ["embed", "fill-mask", "tag"])
def test_tasks_convert_and_pass_their_check(tmp_path, recipe, task):
    path = tmp_path / "x.tflite"
    report = converted(task, path, recipe)
    assert report.check.mean_cosine > 0.97
    assert report.record.quantization.name == recipe
    kinds = {(tensor.name, tensor.dtype) for tensor in read_contents(path).tensors}
    assert (("embeddings.word", "int4") in kinds) == ("t8" not in recipe)
    with edgebert.load(path) as model:
        assert model.selftest().passed


@pytest.mark.parametrize("recipe", ["int4", "w8-t4-a8-fine", "w16-t4-a32"])
def test_files_of_fixed_lengths_answer_as_those_of_any(tmp_path, recipe):
    answers = []
    for lengths in (None, (16, 64)):
        path = tmp_path / f"{lengths}.tflite"
        assert converted("embed", path, recipe, lengths=lengths).check.mean_cosine > 0.97
        with edgebert.load(path) as model:
            answers.append(model.embed(["Where is my card?", "Where is it, and when is it here?"]))
    assert np.abs(answers[0] - answers[1]).max() < 0.02


@pytest.mark.parametrize("long", LONG_NAMES)
def test_a_long_name_gives_the_recipe_of_the_short_one(long):
    assert recipe_for(Options(quantize=long), SMALL_CONFIG) == LONG_NAMES[long]
    bits = re.findall(r"\d+", long)
    kept = RECIPES[LONG_NAMES[long]]
    told = (kept.matrices, kept.tables, kept.activations)
    assert [re.search(r"\d+", text)[0] for text in told[:2]] == bits[:2]


@pytest.mark.parametrize("name", ["w8-t4-a8-full", "w8-t4-a16-full"])
def test_whole_numbers_from_an_int4_table_are_refused_with_the_reason(tmp_path, name):
    with pytest.raises(EdgebertError, match=f"{name}: no op .* whole numbers from an int4"):
        edgebert.convert(REFERENCE / SOURCES["embed"], tmp_path / "x.tflite", quantize=name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("folder", SMALL, ids=lambda folder: folder.name)
def test_every_family_converts(folder, tmp_path):
    report = edgebert.convert(
        folder,
        tmp_path / "x.tflite",
        task="encode",
        quantize="int4",
        calibration=CALIBRATION.with_name("test.csv"),
    )
    assert report.check.mean_cosine > 0.95


def test_matrices_stay_int8_until_little_enough_is_lost(tmp_path):
    source = REFERENCE / SOURCES["embed"]
    losses = {}
    for drop in (1.0, 0.0):
        report = edgebert.convert(
            source,
            tmp_path / f"{drop}.tflite",
            quantize="w4-t8-a8",
            calibration=CALIBRATION,
            mixed="auto",
            max_drop=drop,
        )
        losses[drop] = (report.check.mean_cosine, report.bytes, report.record.quantization.matrices)
    assert "int8" not in losses[1.0][2]
    assert "int8" in losses[0.0][2]
    assert losses[0.0][0] > losses[1.0][0]
    assert losses[0.0][1] > losses[1.0][1]


def test_runtimes_without_int4_are_refused(tmp_path):
    for recipe in ("int4", "w8-t4-a8"):
        with pytest.raises(
            EdgebertError,
            match=f"quantize {recipe} is for --runtime litert; --runtime tflite-runtime ",
        ):
            edgebert.convert(
                REFERENCE / SOURCES["embed"],
                tmp_path / "x.tflite",
                quantize=recipe,
                runtime="tflite-runtime",
            )
    assert not list(tmp_path.iterdir())


def test_too_few_texts_to_round_by_are_refused(tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("\n")
    with pytest.raises(EdgebertError, match="0 texts to calibrate with"):
        edgebert.convert(
            REFERENCE / SOURCES["embed"], tmp_path / "x.tflite", quantize="int4", calibration=texts
        )
    assert not (tmp_path / "x.tflite").exists()


@pytest.mark.parametrize("needed", range(6))
def test_the_fewest_matrices_that_suffice_are_found(needed):
    assert _fewest(lambda kept: kept >= needed, 5) == needed


def test_where_nothing_suffices_all_matrices_stay_int8():
    assert _fewest(lambda kept: False, 5) == 5
