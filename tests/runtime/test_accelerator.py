"""Files on an accelerator: compiled for it, and trusted only where they answer rightly there.

No machine of ours needs a GPU: CompiledModel is told to take the processor in its place.
"""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import edgebert
from edgebert.errors import AcceleratorWarning, EdgebertError
from edgebert.model_file.read import read_model_file
from edgebert.runtime.self_test import SelfTestReport
from tests.conftest import REFERENCE, SOURCES

pytest.importorskip("ai_edge_litert.compiled_model")

from edgebert.runtime import accelerator

TEXT = "Where is my card?"


@pytest.fixture
def instead_of_a_gpu(monkeypatch):
    """Compiles for the processor what asks for a GPU."""
    from ai_edge_litert import hardware_accelerator

    cpu = hardware_accelerator.HardwareAccelerator.CPU
    monkeypatch.setattr(
        hardware_accelerator, "HardwareAccelerator", SimpleNamespace(GPU=cpu, CPU=cpu)
    )


@pytest.fixture
def misread(monkeypatch, instead_of_a_gpu):
    """What runs the graphs takes its first row for all, as a GPU did."""
    run = accelerator._Runner.__call__

    def wrong(self, **values):
        (output,) = run(self, **values).values()
        return {"output": np.roll(output, 1, axis=-1)}

    monkeypatch.setattr(accelerator._Runner, "__call__", wrong)


@pytest.fixture(scope="module")
def file_of(kept):
    """Gives the path of a file of two lengths."""

    def path_of(task, quantize):
        options = {"lengths": (16, 48), "quantize": quantize}
        return kept(
            f"fixed_{task}_{quantize}",
            lambda path: edgebert.convert(REFERENCE / SOURCES[task], path, **options),
        )

    return path_of


@pytest.mark.filterwarnings("ignore::edgebert.errors.CalibrationWarning")
@pytest.mark.parametrize(
    ("task", "quantize", "texts"),
    [
        ("embed", "float32", (TEXT,)),
        ("embed", "int8-full", (TEXT,)),
        ("tag", "float32", (TEXT,)),
        ("fill-mask", "float32", ("Where is [MASK] card?",)),
    ],
)
def test_a_compiled_file_answers_as_the_interpreter(
    instead_of_a_gpu, file_of, task, quantize, texts, capfd
):
    path = file_of(task, quantize)
    with edgebert.load(path) as plain, edgebert.load(path, accelerator="gpu") as model:
        assert (plain.accelerator, model.accelerator) == ("cpu", "gpu")
        ids = plain.tokenizer.encode(*texts).ids
        for given in (ids, [*ids[:-1], *ids[1:-1], *ids[1:]][:40]):  # either length
            one, other = plain.run_ids(given), model.run_ids(given)
            step = plain.record.integer.output_scale if plain.record.integer else 1e-5
            np.testing.assert_allclose(other, one, atol=2 * step)
        assert model._session.delegation().ops > 2 * 40
    assert capfd.readouterr().out == ""


def test_wrong_answers_are_an_error_and_with_auto_the_processor_takes_over(misread, file_of):
    path = file_of("embed", "float32")
    with pytest.raises(EdgebertError, match=r"the gpu answers wrongly \(cosine .* --target gpu"):
        edgebert.load(path, accelerator="gpu")
    with pytest.warns(AcceleratorWarning, match="the cpu runs it: .*answers wrongly") as told:
        model = edgebert.load(path, accelerator="auto")
    assert len(told) == 1
    assert told[0].filename == __file__
    with model, edgebert.load(path) as plain:
        assert model.accelerator == "cpu"
        np.testing.assert_array_equal(model.embed(TEXT), plain.embed(TEXT))


@pytest.mark.parametrize(
    ("difference", "cosine", "right"), [(0.0, 1.0, True), (0.0, 0.98, False), (1.0, 1.0, False)]
)
def test_right_is_what_is_near_in_every_number_and_in_direction(file_of, difference, cosine, right):
    record = read_model_file(file_of("embed", "float32")).record
    failures = ("'x': output is off by 1",) if difference > record.self_test_tolerance else ()
    report = SelfTestReport(4, failures, difference, record.self_test_tolerance, cosine)
    if right:
        accelerator.require_right_answers("x.tflite", report, record)
        return
    with pytest.raises(EdgebertError, match="answers wrongly"):
        accelerator.require_right_answers("x.tflite", report, record)


@pytest.mark.filterwarnings("ignore::edgebert.errors.CalibrationWarning")
@pytest.mark.parametrize(
    ("cosine", "least"),
    [(0.99998, 0.999), (0.9998, 0.998), (0.99, 0.95), (0.9, 0.95), (None, 0.95)],
)
def test_a_file_of_whole_numbers_is_held_to_what_it_lost_when_it_was_made(file_of, cosine, least):
    record = read_model_file(file_of("embed", "int8-full")).record
    record = replace(record, check={} if cosine is None else {"mean_cosine": cosine})
    near = SelfTestReport(4, (), 0.0, record.self_test_tolerance, least + 1e-6)
    accelerator.require_right_answers("x.tflite", near, record)
    off = replace(near, lowest_cosine=least - 1e-6)
    with pytest.raises(EdgebertError, match=f"; {least} is needed"):
        accelerator.require_right_answers("x.tflite", off, record)


def test_files_of_any_length_and_other_engines_are_refused(embedder, file_of):
    with pytest.raises(EdgebertError, match=r"any length, .* --length N --target gpu"):
        edgebert.load(embedder, accelerator="gpu")
    with pytest.raises(EdgebertError, match="engine litert, not for tflite-runtime"):
        edgebert.load(file_of("embed", "float32"), engine="tflite-runtime", accelerator="gpu")
    with pytest.raises(EdgebertError, match="'npu' is unknown; known: cpu, gpu, auto"):
        edgebert.load(embedder, accelerator="npu")


def test_a_pickled_model_is_opened_where_it_was(instead_of_a_gpu, file_of):
    import pickle

    with edgebert.load(file_of("embed", "float32"), accelerator="gpu") as model:
        kept = pickle.dumps(model)
    with pickle.loads(kept) as other:
        assert other.accelerator == "gpu"
