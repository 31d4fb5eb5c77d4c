"""ALBERT's layers are one: in the file, and in memory once it is loaded."""

import subprocess
import sys

import pytest

from edgebert.converter.head import Head
from tests.bert_weights import FAMILIES, random_weights, small_config
from tests.converter.running import built

MEMORY = """
import sys
sys.path[:] = [{paths}]
from pathlib import Path
from edgebert.runtime.sessions import open_session

def private():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))

open_session(Path(sys.argv[1]), max_length=32).run([1, 2, 3])
before = private()
session = open_session(Path(sys.argv[2]), max_length=32)
session.run([1, 2, 3])
print(private() - before)
"""


def albert(layers, recipe="int8", runtime="litert"):
    shape = {
        **FAMILIES["ALBERT"],
        "hidden_size": 256,
        "intermediate_size": 1024,
        "embedding_size": 64,
        "num_hidden_layers": layers,
    }
    config = small_config(**shape)
    return built(config, random_weights(config), Head("classify"), recipe, runtime)


@pytest.mark.parametrize("recipe", ["int8", "float16", "float32"])
@pytest.mark.parametrize(("layers", "more"), [(3, 0.05), (12, 0.05)])
def test_a_file_of_more_layers_is_no_larger(recipe, layers, more):
    assert len(albert(layers, recipe)) <= (1 + more) * len(albert(1, recipe))


@pytest.mark.parametrize("runtime", ["litert", "tflite-runtime"])
def test_written_out_layers_are_stored_once_too(runtime):
    assert len(albert(3, runtime=runtime)) <= 1.05 * len(albert(1, runtime=runtime))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_after_loading_does_not_grow_with_the_layers(tmp_path):
    """Packed once: a layer takes 0.8 MB here, eleven more would be 8.7 MB."""

    def kilobytes(name, data):
        (tmp_path / name).write_bytes(data)
        (tmp_path / "first.tflite").write_bytes(albert(1))
        code = MEMORY.format(paths=", ".join(map(repr, sys.path)))
        command = [sys.executable, "-c", code, tmp_path / "first.tflite", tmp_path / name]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    one, twelve = (kilobytes(f"{n}.tflite", albert(n)) for n in (1, 12))
    assert twelve < one + 1_500
    written_out = kilobytes("out.tflite", albert(12, runtime="tflite-runtime"))
    assert written_out > one + 6_000, "the measure does not see packed weights"
