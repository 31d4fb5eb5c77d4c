"""TensorFlow 1 checkpoints: Google's archives, and what run_classifier.py and run_squad.py save.

Names are those of google-research/bert (modeling.py, run_pretraining.py, run_classifier.py,
run_squad.py). `gelu` is the tanh approximation there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from edgebert.arrays import Weights
from edgebert.bert.config import Activation
from edgebert.bert.tasks import TaskName
from edgebert.bert.weights import heads_of
from edgebert.checkpoints.checkpoint import Checkpoint, TokenizerFiles
from edgebert.checkpoints.config_file import bert_config
from edgebert.checkpoints.labels import read_labels
from edgebert.checkpoints.tensor_bundle import TensorBundle
from edgebert.checkpoints.tensor_names import NameMap
from edgebert.checkpoints.vocabulary import check_special_tokens, read_vocabulary
from edgebert.errors import EdgebertError
from edgebert.text_files import read_json_object, read_text, shown
from edgebert.tokenizer.options import TokenizerOptions

FORMAT = "TensorFlow 1 checkpoint"
CONFIG = "bert_config.json"

_ACTIVATIONS: dict[str, Activation] = {"gelu": "gelu_tanh", "relu": "relu"}

_LAYER = r"bert/encoder/layer_(\d+)"
_NAMES = NameMap(
    table=(
        (r"bert/embeddings/word_embeddings", "embeddings.word"),
        (r"bert/embeddings/position_embeddings", "embeddings.position"),
        (r"bert/embeddings/token_type_embeddings", "embeddings.segment"),
        (r"bert/embeddings/LayerNorm/(gamma|beta)", r"embeddings.norm.\1"),
        (_LAYER + r"/attention/self/(query|key|value)/(kernel|bias)", r"layers.\1.attention.\2.\3"),
        (_LAYER + r"/attention/output/dense/(kernel|bias)", r"layers.\1.attention.output.\2"),
        (_LAYER + r"/attention/output/LayerNorm/(gamma|beta)", r"layers.\1.attention.norm.\2"),
        (_LAYER + r"/intermediate/dense/(kernel|bias)", r"layers.\1.ffn.intermediate.\2"),
        (_LAYER + r"/output/dense/(kernel|bias)", r"layers.\1.ffn.output.\2"),
        (_LAYER + r"/output/LayerNorm/(gamma|beta)", r"layers.\1.ffn.norm.\2"),
        (r"bert/pooler/dense/(kernel|bias)", r"pooler.\1"),
        (r"cls/predictions/transform/dense/(kernel|bias)", r"mlm.transform.\1"),
        (r"cls/predictions/transform/LayerNorm/(gamma|beta)", r"mlm.norm.\1"),
        (r"cls/predictions/output_bias", "mlm.bias"),
        (r"cls/seq_relationship/(output_weights|output_bias)", r"nsp.\1"),
        (r"cls/squad/(output_weights|output_bias)", r"answerer.\1"),
        (r"(output_weights|output_bias)", r"classifier.\1"),
    ),
    suffixes={
        "kernel": "weight",
        "gamma": "weight",
        "beta": "bias",
        "output_weights": "weight",
        "output_bias": "bias",
    },
    transposed=r".*/kernel",
)
_TRAINING_STATE = r"global_step|beta[12]_power|.*loss_scale.*|good_steps"
_TASK_OF_HEAD: dict[str, TaskName] = {
    "classifier": "classify",
    "answerer": "answer",
    "mlm": "fill-mask",
}


def read_tensorflow1(folder: Path, source: str) -> Checkpoint:
    """The checkpoint in a folder with `bert_config.json`, `vocab.txt` and `*.ckpt*` files.

    A `labels.txt` beside them, one label a line, names the outputs of a classifier.

    Raises:
        EdgebertError: a file is missing, damaged or does not fit the others.
    """
    path = folder / CONFIG
    config = bert_config(read_json_object(path), _ACTIVATIONS, path)
    bundle = TensorBundle(find_index(folder))
    _check_names(bundle)
    weights = _NAMES.weights(bundle, config, bundle.path)
    vocabulary = read_vocabulary(folder / "vocab.txt")
    check_special_tokens(vocabulary, mask="mlm.bias" in weights, where=folder / "vocab.txt")
    lower_case = not _is_cased(vocabulary)
    labels, faults = _labels(folder / "labels.txt")
    return Checkpoint(
        config=config,
        weights=weights,
        vocabulary=vocabulary,
        tokenizer=TokenizerOptions(
            max_length=config.max_position_embeddings, lower_case=lower_case
        ),
        tokenizer_files=TokenizerFiles(folder, lower_case),
        labels=labels,
        faults=faults,
        task=_task(weights),
        source=source,
        format=FORMAT,
    )


def _labels(path: Path) -> tuple[tuple[str, ...] | None, dict[str, str]]:
    """The labels, and what is wrong with them, which others may replace."""
    try:
        return (read_labels(path) if path.exists() else None), {}
    except EdgebertError as error:
        return None, {"labels": str(error)}


def _is_cased(vocabulary: Sequence[str]) -> bool:
    """Whether a vocabulary has capitals; nothing else in Google's archives says so."""
    return any(piece != piece.lower() for piece in vocabulary if not piece.startswith("["))


def find_index(folder: Path) -> Path:
    """The `.index` file to read: the one the `checkpoint` file names, else of the highest step.

    Raises:
        EdgebertError: there is none, or there are several and nothing says which is meant.
    """
    found = sorted(path for path in folder.glob("*.index") if ".ckpt" in path.name)
    if not found:
        raise EdgebertError(f"{folder}: no *.ckpt*.index file; a TensorFlow 1 checkpoint has one")
    named = _latest(folder / "checkpoint")
    for path in found:
        if len(found) == 1 or path.stem == named:
            return path
    steps = {path: int(match[1]) for path in found if (match := re.search(r"-(\d+)$", path.stem))}
    if not steps:
        names = ", ".join(path.stem for path in found)
        raise EdgebertError(f"{folder}: several checkpoints ({names}); leave one in the folder")
    return max(steps, key=lambda path: steps[path])


def _latest(path: Path) -> str | None:
    """The name in a `checkpoint` file, without the folder it was once written to."""
    if not path.is_file():
        return None
    match = re.search(r'^model_checkpoint_path:\s*"([^"\n]*)"', read_text(path), re.MULTILINE)
    return re.split(r"[/\\]", match[1])[-1] if match else None


def _check_names(bundle: TensorBundle) -> None:
    """Refuses tensors that are no part of a BERT: the model would not be what was trained."""
    if "_CHECKPOINTABLE_OBJECT_GRAPH" in bundle:
        raise EdgebertError(
            f"{bundle.path}: a TensorFlow 2 object checkpoint; accepted: TensorFlow 1 checkpoints "
            "with the names of google-research/bert"
        )
    unknown = sorted(_unknown(bundle))
    if unknown:
        raise EdgebertError(
            f"{bundle.path}: tensor {shown(unknown[0])} is no part of a BERT "
            "(pre-trained, or fine-tuned by run_classifier.py or run_squad.py)"
        )


def _unknown(names: Iterable[str]) -> Iterable[str]:
    for name in names:
        variable = name.rpartition("/")[0]  # of an optimiser slot such as …/kernel/adam_m
        if not (
            _NAMES.canonical(name)
            or _NAMES.canonical(variable)
            or re.fullmatch(_TRAINING_STATE, name)
        ):
            yield name


def _task(weights: Weights) -> TaskName | None:
    heads = heads_of(weights)
    return next((task for head, task in _TASK_OF_HEAD.items() if head in heads), None)
