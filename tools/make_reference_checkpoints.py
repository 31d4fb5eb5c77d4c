"""Makes the small reference checkpoints of tests/data, with outputs computed by transformers.

    python tools/make_reference_checkpoints.py vocab.txt tests/data --tensorflow TF_PYTHON

needs torch, transformers and sentence-transformers here, and an interpreter TF_PYTHON that has
TensorFlow. `vocab.txt` is that of Google's uncased BERTs, of which a cut is taken. Everything is
seeded: the same versions make the same files.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from transformers import BertConfig, BertTokenizerFast

PIECES = 800
WIDTH, LAYERS, HEADS, POSITIONS = 32, 2, 2, 128
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
TEXTS = (
    "The quick brown fox jumps over the lazy dog.",
    "Crème brûlée costs €5, isn't it?",
    "東京 is the capital of Japan",
    "unaffable",
    "a",
    "",
    "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen.",
    ("How far is the moon?", "It is about 384,400 kilometres away from us."),
    ("Über", "straße ÀÉÎ"),
)
TF1_NAMES = (
    ("_embeddings.weight", "_embeddings"),
    ("encoder.layer.", "encoder.layer_"),
    ("LayerNorm.weight", "LayerNorm.gamma"),
    ("LayerNorm.bias", "LayerNorm.beta"),
    ("seq_relationship.weight", "seq_relationship.output_weights"),
    ("seq_relationship.bias", "seq_relationship.output_bias"),
    ("predictions.bias", "predictions.output_bias"),
    ("qa_outputs.weight", "cls.squad.output_weights"),
    ("qa_outputs.bias", "cls.squad.output_bias"),
    ("classifier.weight", "output_weights"),
    ("classifier.bias", "output_bias"),
    ("dense.weight", "dense.kernel"),
    ("query.weight", "query.kernel"),
    ("key.weight", "key.kernel"),
    ("value.weight", "value.kernel"),
    (".", "/"),
)
Outputs = Callable[[Any], Mapping[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("vocabulary", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tensorflow", required=True, help="an interpreter with TensorFlow")
    args = parser.parse_args()
    root = args.out / "reference"
    root.mkdir(parents=True, exist_ok=True)
    for old in root.glob("*/"):
        shutil.rmtree(old)
    vocabulary = cut_vocabulary(args.vocabulary)
    make_hugging_face(root, vocabulary)
    make_sentence_transformers(root / "st_embedder_2x32", vocabulary)
    make_tensorflow1(root, vocabulary, args.tensorflow)


def cut_vocabulary(path: Path) -> list[str]:
    """The pieces that the texts need and single characters, then the first whole words."""
    pieces = path.read_text(encoding="utf-8").split("\n")[:-1]
    tokenizer = BertTokenizerFast(vocab={piece: index for index, piece in enumerate(pieces)})
    flat = [text for case in TEXTS for text in ([case] if isinstance(case, str) else case)]
    wanted = {token for text in flat for token in tokenizer.tokenize(text)}
    wanted |= {p for p in pieces if len(p.removeprefix("##")) == 1 and p.isascii()}
    for piece in pieces:
        if len(wanted) + len(SPECIAL) >= PIECES:
            break
        if not piece.startswith("["):
            wanted.add(piece)
    return [*SPECIAL, *(piece for piece in pieces if piece in wanted)]


def make_hugging_face(root: Path, vocabulary: list[str]) -> None:
    model = build("BertForSequenceClassification", seed=1, labels="negative neutral positive")
    folder = hugging_face_folder(root / "hf_classifier_2x32", model, vocabulary, logits)
    save_safetensors(model.state_dict(), folder)

    model = build("BertForSequenceClassification", seed=2, labels="anger joy fear surprise").half()
    model.config.problem_type = "multi_label_classification"
    half = model.state_dict()
    folder = root / "hf_multi_label_2x32_float16"
    hugging_face_folder(folder, model.float(), vocabulary, logits)
    save_safetensors(half, folder)

    model = build("BertForTokenClassification", seed=3, labels="O B-PER I-PER B-LOC I-LOC")
    folder = hugging_face_folder(root / "hf_tagger_2x32", model, vocabulary, logits)
    save_safetensors(model.state_dict(), folder)

    model = build("BertForQuestionAnswering", seed=4)
    folder = hugging_face_folder(root / "hf_answerer_2x32_2019", model, vocabulary, spans)
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in model.state_dict().items()
    }
    torch.save(old, folder / "pytorch_model.bin", _use_new_zipfile_serialization=False)

    model = build("BertForPreTraining", seed=5)
    folder = hugging_face_folder(root / "hf_pretraining_2x32", model, vocabulary, pretraining)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")


def make_sentence_transformers(folder: Path, vocabulary: list[str]) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

    with tempfile.TemporaryDirectory() as scratch:
        build("BertModel", seed=6).save_pretrained(scratch)
        write_tokenizer(Path(scratch), vocabulary)
        transformer = Transformer(scratch, max_seq_length=64)
        model = SentenceTransformer(
            modules=[transformer, Pooling(WIDTH, "mean"), Normalize()], device="cpu"
        )
        model.save(str(folder), create_model_card=False)
        write_tokenizer(folder, vocabulary)
        config = json.loads((folder / "sentence_bert_config.json").read_text())
        write_json(folder / "sentence_bert_config.json", {**config, "max_seq_length": 64})
        tokenizer = load_tokenizer(folder)
        cases = []
        for text in TEXTS:
            if isinstance(text, str):
                ids = tokenizer(text)["input_ids"]
                vector = model.encode(text, normalize_embeddings=False)
                cases.append({"text": text, "ids": ids, "embedding": rounded(vector)})
    write_expected(folder, cases, "erf GELU, sentence-transformers mean pooling, normalised")


def make_tensorflow1(root: Path, vocabulary: list[str], python: str) -> None:
    """The same weights as a Hugging Face model would have, under Google's names."""
    model = build("BertForPreTraining", seed=5, hidden_act="gelu_new")
    folder = root / "tf1_uncased_L-2_H-32_A-2"
    tensorflow1_folder(folder, model, vocabulary, pretraining, python, "bert_model.ckpt")

    model = build(
        "BertForSequenceClassification", seed=7, hidden_act="gelu_new", labels="no maybe yes"
    )
    folder = root / "tf1_classifier_2x32"
    tensorflow1_folder(folder, model, vocabulary, logits, python, "model.ckpt-40", trained=True)
    (folder / "labels.txt").write_text("no\nmaybe\nyes\n")
    (folder / "checkpoint").write_text(
        'model_checkpoint_path: "/tmp/output/model.ckpt-40"\n'
        'all_model_checkpoint_paths: "/tmp/output/model.ckpt-40"\n'
    )
    model = build("BertForQuestionAnswering", seed=8, hidden_act="gelu_new")
    folder = root / "tf1_answerer_2x32"
    tensorflow1_folder(folder, model, vocabulary, spans, python, "model.ckpt-20", trained=True)


def build(architecture: str, seed: int, labels: str = "", **settings: Any) -> Any:
    """A model whose every tensor is random, norms and biases too."""
    names = labels.split()
    config = BertConfig(
        vocab_size=PIECES,
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=4 * WIDTH,
        max_position_embeddings=POSITIONS,
        initializer_range=0.06,
        architectures=[architecture],
        **({"id2label": dict(enumerate(names))} if names else {}),
        **settings,
    )
    model = getattr(transformers, architecture)._from_config(config, attn_implementation="eager")
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            centre = 1.0 if "LayerNorm.weight" in name else 0.0
            tensor.copy_(centre + 0.12 * torch.randn(tensor.shape, generator=generator))
    return model.eval()


def hugging_face_folder(folder: Path, model: Any, vocabulary: list[str], outputs: Outputs) -> Path:
    folder.mkdir()
    write_json(folder / "config.json", model.config.to_dict())
    write_tokenizer(folder, vocabulary)
    write_expected(folder, list(run(model, folder, outputs)), "erf GELU")
    return folder


def tensorflow1_folder(
    folder: Path,
    model: Any,
    vocabulary: list[str],
    outputs: Outputs,
    python: str,
    prefix: str,
    *,
    trained: bool = False,
) -> None:
    """A folder as Google's; `trained` adds what training leaves in a checkpoint."""
    folder.mkdir()
    names = "vocab_size hidden_size num_hidden_layers num_attention_heads intermediate_size "
    names += "max_position_embeddings type_vocab_size initializer_range"
    config = {name: getattr(model.config, name) for name in names.split()}
    write_json(folder / "bert_config.json", {**config, "hidden_act": "gelu"})
    write_tokenizer(folder, vocabulary)
    write_expected(folder, list(run(model, folder, outputs)), "tanh GELU, as google-research/bert")
    (folder / "tokenizer_config.json").unlink()
    variables = dict(tensorflow1_variables(model.state_dict()))
    if trained:
        slots = {n: v for n, v in variables.items() if n.endswith(("output_bias", "gamma"))}
        for slot in ("adam_m", "adam_v"):
            variables |= {f"{name}/{slot}": np.abs(value) for name, value in slots.items()}
        variables["global_step"] = np.int64(40)
    with tempfile.TemporaryDirectory() as scratch:
        arrays = Path(scratch) / "variables.npz"
        np.savez(arrays, **variables)
        script = Path(__file__).with_name("write_tensorflow1_checkpoint.py")
        subprocess.run([python, script, arrays, (folder / prefix).resolve()], check=True)


def tensorflow1_variables(state: Mapping[str, Any]) -> Iterable[tuple[str, np.ndarray]]:
    for name, tensor in state.items():
        if "decoder" in name or "position_ids" in name:
            continue
        for ours, google in TF1_NAMES:
            name = name.replace(ours, google)
        array = tensor.numpy()
        yield name, array.T if name.endswith("kernel") else array


def run(model: Any, folder: Path, outputs: Outputs) -> Iterable[dict[str, Any]]:
    tokenizer = load_tokenizer(folder)
    for text in TEXTS:
        pair = (text,) if isinstance(text, str) else text
        encoded = tokenizer(*pair, return_tensors="pt")
        with torch.no_grad():
            result = model(**encoded, output_hidden_states=True)
        yield {
            "text": text,
            "ids": encoded["input_ids"][0].tolist(),
            "type_ids": encoded["token_type_ids"][0].tolist(),
            **{name: rounded(value) for name, value in outputs(result).items()},
        }


def logits(result: Any) -> Mapping[str, Any]:
    return {"logits": result.logits[0]}


def spans(result: Any) -> Mapping[str, Any]:
    return {"start_logits": result.start_logits[0], "end_logits": result.end_logits[0]}


def pretraining(result: Any) -> Mapping[str, Any]:
    words = result.prediction_logits[0]
    return {
        "cls_hidden": result.hidden_states[-1][0, 0],
        "nsp_logits": result.seq_relationship_logits[0],
        "mlm_argmax": words.argmax(-1),
        "mlm_first": words[0, :16],
    }


def rounded(values: Any) -> Any:
    return np.round(np.asarray(values, np.float64), 7).tolist()


def save_safetensors(state: Mapping[str, Any], folder: Path) -> None:
    tensors = {name: tensor.contiguous() for name, tensor in state.items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def write_tokenizer(folder: Path, vocabulary: list[str]) -> None:
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    (folder / "tokenizer.json").unlink(missing_ok=True)
    config = {"do_lower_case": True, "tokenizer_class": "BertTokenizer", "model_max_length": 128}
    write_json(folder / "tokenizer_config.json", config)


def load_tokenizer(folder: Path) -> Any:
    pieces = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
    return BertTokenizerFast(vocab={piece: index for index, piece in enumerate(pieces)})


def write_expected(folder: Path, cases: list[dict[str, Any]], note: str) -> None:
    made = f"transformers {transformers.__version__}, torch {torch.__version__}, float32, {note}"
    write_json(folder / "expected.json", {"made_with": made, "cases": cases}, indent=None)


def write_json(path: Path, value: object, indent: int | None = 2) -> None:
    text = json.dumps(value, indent=indent, sort_keys=indent is not None, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
