"""The table of targets: every reader of outside bytes, with the files around an input and seeds."""

from __future__ import annotations

import contextlib
import shutil
import struct
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgebert.benchmarking.job import BenchmarkJob
from edgebert.benchmarking.pick import Limits, pick
from edgebert.benchmarking.report.html import to_html
from edgebert.benchmarking.result import read_report
from edgebert.bulk.resumable import resumable
from edgebert.checkpoints.archive import ArchiveLimits, unpacked
from edgebert.checkpoints.folder import open_folder
from edgebert.checkpoints.labels import read_labels
from edgebert.checkpoints.safetensors_file import read_safetensors
from edgebert.checkpoints.sorted_table import masked_crc32c
from edgebert.checkpoints.tensor_bundle import TensorBundle
from edgebert.checkpoints.torch_pickle import read_torch_pickle
from edgebert.evaluation.data import open_data
from edgebert.evaluation.texts import open_texts, read_texts
from edgebert.model_file.contents import read_contents
from edgebert.model_file.names import RECORD_FILE, UNIGRAM_FILE, VOCABULARY_FILE
from edgebert.model_file.read import read_model_file
from edgebert.runtime.taught_file import read_taught, sealed
from edgebert.semantic_search.index_file import read_index
from edgebert.train.distillation.teacher_scores import TeacherScores
from edgebert.train.run_json import read_metrics
from edgebert.train.state import TrainerState, read_state, write_state
from tests.checkpoints import toy
from tests.fuzz import hostile, seeds
from tests.fuzz.target import Target

_TEXT = "A card [MASK] lost, 東京 ﬁ"
_TAUGHT = (
    b'{"model":"0badcafe","width":3,"labels":{"a":{"texts":2,"scale":0.1,"vector":"AQID"}},'
    b'"undo":{"a":null},"format":2'
)
_WEIGHTS = "model.safetensors"
_LIMITS = ArchiveLimits(total_bytes=8 << 20, free_bytes=1 << 20, members=1000)


def _model(path: Path) -> None:
    """All that `load` and `inspect` read before an engine does."""
    read_model_file(path).tokenizer().encode(_TEXT)
    read_contents(path)


def _taught(path: Path) -> None:
    """A side file, and the vectors in it."""
    for label in read_taught(path, "0badcafe", 3).labels.values():
        label.mean()


def _folder_of(depth: int) -> Callable[[Path], Any]:
    """Opens the folder in which an input lies so many folders deep."""
    return lambda path: open_folder(path.parents[depth - 1])


def _tensors(read: Callable[[Path], Mapping[str, Any]]) -> Callable[[Path], Any]:
    """Reads every tensor; a refusal of one does not keep the others from being read."""

    def all_of(path: Path) -> None:
        tensors = read(path)
        refusals = [error for error in map(partial(_refusal, tensors), tensors) if error]
        if refusals:
            raise max(refusals, key=lambda error: len(str(error)))

    return all_of


def _refusal(tensors: Mapping[str, Any], name: str) -> Exception | None:
    from edgebert.errors import EdgebertError

    try:
        tensors[name].sum()
    except EdgebertError as error:
        return error
    return None


def _table_of(block: bytes) -> bytes:
    """A sorted table with one block of data, its checksums right."""

    def sealed(data: bytes) -> bytes:
        data += b"\0"
        return data + masked_crc32c(memoryview(data)).to_bytes(4, "little")

    place = b"\0" + _varint(len(block))
    rows = bytes([0, 1, len(place)]) + b"z" + place + struct.pack("<2L", 0, 1)
    first, second = sealed(block), sealed(rows)
    footer = b"\0\0" + _varint(len(first)) + _varint(len(rows))
    magic = 0xDB4775248B80FB57.to_bytes(8, "little")
    return first + second + footer.ljust(40, b"\0") + magic


def _varint(number: int) -> bytes:
    found = b""
    while number >= 0x80:
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])


def _block() -> bytes:
    """The data block of an index with one tensor of the data file beside it."""
    data = memoryview(b"\0" * 16)
    crc = masked_crc32c(data).to_bytes(4, "little")
    shape = b"\x12\x08\x12\x02\x08\x02\x12\x02\x08\x02"
    value = b"\x08\x01" + shape + b"\x28\x10" + b"\x35" + crc
    rows = [(b"", b"\x08\x01\x1a\x02\x08\x01"), (b"a", value)]
    text = b"".join(bytes([0, len(key), len(item)]) + key + item for key, item in rows)
    return text + struct.pack("<2L", 0, 1)


def _unpack(path: Path) -> None:
    with unpacked(path, limits=_LIMITS) as folder:
        for file in folder.rglob("*"):
            file.is_file() and file.read_bytes()


def _examples(*tasks: str, multi_label: bool = False) -> Callable[[Path], Any]:
    """Reads a data set as models of a task are judged on it, and its texts as `run` reads them."""

    def read(path: Path) -> None:
        for task in tasks:
            for _ in open_data(path, task, multi_label=multi_label).read():
                pass

    return read


def _texts(path: Path) -> None:
    with open_texts(path) as file:
        for _ in read_texts(path, file):
            pass


def _take_up(path: Path) -> None:
    """Goes on with an unfinished answer file."""
    output = path.with_suffix("")
    output.write_bytes(b"a line\n")
    with contextlib.ExitStack() as stack:
        stack.enter_context(resumable(output, seeds.MADE_OF)).write("one more")
    shutil.rmtree(output, ignore_errors=True)


def _scores(path: Path) -> None:
    path.with_suffix(".f32").write_bytes(bytes(32))
    TeacherScores(path.with_suffix(".f32"), 4, seeds.MADE_OF).rows()


def _report(path: Path) -> None:
    report = read_report(path)
    pick(report, Limits(max_ms=20, min_accuracy=0.5)).to_json()
    to_html(report)


def _job(path: Path) -> None:
    BenchmarkJob.from_json(path.read_bytes())


def _state() -> list[bytes]:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "state"
        write_state(path, TrainerState(step=3), toy.tensors())
        return [path.read_bytes()]


def _with_json(*good: bytes) -> Callable[[], list[bytes]]:
    return lambda: [*good, *hostile.json_file(lambda: list(good))]


def _in_toy(file: str, value: Any) -> Target:
    """A JSON file of the toy's folder."""
    good = seeds.json_bytes(value)
    name = file.removesuffix(".json").replace("_", "-").replace(".", "-")
    return Target(name, f"toy/{file}", _folder_of(1), _with_json(good), lambda: _toy(file))


def _toy(without: str) -> dict[str, bytes]:
    return {f"toy/{name}": data for name, data in toy.files().items() if name != without}


def _in(folder: str, file: str, files: Callable[[], Mapping[str, bytes]], *more: bytes) -> Target:
    """A file of another folder; JSON by its name."""
    name = f"{folder}-{file.removesuffix('.json').replace('_', '-').replace('/', '-').lower()}"

    def good() -> list[bytes]:
        found = [files()[file], *more]
        return [*found, *hostile.json_file(lambda: found)] if file.endswith(".json") else found

    depth = file.count("/") + 1
    around = lambda: {f"{folder}/{n}": data for n, data in files().items() if n != file}  # noqa: E731
    return Target(name, f"{folder}/{file}", _folder_of(depth), good, around)


_ROWS = b'text,label\n"a, b",0\nc,1\n'
_JSONL = b'{"text": "a", "label": 0}\n{"text": "b", "label": 1.5}\n'
_PAIRS = b"sentence1\tsentence2\tscore\na\tb\t1.5\nc\td\t0\n"
_QUERIES = b'{"query": "a", "positive": "b"}\n{"query": "c", "positive": "d"}\n'
_CONLL = b"-DOCSTART- O\n\nAnna B-PER\nlives O\nin O\nBerlin B-LOC\n\nYes O\n"

_ALL = (
    Target("model-file", "x.tflite", _model, lambda: [seeds.model(), seeds.model("unigram")]),
    Target("model-graph", "x.tflite", read_contents, lambda: [seeds.parts()[0]]),
    Target(
        *("model-record", "x.tflite", _model, lambda: [*seeds.record(), *_hostile_record()]),
        wrap=lambda data: seeds.with_part(RECORD_FILE)(data),
    ),
    Target(
        *(
            "model-vocabulary",
            "x.tflite",
            _model,
            lambda: [*seeds.vocabularies(), *hostile.vocabularies()],
        ),
        wrap=lambda data: seeds.with_part(VOCABULARY_FILE)(data),
    ),
    Target(
        *(
            "model-unigram",
            "x.tflite",
            _model,
            lambda: [*seeds.unigram_texts(), *hostile.json_file(seeds.unigram_texts)],
        ),
        wrap=lambda data: seeds.with_part(UNIGRAM_FILE, "unigram")(data),
    ),
    Target(
        *("safetensors", _WEIGHTS, _tensors(read_safetensors)),
        lambda: [toy.files()[_WEIGHTS], *hostile.safetensors_file()],
    ),
    Target(
        *("torch-pickle", "pytorch_model.bin", _tensors(read_torch_pickle)),
        lambda: [*seeds.torch_pickles(), *hostile.pickles()],
        wrap=seeds.torch_zip,
    ),
    Target(
        *("torch-zip", "pytorch_model.bin", _tensors(read_torch_pickle)),
        lambda: [seeds.torch_zip(seeds.torch_pickles()[0]), *hostile.zips()],
    ),
    Target(
        *("torch-legacy", "pytorch_model.bin", _tensors(read_torch_pickle)),
        lambda: [*seeds.torch_legacy(), *hostile.pickles()],
    ),
    Target(
        *("bundle-index", "x.index", _tensors(TensorBundle)),
        lambda: [
            _table_of(_block()),
            *(p.read_bytes() for p in sorted(seeds.BUNDLE.glob("*.index"))),
        ],
        lambda: {"x.data-00000-of-00001": bytes(16)},
    ),
    Target(
        *("bundle-entries", "x.index", _tensors(TensorBundle)),
        lambda: [_block(), *hostile.bundle_entries()],
        lambda: {"x.data-00000-of-00001": bytes(16)},
        _table_of,
    ),
    Target(
        *(
            "bundle-data",
            "x.data-00000-of-00001",
            lambda path: _tensors(TensorBundle)(path.with_name("x.index")),
        ),
        lambda: [bytes(16)],
        lambda: {"x.index": _table_of(_block())},
    ),
    Target(
        *("vocabulary", "toy/vocab.txt", _folder_of(1)),
        lambda: [toy.files()["vocab.txt"], *hostile.vocabularies()],
        lambda: _toy("vocab.txt"),
    ),
    _in_toy("config.json", toy.CONFIG),
    Target(
        *("classifier-config", "toy/config.json", _folder_of(1)),
        _with_json(
            seeds.json_bytes(
                {
                    **toy.CONFIG,
                    "id2label": {"0": "no", "1": "yes"},
                    "problem_type": None,
                    "auto_map": {},
                }
            )
        ),
        lambda: _toy("config.json"),
    ),
    _in_toy("tokenizer.json", seeds.word_pieces()),
    _in_toy("tokenizer_config.json", seeds.TOKENIZER_CONFIG),
    _in_toy("special_tokens_map.json", seeds.SPECIAL_TOKENS),
    _in_toy("added_tokens.json", {"[MASK]": 4}),
    _in_toy("quantization.json", seeds.LEARNED),
    Target(
        *("weights-index", f"toy/{_WEIGHTS}.index.json", _folder_of(1)),
        _with_json(
            seeds.json_bytes({"weight_map": dict.fromkeys(toy.tensors(), "part.safetensors")})
        ),
        lambda: {**_toy(_WEIGHTS), "toy/part.safetensors": toy.files()[_WEIGHTS]},
    ),
    Target(
        "unigram",
        "albert/tokenizer.json",
        _folder_of(1),
        lambda: [
            seeds.albert()["tokenizer.json"],
            seeds.json_bytes(seeds.unigram()),
            *hostile.json_file(lambda: [seeds.json_bytes(seeds.unigram())]),
        ],
        lambda: {
            f"albert/{n}": data for n, data in seeds.albert().items() if n != "tokenizer.json"
        },
    ),
    Target(
        *("charsmap", "albert/tokenizer.json", _folder_of(1)),
        lambda: [seeds.charsmap(), *hostile.charsmaps()],
        lambda: {
            f"albert/{n}": data for n, data in seeds.albert().items() if n != "tokenizer.json"
        },
        seeds.charsmap_file,
    ),
    _in("embedder", "modules.json", seeds.embedder),
    _in("embedder", "sentence_bert_config.json", seeds.embedder),
    _in(
        "embedder",
        "config_sentence_transformers.json",
        seeds.embedder,
        b'{"prompts": {"query": "query: "}, "default_prompt_name": "query"}',
    ),
    _in(
        "embedder",
        "1_Pooling/config.json",
        seeds.embedder,
        b'{"word_embedding_dimension": 4, "pooling_mode_cls_token": true}',
    ),
    _in("tensorflow1", "bert_config.json", seeds.tensorflow1),
    _in("tensorflow1", "checkpoint", seeds.tensorflow1),
    _in("tensorflow1", "labels.txt", seeds.tensorflow1),
    Target(
        "labels", "labels.txt", read_labels, lambda: [b"no\nmaybe\nyes\n", *hostile.vocabularies()]
    ),
    Target("search-index", "x.index", read_index, lambda: [seeds.index(), *hostile.index_files()]),
    Target("taught-file", "x.taught", _taught, lambda: [sealed(_TAUGHT)]),
    Target("taught-labels", "x.taught", _taught, lambda: [_TAUGHT], wrap=sealed),
    Target("rows-csv", "x.csv", _examples("classify"), lambda: [_ROWS, *hostile.tables()]),
    Target(
        "rows-several-labels",
        "x.jsonl",
        _examples("classify", multi_label=True),
        lambda: [_JSONL, b'{"text": "a", "label": ["x", "y"]}', *hostile.tables()],
    ),
    Target(
        "rows-jsonl",
        "x.jsonl",
        _examples("classify", "regress"),
        lambda: [_JSONL, *hostile.tables()],
    ),
    Target(
        "rows-json",
        "x.json",
        _examples("classify"),
        lambda: [b'[{"text": "a", "label": "x"},\n {"text": "b", "label": 2}]', *hostile.tables()],
    ),
    Target("pairs-tsv", "x.tsv", _examples("embed"), lambda: [_PAIRS, _QUERIES, *hostile.tables()]),
    Target(
        "rows-any",
        "x.data",
        _examples("embed"),
        lambda: [_QUERIES, _PAIRS, _ROWS, *hostile.tables()],
    ),
    Target("conll", "x.conll", _examples("tag"), lambda: [_CONLL, *hostile.conll()]),
    Target("squad", "x.json", _examples("answer"), _with_json(seeds.json_bytes(seeds.SQUAD))),
    Target("lines", "x.txt", _examples("fill-mask"), lambda: [b"one\ntwo\n", *hostile.tables()]),
    Target(
        "texts-jsonl",
        "x.jsonl",
        _texts,
        lambda: [b'{"text": "a", "pair": "b"}\n', *hostile.tables()],
    ),
    Target("texts-csv", "x.csv", _texts, lambda: [b"text,pair\na,b\n", *hostile.tables()]),
    Target(
        "archive-zip",
        "x.zip",
        _unpack,
        lambda: [seeds.zip_file(seeds.small_folder()), *hostile.zips()],
    ),
    Target(
        "archive-tar",
        "x.tar",
        _unpack,
        lambda: [seeds.tar_file(seeds.small_folder()), *hostile.tars()],
    ),
    Target(
        "archive-tar-gz",
        "x.tar.gz",
        _unpack,
        lambda: [
            seeds.tar_file(seeds.small_folder(), "w:gz"),
            seeds.tar_file({"bomb": bytes(9 << 20)}, "w:gz"),
        ],
    ),
    Target(
        "answer-progress",
        "x.jsonl.progress",
        _take_up,
        _with_json(
            seeds.json_bytes({"made_of": seeds.MADE_OF, "lines": 1, "bytes": 7, "truncated": 0})
        ),
    ),
    Target("scores", "scores.json", _scores, _with_json(seeds.json_bytes(seeds.MADE_OF))),
    Target(
        "benchmark-report",
        "report.json",
        _report,
        lambda: [seeds.report(), *hostile.json_file(lambda: [seeds.report()])[:20]],
    ),
    Target("benchmark-job", "job.json", _job, _with_json(seeds.job())),
    Target(
        "run-metrics",
        "metrics.jsonl",
        read_metrics,
        lambda: [b'{"step": 1, "loss": 0.5}\n', *hostile.tables()],
    ),
    Target(
        "run-state",
        "state.safetensors",
        read_state,
        lambda: [*_state(), *hostile.safetensors_file()],
    ),
)


def _hostile_record() -> list[bytes]:
    return hostile.json_file(lambda: seeds.record()[:1])


TARGETS: Mapping[str, Target] = MappingProxyType({target.name: target for target in _ALL})
"""By name."""

READERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "tflite": (
            "model-file",
            "model-graph",
            "model-record",
            "model-vocabulary",
            "model-unigram",
        ),
        "safetensors": ("safetensors", "weights-index"),
        "pickle": ("torch-pickle", "torch-zip", "torch-legacy"),
        "tensorflow1": (
            *("bundle-index", "bundle-entries", "bundle-data"),
            *("tensorflow1-bert-config", "tensorflow1-checkpoint", "tensorflow1-labels.txt"),
        ),
        "vocabulary": ("vocabulary", "special-tokens-map", "added-tokens"),
        "tokenizer": ("tokenizer", "tokenizer-config", "unigram", "charsmap"),
        "config": ("config", "classifier-config", "quantization"),
        "sentence-transformers": (
            *("embedder-modules", "embedder-sentence-bert-config"),
            *("embedder-config-sentence-transformers", "embedder-1-pooling-config"),
        ),
        "index-and-labels": ("search-index", "labels", "taught-file", "taught-labels"),
        "data": (
            *(
                "rows-csv",
                "rows-several-labels",
                "rows-jsonl",
                "rows-json",
                "pairs-tsv",
                "rows-any",
                "conll",
            ),
            *("squad", "lines", "texts-jsonl", "texts-csv"),
        ),
        "archive": ("archive-zip", "archive-tar", "archive-tar-gz"),
        "progress-and-reports": (
            *("answer-progress", "scores", "benchmark-report", "benchmark-job"),
            *("run-metrics", "run-state"),
        ),
    }
)
"""Targets by what they read; `make fuzz` gives each reader its time, which its targets share."""
