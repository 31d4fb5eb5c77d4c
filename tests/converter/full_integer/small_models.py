"""Small random models in the terms of the integer graph, and what they compute."""

import numpy as np

from edgebert.converter.full_integer.convert import ConversionSource
from edgebert.converter.full_integer.integer_graph import Interface
from edgebert.converter.full_integer.observer import feeds
from edgebert.converter.head import Head
from edgebert.model_file.serialize import serialize
from edgebert.tokenizer.tokenizer import Encoding
from tests.bare_engine import Interpreter
from tests.bert_weights import random_weights, small_config

PAD, CLS, SEP = 0, 1, 2
LENGTH = 16


def small_model(head=None, inputs=("ids",), weights=None, **changes):
    config = small_config(**changes)
    return ConversionSource(
        weights=random_weights(config) if weights is None else weights,
        config=config,
        head=head or Head("encode"),
        interface=Interface(inputs, pad_id=PAD, separator_id=SEP),
        first_id=CLS,
        longest=LENGTH,
    )


def encodings(count=12, *, pairs=True, seed=0, vocab_size=40):
    """Texts as a tokenizer would give them, every other one with its pair."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(count):
        words = random.integers(SEP + 1, vocab_size, random.integers(2, LENGTH - 4)).tolist()
        cut = len(words) // 2 if pairs and number % 2 else len(words)
        ids = [CLS, *words[:cut], SEP, *words[cut:], *([SEP] if cut < len(words) else [])]
        segment_ids = [0] * (cut + 2) + [1] * (len(ids) - cut - 2)
        made.append(Encoding(ids, segment_ids, len(ids)))
    return made


def run(graph, encoding, interface, length=LENGTH, **options):
    """The output as real numbers, for one text padded to the length of the graph."""
    data = bytes(serialize(graph.model("")))
    interpreter = Interpreter(model_content=data, num_threads=1, **options)
    interpreter.allocate_tensors()
    rows = feeds(encoding, interface, length)
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], rows[detail["name"]])
    interpreter.invoke()
    detail = interpreter.get_output_details()[0]
    output = interpreter.get_tensor(detail["index"])
    scale, zero_point = detail["quantization"]
    return (output.astype(np.float32) - zero_point) * np.float32(scale or 1)
