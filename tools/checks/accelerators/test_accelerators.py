"""Compilers and interpreters of accelerators on our files: `make test-accelerators`.

Each tool has an environment of its own under build/accelerators; where one cannot be installed, its
tests are skipped with the reason. What was found stands in docs/accelerators.md.
"""

import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

import edgebert
from edgebert.converter.convert_checkpoint import convert_checkpoint
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.data import read_lines
from edgebert.model_file.schema import schema
from edgebert.model_file.serialize import serialize
from edgebert.runtime.fixed_session import padded
from tests import chromium
from tools.fixtures.random_weights import draw_checkpoint

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
BUILD = ROOT / "build/accelerators"
REFERENCE = ROOT / "tests/data/reference"
CLASSIFIER = REFERENCE / "hf_classifier_2x32"
MINILM = "all-minilm-l6-v2"
INTENTS = "intents"
DRAWN = ("2/128", "4/256")
"""Sizes of the catalogue with random weights, since their own are not to be had here."""
LABELS = 64
TEXTS = 50
LENGTH = 32
TEXTS_ON_GPU = 16
"""One in software is slow."""

AUTO = "import edgebert, sys; print(edgebert.load(sys.argv[1], accelerator='auto').accelerator)"

pytestmark = pytest.mark.filterwarnings("ignore::edgebert.errors.CalibrationWarning")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Gives the path of a file, converted once."""

    @functools.cache
    def path_of(source, quantize, target=None):
        path = tmp_path_factory.mktemp("files") / "model.tflite"
        options = {"quantize": quantize, "target": target, "lengths": [LENGTH]}
        if source in DRAWN:
            checkpoint = draw_checkpoint(source, None, labels=LABELS)
            convert_checkpoint(checkpoint, plan(Options(**options), checkpoint), path)
        else:
            edgebert.convert(source, path, **options)
        return path

    return path_of


@functools.cache
def environment(name, *packages):
    """The Python of an environment with some packages."""
    python = BUILD / name / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", BUILD / name], check=True)
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", *packages], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"{name} cannot be installed: {done.stderr.splitlines()[-1]}")
    return python


@functools.cache
def node_modules():
    """The folder in which npm installed LiteRT.js, as it is published."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = BUILD / "web"
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["npm", "install", "--silent", "@litertjs/core"], cwd=folder, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"@litertjs/core cannot be installed: {done.stderr[-200:]}")
    return folder


def inputs_of(path):
    """Texts as the graph of a file takes them."""
    with edgebert.load(path) as model:
        fixed, tokenizer = model.record.fixed_graphs, model.tokenizer
    found = []
    for text in read_lines("sentences.txt")[:TEXTS]:
        ids, segment_ids, _ = tokenizer.encode(text, max_length=LENGTH)
        values = padded(fixed, ids, segment_ids, LENGTH)
        found.append({name: row[0].tolist() for name, row in values.items()})
    return found


def answers_here(path, texts):
    """What LiteRT's interpreter gives, as it stands in the output, and the output's zero point."""
    runner = Interpreter(str(path), num_threads=1).get_signature_runner()
    outputs = [runner(**{n: np.int32([row]) for n, row in text.items()}) for text in texts]
    zero = runner.get_output_details()["output"]["quantization"][1]
    return np.array([output["output"].reshape(-1) for output in outputs], float), zero


def told_by(command, path, texts, tmp_path):
    """What another interpreter makes of texts with a file: its outputs, and all else it tells."""
    (tmp_path / "inputs.json").write_text(json.dumps(texts))
    done = subprocess.run(
        [*command, path, tmp_path / "inputs.json"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    return np.array(told.pop("outputs"), float), told


def cosines(found, expected, zero):
    a, b = found - zero, expected - zero
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


LEFT = {"ethos-u85-512": set(), "ethos-u65-512": {"GATHER"}, "ethos-u55-256": {"GATHER"}}
"""What each Ethos-U leaves to the processor."""


@pytest.mark.parametrize("source", [CLASSIFIER, MINILM], ids=str)
def test_vela_leaves_nothing_but_gather(made, source):
    python = environment("vela", "--editable", f"{ROOT}[ethos-u]")
    done = subprocess.run(
        [python, HERE / "run_vela.py", made(source, "int8-full"), *LEFT],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for told in json.loads(done.stdout):
        print(source, told)
        left = LEFT[told["configuration"]]
        assert {*told["cpu_ops"]} == left
        assert told["npu_ops"] == 1 or left


@pytest.mark.parametrize(
    ("source", "quantize"),
    [
        *((CLASSIFIER, quantize) for quantize in ("float32", "int8-full", "int16x8")),
        *(("2/128", quantize) for quantize in ("float32", "int8-full")),
        *((MINILM, quantize) for quantize in ("float32", "int8-full")),
    ],
    ids=str,
)
def test_openvino_answers_as_litert(made, tmp_path, source, quantize):
    python = environment("openvino", "openvino")
    path = made(source, quantize, "openvino")
    texts = inputs_of(path)
    found, told = told_by([python, HERE / "run_openvino.py"], path, texts, tmp_path)
    near = cosines(found, *answers_here(path, texts))
    print(source, quantize, near.mean(), near.min(), told)
    assert near.mean() >= 0.98


@pytest.mark.parametrize(
    ("source", "quantize"),
    [(CLASSIFIER, "int8-full"), (CLASSIFIER, "int16x8"), ("2/128", "int8-full")],
    ids=str,
)
def test_tflite_micro_answers_as_litert(made, tmp_path, source, quantize):
    python = environment("tflite_micro", "tflite-micro")
    path = made(source, quantize, "tflite-micro")
    texts = inputs_of(path)
    found, told = told_by([python, HERE / "run_tflite_micro.py"], path, texts, tmp_path)
    near = cosines(found, *answers_here(path, texts))
    print(source, quantize, near.mean(), near.min(), told)
    assert near.mean() >= 0.99


@pytest.fixture
def software_gpu(monkeypatch):
    """Vulkan by SwiftShader, as Debian's Chromium brings it, for processes that start from here."""
    folder = Path("/usr/lib/chromium")
    if not (folder / "libvk_swiftshader.so").exists():
        pytest.skip("no software Vulkan: apt install chromium")
    monkeypatch.setenv("VK_ICD_FILENAMES", str(folder / "vk_swiftshader_icd.json"))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(folder))


@pytest.mark.parametrize("source", [CLASSIFIER, *DRAWN, MINILM], ids=str)
@pytest.mark.parametrize(("quantize", "least"), [("float32", 0.9999), ("int8-full", 0.975)])
def test_a_gpu_takes_the_graph_whole_and_answers_rightly(
    made, software_gpu, tmp_path, source, quantize, least
):
    path = made(source, quantize, "gpu")
    texts = inputs_of(path)[:TEXTS_ON_GPU]
    found, told = told_by([sys.executable, HERE / "run_gpu.py"], path, texts, tmp_path)
    near = cosines(found, *answers_here(path, texts))
    print(source, quantize, near.mean(), near.min(), told)
    assert told["share"] == 1
    assert near.min() >= least


@pytest.mark.parametrize("source", [REFERENCE / "hf_tagger_2x32", *DRAWN, MINILM], ids=str)
def test_a_file_that_a_gpu_misreads_is_caught_by_its_self_test(
    made, software_gpu, tmp_path, source
):
    path = made(source, "int8-full")
    command = [sys.executable, HERE / "run_gpu.py", path, os.devnull]
    done = subprocess.run(command, capture_output=True, text=True)
    print(source, done.stderr)
    assert done.returncode == 1
    assert "the gpu answers wrongly" in done.stderr
    done = subprocess.run([sys.executable, "-c", AUTO, path], capture_output=True, text=True)
    assert done.stdout == "cpu\n"
    told = [line for line in done.stderr.splitlines() if "the cpu runs it: " in line]
    assert len(told) == 1
    assert "the gpu answers wrongly" in told[0]


def declare_length(source, path):
    """Writes a copy of a file of any length whose inputs are declared as [1, LENGTH]."""
    model = schema.ModelT.InitFromPackedBuf(Path(source).read_bytes(), 0)
    for number in model.subgraphs[0].inputs:
        tensor = model.subgraphs[0].tensors[number]
        tensor.shape, tensor.shapeSignature = [1, LENGTH], None
    path.write_bytes(serialize(model))


@pytest.fixture
def for_the_web(made, tmp_path):
    """Gives a file of one length, the inputs of 50 texts, and what LiteRT in Python makes of them.

    What ships has no checkpoint any more to be converted again: its inputs are declared anew, and
    Python takes the file that ships, each text at its own length.
    """

    def prepared(source, quantize):
        path = tmp_path / "model.tflite" if source == INTENTS else made(source, quantize)
        with edgebert.load(INTENTS if source == INTENTS else path) as model:
            original, tokenizer = model.path, model.tokenizer
        if source == INTENTS:
            declare_length(original, path)
        found = [tokenizer.encode(text) for text in read_lines("sentences.txt")]
        found = [each for each in found if len(each.ids) <= LENGTH][:TEXTS]
        rows = [inputs_for(each, LENGTH) for each in found]
        plain = [inputs_for(each, len(each.ids)) for each in found]
        expected, _ = answers_here(original, plain if source == INTENTS else rows)
        return path, rows, expected

    return prepared


def inputs_for(encoding, length):
    """A text as graphs of several inputs take it, padded with 0, which is [PAD]."""
    rows = {
        "ids": encoding.ids,
        "mask": [1] * len(encoding.ids),
        "segment_ids": encoding.segment_ids,
    }
    return {name: [*row, *[0] * (length - len(row))] for name, row in rows.items()}


ON_THE_WEB = [
    (INTENTS, "int8"),
    *((MINILM, quantize) for quantize in ("float32", "float16", "int8")),
]


def check_answers(found, expected, source, quantize):
    """Answers of LiteRT.js are Python's to 1e-5, where activations are floats.

    `int8` rounds what it computes on the way, and where a last bit tips a rounding
    (`test_one_bit_of_the_word_table_moves_int8_as_far`), an answer moves by some thousandths.
    """
    assert np.shape(found) == (TEXTS, expected.shape[1])
    differences = np.abs(np.array(found) - expected).max(1)
    near = cosines(np.array(found), expected, 0)
    within = int((differences <= 1e-5).sum())
    print(source, quantize, within, np.median(differences), differences.max(), near.min())
    if quantize != "int8":
        assert within == TEXTS
    assert differences.max() <= 0.01
    assert near.min() >= 0.999


def test_one_bit_of_the_word_table_moves_int8_as_far(for_the_web, tmp_path):
    path, texts, expected = for_the_web(MINILM, "int8")
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    tensors = model.subgraphs[0].tensors
    (table,) = (tensor for tensor in tensors if tensor.name == b"embeddings.word")
    scale = table.quantization.scale[0]
    for tensor in tensors:  # what is looked up has the table's scale
        if tensor.quantization and np.array_equal(tensor.quantization.scale, [scale]):
            tensor.quantization.scale = [float(np.nextafter(np.float32(scale), np.float32(1)))]
    (tmp_path / "other.tflite").write_bytes(serialize(model))
    found, _ = answers_here(tmp_path / "other.tflite", texts)
    differences = np.abs(found - expected).max(1)
    print(int((differences <= 1e-5).sum()), differences.max())
    assert (differences <= 1e-5).sum() < TEXTS
    assert differences.max() > 1e-3


@pytest.mark.parametrize(("source", "quantize"), ON_THE_WEB)
def test_litert_js_in_node_answers_as_python(for_the_web, tmp_path, source, quantize):
    command = ["node", HERE / "run_litert_js.mjs", node_modules()]
    path, texts, expected = for_the_web(source, quantize)
    found, _ = told_by(command, path, texts, tmp_path)
    check_answers(found, expected, source, quantize)


_ANSWER = """new Promise(done => {
  const look = () => window.answer ? window.answer.then(done) : setTimeout(look, 50);
  look();
})"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *told):
        """Says nothing."""


@pytest.mark.parametrize(("source", "quantize"), ON_THE_WEB)
def test_litert_js_in_chromium_answers_as_python(for_the_web, tmp_path, source, quantize):
    if chromium.PROGRAM is None:
        pytest.skip("chromium is not installed")
    folder = node_modules()
    path, texts, expected = for_the_web(source, quantize)
    shutil.copy(path, folder / "model.tflite")
    shutil.copy(HERE / "litert.html", folder / "index.html")
    (folder / "inputs.json").write_text(json.dumps(texts))
    handler = functools.partial(_Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/index.html"
        with chromium.chromium(tmp_path / "profile") as browser:
            page = browser.open(SimpleNamespace(as_uri=lambda: url), width=800)
            told = json.loads(page.run(_ANSWER))
        server.shutdown()
    assert "error" not in told, told
    check_answers(told["outputs"], expected, source, quantize)
