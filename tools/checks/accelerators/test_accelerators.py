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
from edgebert.data import read_lines
from edgebert.runtime.fixed_session import padded
from tests import chromium

HERE = Path(__file__).parent
BUILD = HERE.parents[2] / "build/accelerators"
CLASSIFIER = HERE.parents[2] / "tests/data/reference/hf_classifier_2x32"
MINILM = "all-minilm-l6-v2"
TEXTS = 50
LENGTH = 32

pytestmark = pytest.mark.filterwarnings("ignore::edgebert.errors.CalibrationWarning")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Gives the path of a file, converted once."""

    @functools.cache
    def path_of(source, quantize, target, configuration=None):
        name = f"{Path(str(source)).name}-{quantize}-{target}"
        path = tmp_path_factory.mktemp("files") / f"{name}.tflite"
        edgebert.convert(
            source,
            path,
            quantize=quantize,
            target=target,
            lengths=[LENGTH],
            compile_for=configuration,
        )
        return path

    return path_of


def environment(name, *packages):
    """The Python of an environment with some packages."""
    python = BUILD / name / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", BUILD / name], check=True)
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", *packages], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"{packages[0]} cannot be installed: {done.stderr.splitlines()[-1]}")
    return python


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


def answers_of(python, script, path, tmp_path):
    """What another interpreter gives, and all else that it tells."""
    texts = inputs_of(path)
    (tmp_path / "inputs.json").write_text(json.dumps(texts))
    done = subprocess.run(
        [python, HERE / script, path, tmp_path / "inputs.json"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    return np.array(told.pop("outputs"), float), told, texts


def cosines(found, expected, zero):
    a, b = found - zero, expected - zero
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@pytest.mark.parametrize("source", [CLASSIFIER, MINILM], ids=str)
@pytest.mark.parametrize(
    ("configuration", "left"),
    [("ethos-u85-512", set()), ("ethos-u65-512", {"GATHER"}), ("ethos-u55-256", {"GATHER"})],
)
def test_vela_leaves_nothing_but_gather(tmp_path, source, configuration, left, record_property):
    pytest.importorskip("ethosu.vela", reason="pip install 'edgebert[ethos-u]'")
    report = edgebert.convert(
        source,
        tmp_path / "x.tflite",
        quantize="int8-full",
        lengths=[LENGTH],
        compile_for=configuration,
    ).compilation
    print(source, configuration, report)
    assert set(report.cpu_ops) == left
    assert report.npu_ops == 1 or left


@pytest.mark.parametrize("quantize", ["float32", "int8-full", "int16x8"])
def test_openvino_answers_as_litert(made, tmp_path, quantize):
    python = environment("openvino", "openvino")
    path = made(CLASSIFIER, quantize, "openvino")
    found, _, texts = answers_of(python, "run_openvino.py", path, tmp_path)
    expected, zero = answers_here(path, texts)
    near = cosines(found, expected, zero)
    print(quantize, near.mean(), near.min())
    assert near.mean() >= 0.98


@pytest.mark.parametrize("quantize", ["int8-full", "int16x8"])
def test_tflite_micro_answers_as_litert(made, tmp_path, quantize):
    python = environment("tflite_micro", "tflite-micro")
    path = made(CLASSIFIER, quantize, "tflite-micro")
    found, told, texts = answers_of(python, "run_tflite_micro.py", path, tmp_path)
    expected, zero = answers_here(path, texts)
    near = cosines(found, expected, zero)
    print(quantize, near.mean(), near.min(), told["arena"])
    assert near.mean() >= 0.99


@pytest.fixture
def software_gpu(monkeypatch):
    """Vulkan by SwiftShader, as Debian's Chromium brings it, for processes that start from here."""
    folder = Path("/usr/lib/chromium")
    if not (folder / "libvk_swiftshader.so").exists():
        pytest.skip("no software Vulkan: apt install chromium")
    monkeypatch.setenv("VK_ICD_FILENAMES", str(folder / "vk_swiftshader_icd.json"))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(folder))


_ON_GPU = """
import sys, edgebert
try:
    model = edgebert.load(sys.argv[1], accelerator="gpu")
except edgebert.EdgebertError as error:
    sys.exit(str(error))
print(model.selftest().lowest_cosine, model._session.delegation().share)
"""


@pytest.mark.parametrize(("quantize", "least"), [("float32", 0.9999), ("int8-full", 0.975)])
def test_a_gpu_takes_the_graph_whole_and_answers_rightly(made, software_gpu, quantize, least):
    path = made(CLASSIFIER, quantize, "gpu")
    done = subprocess.run(
        [sys.executable, "-c", _ON_GPU, path], capture_output=True, text=True, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr
    cosine, share = map(float, done.stdout.split())
    print(quantize, cosine, share)
    assert share == 1
    assert cosine >= least


def test_a_file_that_a_gpu_misreads_is_caught_by_its_self_test(made, software_gpu):
    path = made(HERE.parents[2] / "tests/data/reference/hf_tagger_2x32", "int8-full", "any")
    done = subprocess.run([sys.executable, "-c", _ON_GPU, path], capture_output=True, text=True)
    assert done.returncode == 1
    assert "the gpu answers wrongly" in done.stderr


_ANSWER = """new Promise(done => {
  const look = () => window.answer ? window.answer.then(done) : setTimeout(look, 50);
  look();
})"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *told):
        """Says nothing."""


@pytest.mark.parametrize("source", [CLASSIFIER, MINILM], ids=str)
def test_litert_js_in_chromium_answers_as_python(made, tmp_path, source):
    if shutil.which("npm") is None or chromium.PROGRAM is None:
        pytest.skip("npm and chromium are needed")
    folder = BUILD / "web"
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["npm", "install", "--silent", "@litertjs/core"], cwd=folder, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"@litertjs/core cannot be installed: {done.stderr[-200:]}")
    path = made(source, "int8", "any")
    texts = inputs_of(path)
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
    expected, _ = answers_here(path, texts)
    assert "error" not in told, told
    difference = np.abs(np.array(told["outputs"]) - expected).max()
    print(source, difference)
    assert difference <= 1e-5
