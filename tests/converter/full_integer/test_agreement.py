"""All kernels give the same answers from a padded input: XNNPACK, TFLite's quick ones, the plain.

LiteRT 2.3 writes the softmax of a mask over the mask itself where a graph lets it: a cosine of
0.756 on padded input. Each kernel rounds in its own way, which is all that may differ.
"""

import warnings

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

import edgebert
from edgebert.errors import CalibrationWarning
from edgebert.model_file.read import read_model_file
from edgebert.runtime.fixed_session import padded
from tests.conftest import REFERENCE, SOURCES

LENGTHS = (16, 48)
RESOLVERS = {
    "default": OpResolverType.AUTO,
    "without delegate": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    "reference": OpResolverType.BUILTIN_REF,
}
TEXTS = (("card", None), ("Where is my card?", None), ("my card", "is late"), ("a " * 40, None))
ALIKE = 0.99
"""Least cosine between two kernels; rounding alone gives 0.995 and more here."""


@pytest.fixture(scope="module", params=["embed", "classify", "tag"])
def file(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("integer") / "x.tflite"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CalibrationWarning)
        edgebert.convert(
            REFERENCE / SOURCES[request.param], path, quantize="int8-full", lengths=LENGTHS
        )
    return path


def outputs(file, resolver, length):
    """The outputs for every text that fits, without padding's rows, in steps of the output."""
    integer = read_model_file(file).record.integer
    interpreter = Interpreter(str(file), experimental_op_resolver_type=resolver, num_threads=1)
    runner = interpreter.get_signature_runner(f"length_{length}")
    found = []
    with edgebert.load(file) as model:
        for text in TEXTS:
            ids, segments, _ = model.tokenizer.encode(*text)
            if len(ids) <= length:
                output = runner(**padded(integer, ids, segments, length))["output"].astype(float)
                output -= integer.output_zero_point
                found.append(output[:, : len(ids)] if output.ndim == 3 else output)
    return found


def least_cosine(one, other):
    pairs = [(a.ravel(), b.ravel()) for a, b in zip(one, other, strict=False)]
    return min(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for a, b in pairs)


def test_all_kernels_agree_at_every_length(file):
    for length in LENGTHS:
        expected = outputs(file, RESOLVERS["reference"], length)
        assert max(int(np.ptp(each)) for each in expected) > 100
        for name, resolver in RESOLVERS.items():
            assert least_cosine(outputs(file, resolver, length), expected) > ALIKE, name


@pytest.mark.parametrize("resolver", RESOLVERS)
def test_more_padding_does_not_change_an_answer(file, resolver):
    short, long = (outputs(file, RESOLVERS[resolver], length) for length in LENGTHS)
    assert len(short) > 1
    assert least_cosine(short, long) > ALIKE
