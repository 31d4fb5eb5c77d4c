"""Makes the small checkpoints of tests/data/families, with outputs computed by transformers.

    python -m tools.make_family_checkpoints tests/data/families

needs torch and transformers. One file of weights serves every class of a family: tensors are drawn
by their names, so what two classes share is equal in both. Vocabularies are those of
tests/data/reference, or made of their words.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import PreTrainedTokenizerFast

from tools.make_reference_checkpoints import (
    TEXTS,
    load_tokenizer,
    logits,
    rounded,
    save_safetensors,
    spans,
    write_json,
    write_tokenizer,
)

WORDS = Path(__file__).parents[1] / "tests/data/reference/hf_classifier_2x32/vocab.txt"
LABELS = ("negative", "neutral", "positive")
ROLES = ("Model", "ForMaskedLM", "ForSequenceClassification", "ForTokenClassification")
ALBERT_PIECES = 150

_SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
_COMMON = {**_SIZES, "intermediate_size": 64, "max_position_embeddings": 64}
FAMILIES: Mapping[str, Mapping[str, Any]] = {
    "DistilBert": {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64},
    "Electra": {**_COMMON, "embedding_size": 16},
    "Albert": {
        **_COMMON,
        "num_hidden_layers": 3,
        "embedding_size": 16,
        "vocab_size": ALBERT_PIECES,
    },
    "MobileBert": {
        **_COMMON,
        "embedding_size": 16,
        "intra_bottleneck_size": 16,
        "intermediate_size": 32,
        "num_feedforward_networks": 3,
    },
}
"""By the first part of a family's class names: its config, where that is not the default."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    vocabulary = WORDS.read_text("utf-8").split("\n")[:-1]
    for family, settings in FAMILIES.items():
        folder = args.out / f"{family.lower()}_2x32"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if family == "Albert":
            tokenizer = write_unigram(folder, vocabulary)
        else:
            write_tokenizer(folder, vocabulary)
            tokenizer = load_tokenizer(folder)
        make(folder, family, {"vocab_size": len(vocabulary), **settings}, tokenizer)


def make(folder: Path, family: str, settings: Mapping[str, Any], tokenizer: Any) -> None:
    """All classes of a family in one folder."""
    config = getattr(transformers, f"{family}Config")(
        **{"max_position_embeddings": 64, **settings}, id2label=dict(enumerate(LABELS))
    )
    tensors: dict[str, Any] = {}
    expected = {}
    for role in (*ROLES, "ForQuestionAnswering"):
        kind = getattr(transformers, family + role)
        if role == "ForQuestionAnswering":
            config.num_labels = 2
        model = drawn(kind._from_config(config, attn_implementation="eager"))
        prefix = "" if role != "Model" else f"{model.base_model_prefix}."
        tensors |= {prefix + name: tensor for name, tensor in model.state_dict().items()}
        expected[family + role] = cases(model, tokenizer)
    config.id2label = dict(enumerate(LABELS))
    write_json(folder / "config.json", config.to_dict() | {"architectures": [f"{family}Model"]})
    save_safetensors({name: tensor for name, tensor in tensors.items() if is_own(name)}, folder)
    made = f"transformers {transformers.__version__}, torch {torch.__version__}, float32"
    write_json(
        folder / "expected.json", {"made_with": made, "architectures": expected}, indent=None
    )


def is_own(name: str) -> bool:
    """Whether a tensor is neither a buffer nor the word table again."""
    copies = ("decoder.weight", "decoder.bias", "vocab_projector.weight", "lm_head.weight")
    return not name.endswith(("position_ids", *copies))


def drawn(model: Any) -> Any:
    """The model with random tensors; those of one name are equal, whatever the model."""
    base = f"{model.base_model_prefix}."
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            seed = zlib.crc32(name.removeprefix(base).encode())
            noise = torch.randn(tensor.shape, generator=torch.Generator().manual_seed(seed))
            norm = "norm.weight" in name.lower()
            tensor.copy_(noise * 0.12 + (1.0 if norm else 0.0))
    return model.eval()


def cases(model: Any, tokenizer: Any) -> list[dict[str, Any]]:
    """What the model answers."""
    found = []
    for text in TEXTS:
        pair = (text,) if isinstance(text, str) else text
        encoded = tokenizer(*pair, return_tensors="pt", return_token_type_ids=True)
        ids, segments = encoded["input_ids"], encoded["token_type_ids"]
        takes = {"token_type_ids": segments} if "DistilBert" not in type(model).__name__ else {}
        with torch.no_grad():
            result = model(ids, attention_mask=torch.ones_like(ids), **takes)
        found.append(
            {
                "text": text,
                "ids": ids[0].tolist(),
                "type_ids": segments[0].tolist(),
                **{name: rounded(value) for name, value in outputs(model, result).items()},
            }
        )
    return found


def outputs(model: Any, result: Any) -> Mapping[str, Any]:
    """The outputs to keep, by name."""
    role = type(model).__name__
    if role.endswith("ForMaskedLM"):
        words = result.logits[0]
        return {"mlm_argmax": words.argmax(-1), "mlm_first": words[0, :16]}
    if role.endswith("ForQuestionAnswering"):
        return spans(result)
    if role.endswith("Model"):
        return {"cls_hidden": result.last_hidden_state[0, 0]}
    return logits(result)


def write_unigram(folder: Path, vocabulary: list[str]) -> Any:
    """ALBERT's tokenizer with pieces of our own: words of a vocabulary, likelier the earlier."""
    special = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]
    words = [piece for piece in vocabulary if piece.isascii() and not piece.startswith(("[", "#"))]
    letters = [piece for piece in words if len(piece) == 1]
    pieces = ["▁", *letters, *(f"▁{word}" for word in words if len(word) > 1)]
    pieces += [piece[2:] for piece in vocabulary if piece.isascii() and len(piece) > 3]
    pieces = list(dict.fromkeys(pieces))[: ALBERT_PIECES - len(special)]
    scores = [(piece, -math.log(at + 2) - 2) for at, piece in enumerate(pieces)]
    tokenizer = transformers.AlbertTokenizer(vocab=[*((s, 0.0) for s in special), *scores])
    raw = json.loads(tokenizer.backend_tokenizer.to_str())
    write_json(folder / "tokenizer.json", raw, indent=None)
    config = {"tokenizer_class": "AlbertTokenizer", "model_max_length": 64}
    write_json(folder / "tokenizer_config.json", config)
    return PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))


if __name__ == "__main__":
    main()
