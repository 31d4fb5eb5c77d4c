"""How far networks are from what a file answers, on real sentences."""

import numpy as np

from edgebert.data import read_lines
from edgebert.runtime.model import load
from edgebert.train.backend import tf
from edgebert.train.network import ModelInputs


def distances(file, head, networks, texts=20):
    """Mean distance of each network's answers from the file's."""
    found = {name: [] for name in networks}
    with load(file) as model:
        for text in read_lines("sentences.txt")[:texts]:
            ids, segment_ids, _ = model.tokenizer.encode(text, None)
            answer = np.asarray(model.run_ids(ids, segment_ids))
            rows = (ids, [1] * len(ids), segment_ids)
            inputs = ModelInputs(*(tf.constant([row], tf.int32) for row in rows))
            for name, network in networks.items():
                output = network.head(head, network(inputs))
                if head.task == "classify":
                    output = tf.nn.softmax(output)
                distance = np.abs(answer.reshape(output.shape) - output.numpy())
                found[name].append(distance.mean())
    return {name: float(np.mean(each)) for name, each in found.items()}
