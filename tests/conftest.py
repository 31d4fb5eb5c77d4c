"""Files that many tests read: one small converted model a task, made once.

Two variables let the tests of the runtime pass where nothing can be converted: with
EDGEBERT_TEST_MODELS, a folder, files are kept there and taken from there; with
EDGEBERT_TEST_RUNTIME=tflite-runtime they are files for that engine. `make test-tflite-runtime`
uses both.
"""

import json
import os
import signal
from pathlib import Path

import pytest

import edgebert
from edgebert.model_file.names import RECORD_FILE
from edgebert.model_file.stored_zip import archive_bytes, read_archive

REFERENCE = Path(__file__).parent / "data" / "reference"
SOURCES = {
    "embed": "st_embedder_2x32",
    "classify": "hf_classifier_2x32",
    "multi-label": "hf_multi_label_2x32_float16",
    "tag": "hf_tagger_2x32",
    "answer": "tf1_answerer_2x32",
    "fill-mask": "tf1_uncased_L-2_H-32_A-2",
}

# A shell starts what it puts in the background with SIGINT ignored, and what tests start inherits
# that: then Ctrl-C would do nothing.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


RUNTIME = os.environ.get("EDGEBERT_TEST_RUNTIME", "litert")


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    """Gives the path of a file; at the first call `make(path)` makes it."""
    given = os.environ.get("EDGEBERT_TEST_MODELS")
    folder = Path(given) if given else tmp_path_factory.mktemp("converted")

    def path_of(name, make):
        path = folder / f"{name}.tflite"
        if not path.exists():
            pytest.importorskip("ai_edge_litert", reason="files are made with ai-edge-litert")
            make(path)
        return path

    return path_of


@pytest.fixture(scope="session")
def converted(kept):
    """Gives the path of a converted reference checkpoint."""

    def path_of(name, **options):
        words = [name, *(f"{k}-{v}" for k, v in options.items())]
        options = {"runtime": RUNTIME, **options}
        return kept(
            "_".join(words),
            lambda path: edgebert.convert(REFERENCE / SOURCES[name], path, **options),
        )

    return path_of


@pytest.fixture
def classifier(converted):
    """An int8 classifier with three labels."""
    return converted("classify")


@pytest.fixture
def without_checksum(classifier, tmp_path):
    """The classifier as a version wrote it that knew no checksums."""
    with classifier.open("rb") as file:
        start, files = read_archive(file, 1 << 26)
    record = json.loads(files[RECORD_FILE])
    record.pop("graph_crc32c")
    files[RECORD_FILE] = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    path = tmp_path / "older.tflite"
    path.write_bytes(classifier.read_bytes()[:start] + archive_bytes(files, start))
    return path


@pytest.fixture
def embedder(converted):
    """An int8 sentence embedder."""
    return converted("embed")


@pytest.fixture
def ssh_server(tmp_path):
    """An ssh server on this machine; tests skip where `missing()` says that there is none."""
    from tests.benchmarking.devices.ssh_server import SshServer

    folder = tmp_path / "server"
    folder.mkdir()
    running = SshServer(folder)
    yield running
    running.stop()
