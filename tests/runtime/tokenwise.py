"""A real BERT whose output for a token depends on that token alone.

Its attention adds nothing and its positions and segments are zero. So what is found in a passage
must be exactly what is found in any longer text around it, through all windows.
"""

from pathlib import Path

import numpy as np

VOCABULARY = Path(__file__).parent.parent / "data" / "vocab" / "vocab.txt"
LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def write(path, task, runtime):
    """Converts such a model, with the real vocabulary, to float32."""
    from edgebert.bert.config import BertConfig
    from edgebert.checkpoints.checkpoint import Checkpoint
    from edgebert.converter.convert_checkpoint import convert_checkpoint
    from edgebert.converter.options import Options
    from edgebert.converter.plan import plan
    from edgebert.tokenizer import TokenizerOptions
    from tests.bert_weights import random_weights

    vocabulary = tuple(VOCABULARY.read_text(encoding="utf-8").splitlines())
    config = BertConfig(len(vocabulary), 16, 2, 2, 24, max_position_embeddings=64)
    weights = random_weights(config, labels=len(LABELS))
    for name in weights:
        if (
            name.startswith(("embeddings.position", "embeddings.segment"))
            or "attention.output" in name
        ):
            weights[name] = np.zeros_like(weights[name])
    checkpoint = Checkpoint(
        config=config,
        weights=weights,
        vocabulary=vocabulary,
        tokenizer=TokenizerOptions(max_length=64),
        labels=LABELS,
        task=task,
        source="tokenwise",
        format="made",
    )
    options = Options(
        task=task, quantize="float32", runtime=runtime, labels=LABELS if task == "tag" else None
    )
    convert_checkpoint(checkpoint, plan(options, checkpoint), path)
