"""Inputs to begin with: small good files of every kind, made by code or taken from tests/data."""

from __future__ import annotations

import base64
import io
import json
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import edgebert
from edgebert.benchmarking.job import BenchmarkJob, JobModel
from edgebert.model_file.names import RECORD_FILE, UNIGRAM_FILE, VOCABULARY_FILE
from edgebert.model_file.stored_zip import archive_bytes, read_archive
from edgebert.semantic_search.corpus import Place
from edgebert.semantic_search.index_file import Header, write_index
from tests.checkpoints import test_torch_pickle as pickles
from tests.checkpoints import toy
from tests.checkpoints.folders import DATA, EMBEDDER, ROOTS, TF1_CLASSIFIER
from tests.tokenizer import unigrams

REFERENCE = ROOTS[0]
BUNDLE = DATA / "bundles"
REPORT = DATA / "benchmark" / "report.json"
MADE_OF = {"the input": "x", "the model": "y"}


def json_bytes(value: Any) -> bytes:
    """A value as it lies in a file."""
    return json.dumps(value).encode()


def folder(path: Path, *without: str) -> dict[str, bytes]:
    """The files of a folder by their paths in it."""
    files = {p.relative_to(path).as_posix(): p.read_bytes() for p in path.rglob("*") if p.is_file()}
    return {name: data for name, data in files.items() if name not in without}


@cache
def embedder() -> dict[str, bytes]:
    """A sentence-transformers folder with the weights of the toy."""
    files = folder(REFERENCE / EMBEDDER, "expected.json")
    pooling = {"embedding_dimension": 4, "pooling_mode": "mean"}
    return {**files, **toy.files(), "1_Pooling/config.json": json_bytes(pooling)}


@cache
def tensorflow1() -> dict[str, bytes]:
    """A folder as run_classifier.py leaves it."""
    return folder(REFERENCE / TF1_CLASSIFIER, "expected.json")


def albert() -> dict[str, bytes]:
    """A folder with a unigram tokenizer."""
    return folder(DATA / "families" / "albert_2x32", "expected.json")


def word_pieces() -> dict[str, Any]:
    """A `tokenizer.json` of the toy."""
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    special = {"special": True, **flags}
    first, second = ({"Sequence": {"id": name, "type_id": at}} for at, name in enumerate("AB"))
    start, end = ({"SpecialToken": {"id": name, "type_id": 0}} for name in ("[CLS]", "[SEP]"))
    last = {"SpecialToken": {"id": "[SEP]", "type_id": 1}}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": at, "content": piece, **special} for at, piece in enumerate(toy.VOCABULARY[:5])
        ],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [start, first, end],
            "pair": [start, first, end, second, last],
            "special_tokens": {
                name: {"id": name, "ids": [toy.VOCABULARY.index(name)], "tokens": [name]}
                for name in ("[CLS]", "[SEP]")
            },
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {piece: at for at, piece in enumerate(toy.VOCABULARY)},
        },
    }


TOKENIZER_CONFIG = {
    "do_lower_case": True,
    "model_max_length": 6,
    "tokenizer_class": "BertTokenizer",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "mask_token": "[MASK]",
    "strip_accents": None,
    "tokenize_chinese_chars": True,
    "truncation_side": "right",
    "model_input_names": ["input_ids", "token_type_ids", "attention_mask"],
    "added_tokens_decoder": {
        "4": {"content": "[MASK]", "lstrip": False, "normalized": False, "special": True}
    },
}
SPECIAL_TOKENS = {
    "cls_token": "[CLS]",
    "mask_token": {"content": "[MASK]", "lstrip": False, "normalized": False},
    "additional_special_tokens": [],
}
LEARNED = {
    "format": 2,
    "weights": "sha256 0",
    "scales": {"mask": 1.0, "rows": {"a": 1.0}, "channels": {"a": [1.0, 2.0, 1.0, 1.0]}},
    "ranges": {"a": [-1.0, 1.0]},
    "length": 6,
    "texts": 10,
    "tokens": 100,
}


def unigram() -> dict[str, Any]:
    """A `tokenizer.json` of the ALBERT folder, every kind of step in its normaliser."""
    value: dict[str, Any] = json.loads(albert()["tokenizer.json"])
    mapped = {"type": "Precompiled", "precompiled_charsmap": unigrams.charsmap({"a": "b"})}
    value["normalizer"]["normalizers"] += [mapped, unigrams.JOIN_SPACES, {"type": "Nmt"}]
    return value


def charsmap_file(data: bytes) -> bytes:
    """The `tokenizer.json` of ALBERT with these bytes as its character map."""
    value = unigram()
    text = base64.b64encode(data).decode()
    value["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": text}
    return json_bytes(value)


def charsmap() -> bytes:
    """The bytes of a character map."""
    return base64.b64decode(unigrams.charsmap({"a": "b", "é": "e", "ﬁ": "fi", "ab": ""}))


@cache
def model(kind: str = "wordpiece") -> bytes:
    """A converted file, the smallest there is."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "model.tflite"
        source = Path(name) / "source"
        for file, data in {"wordpiece": toy.files, "unigram": albert}[kind]().items():
            source.mkdir(exist_ok=True)
            (source / file).write_bytes(data)
        edgebert.convert(source, path, task="encode", quantize="float32")
        return path.read_bytes()


@cache
def parts(kind: str = "wordpiece") -> tuple[bytes, dict[str, bytes]]:
    """The graph of a converted file, and the files behind it."""
    whole = model(kind)
    start, files = read_archive(io.BytesIO(whole), len(whole))
    return whole[:start], files


def part(name: str, kind: str = "wordpiece") -> bytes:
    """One of the files behind a graph."""
    return parts(kind)[1][name]


def with_part(name: str, kind: str = "wordpiece") -> Callable[[bytes], bytes]:
    """Makes a converted file in which one of the files behind the graph is another."""

    def wrap(data: bytes) -> bytes:
        graph, files = parts(kind)
        return graph + archive_bytes({**files, name: data}, len(graph))

    return wrap


def record() -> list[bytes]:
    """Records of files with word pieces and with unigrams, and one with all there may be."""
    plain = json.loads(part(RECORD_FILE))
    plain.pop("graph_crc32c", None)
    full = {**plain, "prompts": {"query": "query: "}, "default_prompt": "query", "format": 3}
    return [json_bytes(plain), part(RECORD_FILE), part(RECORD_FILE, "unigram"), json_bytes(full)]


def vocabularies() -> list[bytes]:
    """The word pieces behind a graph."""
    return [part(VOCABULARY_FILE)]


def unigram_texts() -> list[bytes]:
    """The unigram tokenizer behind a graph."""
    return [part(UNIGRAM_FILE, "unigram")]


def zip_file(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return target.getvalue()


def tar_file(files: Mapping[str, bytes], mode: str = "w") -> bytes:
    """A tar, `mode` "w:gz" for a compressed one."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return target.getvalue()


def small_folder() -> dict[str, bytes]:
    """What lies in the archives."""
    return {"toy/config.json": b"{}", "toy/vocab.txt": b"a\nb\n" * 100, "__MACOSX/x": b"y"}


def torch_zip(code: bytes) -> bytes:
    """A file of torch.save with this pickle in it."""
    files = {"model/data.pkl": code, "model/byteorder": b"little", "model/data/0": pickles.BYTES}
    return zip_file(files, zipfile.ZIP_STORED)


def torch_pickles() -> list[bytes]:
    """Pickles of state dicts."""
    return [
        pickles.state_dict(a=pickles.tensor(), epoch=pickles.value(3)),
        pickles.state_dict(a=pickles.tensor(4, (2,), (1,)), b=pickles.tensor(shape=(3, 2))),
    ]


def torch_legacy() -> list[bytes]:
    """A file from before PyTorch 1.6, cut down to its beginning as well."""
    data = (REFERENCE / "hf_answerer_2x32_2019" / "pytorch_model.bin").read_bytes()
    return [data, data[:2000]]


@cache
def index() -> bytes:
    """A search index of three documents."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "index"
        vectors = np.eye(3, 4, dtype=np.float32)
        places = [Place(10 * at, at + 1) for at in range(3)]
        header = Header(4, 3, b"m" * 32, b"c" * 32)
        write_index(path, header, zip(vectors, places, strict=True))
        return path.read_bytes()


def report() -> bytes:
    """A benchmark report of one device with two runs."""
    value = json.loads(REPORT.read_bytes())
    device = value["devices"][0]
    value["devices"] = [{**device, "runs": device["runs"][:2], "ratios": []}]
    return json_bytes(value)


def job() -> bytes:
    """A benchmark job."""
    return json_bytes(BenchmarkJob((JobModel("x.tflite", "0" * 64, "x"),)).to_json())


SQUAD = {
    "data": [
        {
            "paragraphs": [
                {
                    "context": "My card was lost in Berlin.",
                    "qas": [
                        {"question": "Where?", "answers": [{"text": "Berlin", "answer_start": 20}]},
                        {"question": "When?", "answers": [], "is_impossible": True},
                    ],
                }
            ]
        }
    ]
}
