"""Float files of fixed lengths give the answers of files of any length."""

import numpy as np
import pytest

import edgebert
from edgebert.converter import reference
from edgebert.converter.bert_graph import build_fixed_graphs
from edgebert.converter.head import POSITIONS, Head
from edgebert.converter.weight_storage import FLOAT32, INT8
from edgebert.errors import EdgebertError
from edgebert.model_file.contents import read_contents
from edgebert.model_file.serialize import serialize
from tests.bare_engine import Interpreter
from tests.bert_weights import FAMILIES, random_weights, small_config
from tests.conftest import REFERENCE, SOURCES
from tests.converter.test_bert_graph import HEADS, IDS, SEGMENTS, close, name

LENGTHS = (8, 12)
TEXTS = {
    "embed": ("Where is my card?",),
    "classify": ("Where is my card?",),
    "tag": ("My card is in Berlin.",),
    "answer": ("Where is it?", "My card is in Berlin, where I lost it."),
    "fill-mask": ("Where is [MASK] card [MASK]?",),
}


def graphs(config, weights, head, storage=FLOAT32, lengths=LENGTHS):
    made = build_fixed_graphs(config, weights, head, storage, lengths)
    data = bytes(serialize(next(iter(made.values())).model("", made)))
    interpreter = Interpreter(model_content=data, num_threads=1)
    return data, [interpreter.get_signature_runner(key) for key in made]


@pytest.mark.parametrize("head", HEADS, ids=name)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_length_equals_the_plain_forward(head, family):
    config = small_config(**FAMILIES[family])
    weights = random_weights(config)
    tokens, masks = len(IDS), {"fill-mask": {"positions": [1, 4]}}
    expected = reference.output(weights, config, head, IDS, SEGMENTS, **masks.get(head.task, {}))
    for length, runner in zip(LENGTHS, graphs(config, weights, head)[1], strict=True):
        given = {"ids": IDS, "mask": [1] * tokens, "segment_ids": SEGMENTS}
        values = {key: [*row, *[0] * (length - tokens)] for key, row in given.items()}
        if head.task == "fill-mask":
            values["positions"] = [1, 4, *[0] * (POSITIONS - 2)]
        output = runner(**{key: np.int32([row]) for key, row in values.items()})["output"]
        close(output[:, : expected.shape[1]] if output.ndim > 2 else output, expected)


def test_graphs_of_several_lengths_share_their_weights():
    config = small_config(vocab_size=4000)
    weights = random_weights(config)
    one, _ = graphs(config, weights, Head("embed"), INT8, (8,))
    both, _ = graphs(config, weights, Head("embed"), INT8, (8, 12))
    assert len(both) - len(one) < weights["embeddings.word"].size / 2


@pytest.mark.parametrize("quantize", ["float32", "int8", "int8-static"])
@pytest.mark.parametrize("task", TEXTS)
def test_a_file_answers_as_one_of_any_length(tmp_path, task, quantize):
    source = REFERENCE / SOURCES[task]
    plain = edgebert.convert(source, tmp_path / "plain.tflite", quantize=quantize)
    made = edgebert.convert(source, tmp_path / "fixed.tflite", quantize=quantize, lengths=(16, 32))
    assert (made.record.fixed.lengths, made.record.format) == ((16, 32), 5)
    assert made.check.mean_cosine > plain.check.mean_cosine - 1e-3
    contents = read_contents(made.path)
    assert "SHAPE" not in made.ops
    assert all(-1 not in tensor.shape for tensor in contents.tensors)
    with edgebert.load(plain.path) as one, edgebert.load(made.path) as other:
        assert other.max_length == 32
        assert other.selftest().passed
        ids = one.tokenizer.encode(*TEXTS[task]).ids[:32]
        segments = one.tokenizer.encode(*TEXTS[task]).segment_ids[:32]
        # Ranges that are taken from texts are those of texts of other lengths, and columns of
        # tables reach as far as the positions that are kept.
        near = {"float32": 0.02, "int8": 0.06, "int8-static": 0.15}[quantize]
        np.testing.assert_allclose(
            other.run_ids(ids, segments), one.run_ids(ids, segments), atol=near, rtol=0.02
        )
        assert str(other(*TEXTS[task])) is not None


def test_lengths_are_those_of_the_checkpoint_and_exclude_a_most(tmp_path):
    source, path = REFERENCE / SOURCES["embed"], tmp_path / "any.tflite"
    with pytest.raises(EdgebertError, match=r"length 4096: .* takes 8 to \d+ tokens"):
        edgebert.convert(source, path, lengths=(16, 4096))
    with pytest.raises(EdgebertError, match="--length gives fixed lengths, --max-length the most"):
        edgebert.convert(source, path, lengths=(16,), max_length=32)
    assert not path.exists()


def test_a_target_has_a_length_and_takes_what_the_file_holds(tmp_path):
    source = REFERENCE / SOURCES["classify"]
    made = edgebert.convert(source, tmp_path / "gpu.tflite", quantize="float32", target="gpu")
    assert made.record.fixed.lengths == (64,)
    with pytest.raises(EdgebertError, match=r"target ethos-u85: .* takes no float32; use "):
        edgebert.convert(source, tmp_path / "npu.tflite", target="ethos-u85")
    with pytest.raises(EdgebertError, match="float values with whole weights"):
        edgebert.convert(source, tmp_path / "int8.tflite", quantize="int8", target="gpu")
