"""The network of `--qat int8` computes what an int8 file computes."""

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.convert_checkpoint import convert_checkpoint
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.train.network import Network
from edgebert.train.qat.dynamic import DynamicNetwork
from tests.reference_folders import ROOTS
from tests.train.qat.agreement import distances

MODELS = (
    "hf_classifier_2x32",
    "hf_tagger_2x32",
    "st_embedder_2x32",
    "hf_answerer_2x32_2019",
    "tf1_classifier_2x32",
)


@pytest.mark.parametrize("name", MODELS)
def test_network_answers_as_the_file(name, tmp_path):
    with open_checkpoint(str(ROOTS[0] / name)) as checkpoint:
        resolved = plan(Options(quantize="int8"), checkpoint)
        convert_checkpoint(checkpoint, resolved, tmp_path / "int8.tflite")
        networks = {
            "rounded": DynamicNetwork(
                checkpoint.config, checkpoint.weights, resolved.head, resolved.max_length
            ),
            "float": Network(checkpoint.config, checkpoint.weights),
        }
        found = distances(tmp_path / "int8.tflite", resolved.head, networks)
    assert found["rounded"] < 0.1 * found["float"]
