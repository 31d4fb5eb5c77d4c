"""A classifier of all-MiniLM-L6-v2, as a Hugging Face folder: its last layers and a head trained.

    python -m tools.studies.fit_classifier --train SST-2/train.tsv --output sst2

needs torch and transformers here. The first layers stay as they are and run once for each text, so
that minutes of one processor do; `edgebert finetune` trains all of them. What it makes is for
`tools.studies.integer_classifier`.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import BertForSequenceClassification

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.checkpoints.writing.hugging_face import write_hugging_face
from edgebert.evaluation.readers import read_rows
from edgebert.tokenizer.tokenizer import Tokenizer

SOURCE = "all-minilm-l6-v2"
TRAINED_LAYERS = 2
BATCH, RATE, WARM_UP = 32, 2e-4, 0.1
MOST_TOKENS, FEWEST_WORDS = 64, 8


@dataclass(frozen=True)
class Example:
    """One text behind the layers that are not trained.

    Attributes:
        hidden: [n, H].
        label: number of its label.
    """

    hidden: torch.Tensor
    label: int


def main() -> int:
    """Trains and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", type=Path, required=True, help="text and label")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    parser.add_argument("--texts", type=int, default=6000, help="to train on")
    parser.add_argument("--epochs", type=int, default=3)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    rows = [row for row in read_rows(arguments.train) if len(row.text.split()) >= FEWEST_WORDS]
    rows = random.Random(1).sample(  # noqa: S311 - a sample, no secret
        rows, min(arguments.texts, len(rows))
    )
    labels = sorted({row.label for row in rows})
    with tempfile.TemporaryDirectory() as folder, open_checkpoint(SOURCE) as checkpoint:
        write_hugging_face(with_head(checkpoint, labels), Path(folder), force=True)
        model = BertForSequenceClassification.from_pretrained(folder)
        tokenizer = Tokenizer(
            checkpoint.vocabulary, replace(checkpoint.tokenizer, max_length=MOST_TOKENS)
        )
        numbers = {label: number for number, label in enumerate(labels)}
        examples = [
            Example(frozen(model, tokenizer.encode(row.text).ids), numbers[row.label])
            for row in rows
        ]
        train(model, examples, arguments.epochs)
        tensors = {name: value.contiguous() for name, value in model.state_dict().items()}
        save_file(tensors, Path(folder) / "model.safetensors", {"format": "pt"})
        shutil.copytree(folder, arguments.output)
    return 0


def with_head(checkpoint: Checkpoint, labels: Sequence[str]) -> Checkpoint:
    """The checkpoint with a pooler and a classifier that know nothing yet."""
    width, generator = checkpoint.config.hidden_size, np.random.default_rng(0)
    head = {
        "pooler.weight": generator.normal(0, 0.02, (width, width)).astype(np.float32),
        "pooler.bias": np.zeros(width, np.float32),
        "classifier.weight": generator.normal(0, 0.02, (len(labels), width)).astype(np.float32),
        "classifier.bias": np.zeros(len(labels), np.float32),
    }
    weights = {**checkpoint.weights, **head}
    return replace(checkpoint, weights=weights, labels=tuple(labels), task="classify")


@torch.no_grad()
def frozen(model: Any, ids: Sequence[int]) -> torch.Tensor:
    """What the layers that are not trained make of a text: [n, H]."""
    hidden = model.bert.embeddings(torch.tensor([ids]))
    for layer in model.bert.encoder.layer[:-TRAINED_LAYERS]:
        hidden = _first(layer(hidden))
    return hidden[0]


def train(model: Any, examples: Sequence[Example], epochs: int) -> None:
    """AdamW; the rate rises, then falls to 0."""
    layers = model.bert.encoder.layer[-TRAINED_LAYERS:]
    modules = (*layers, model.bert.pooler, model.classifier)
    optimizer = torch.optim.AdamW([p for m in modules for p in m.parameters()], lr=RATE)
    steps = epochs * -(-len(examples) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda at: min((at + 1) / (WARM_UP * steps), (steps - at) / steps)
    )
    model.train()
    for step, batch in enumerate(batches(examples, epochs), 1):
        longest = max(len(each.hidden) for each in batch)
        hidden = torch.zeros(len(batch), longest, model.config.hidden_size)
        mask = torch.full((len(batch), 1, 1, longest), -1e4)
        for row, each in enumerate(batch):
            hidden[row, : len(each.hidden)] = each.hidden
            mask[row, :, :, : len(each.hidden)] = 0
        for layer in layers:
            hidden = _first(layer(hidden, mask))
        logits = model.classifier(model.dropout(model.bert.pooler(hidden)))
        loss = torch.nn.functional.cross_entropy(
            logits, torch.tensor([each.label for each in batch])
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 20 == 0:
            print(f"step {step} of {steps}: loss {loss.item():.3f}", flush=True)


def batches(examples: Sequence[Example], epochs: int) -> Iterator[list[Example]]:
    """Texts of like length together, in another order each epoch."""
    draw = random.Random(2)  # noqa: S311 - an order, no secret
    for _ in range(epochs):
        order = sorted(examples, key=lambda each: len(each.hidden) + draw.random() * 4)
        found = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        draw.shuffle(found)
        yield from found


def _first(output: Any) -> torch.Tensor:
    """A layer's output, which some versions of transformers wrap in a tuple."""
    hidden: torch.Tensor = output[0] if isinstance(output, tuple) else output
    return hidden


if __name__ == "__main__":
    sys.exit(main())
