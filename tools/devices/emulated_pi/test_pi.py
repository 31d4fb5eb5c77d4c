"""edgebert on emulated Raspberry Pis: its own wheel, real ARM engines, answers as on x86.

`make test-pi` runs this. The boards work side by side; each test waits for what it looks at.
"""

from __future__ import annotations

import email
import json
import shutil
import subprocess
import sys
import warnings
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

import edgebert
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.convert_checkpoint import convert_checkpoint
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.errors import CalibrationWarning
from tools.devices.emulated_pi.answers import answers
from tools.devices.emulated_pi.boards import BOARDS
from tools.devices.emulated_pi.root import EmulatedPi, default_cache, digest

REPOSITORY = Path(__file__).parents[3]
REFERENCE = REPOSITORY / "tests/data/reference"
ANSWERS = Path(__file__).with_name("answers.py")
RUNTIME_TESTS = ("test_model", "test_session", "test_engines")
# Threads that are made to interrupt each other take minutes under emulation; others do not.
_RUN_TESTS = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not eight_threads")
SIXTY_FOUR_BITS = ("pi4", "pi5")
PYTEST = ("pytest", "hypothesis")
FLOAT_TOLERANCE = 1e-5
INTEGER_LENGTHS = (32, 128)
STEPS = 2.01
"""Most texts give the same numbers; one of an answerer's 200 logits is off by two."""
MINILM_LAYERS = (2, 6)
"""all-MiniLM-L6-v2, cut after its second layer, and whole."""
WITHIN_A_STEP = {2: 0.98, 6: 0.35}
"""Least share of its numbers; 0.999 and 0.47 were measured."""
ALIKE = {2: 0.997, 6: 0.98}
"""Least cosine of a text; 0.9988 and 0.987 were measured."""
CHECKPOINTS = (
    "hf_classifier_2x32",
    "hf_multi_label_2x32_float16",
    "hf_tagger_2x32",
    "st_embedder_2x32",
    "tf1_answerer_2x32",
)

_NEEDED = ("apt-get", "dpkg-deb", *dict.fromkeys(b.architecture.qemu for b in BOARDS.values()))
if _missing := [program for program in _NEEDED if not shutil.which(program)]:
    pytest.exit(f"{', '.join(_missing)} not found; on Debian: apt-get install qemu-user", 2)


@pytest.fixture(scope="session")
def pi():
    """The boards and what they share, all built: this must not happen twice at a time."""
    emulated = EmulatedPi(default_cache())
    for board in BOARDS:
        emulated.interpreter(board)
    for packages in (["pip"], PYTEST):
        emulated.site(*packages)
    return emulated


@pytest.fixture(scope="session")
def pool():
    with ThreadPoolExecutor(3) as executor:
        yield executor


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel of this repository."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, REPOSITORY],
        check=True,
    )
    return next(folder.glob("edgebert-*.whl"))


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Files converted here, by name: float32, int8 and int8-static of each task."""
    folder = tmp_path_factory.mktemp("files")
    for checkpoint in CHECKPOINTS:
        for recipe in ("float32", "int8", "int8-static"):
            path = folder / f"{checkpoint}.{recipe}.tflite"
            edgebert.convert(REFERENCE / checkpoint, path, quantize=recipe)
    return sorted(folder.iterdir())


@pytest.fixture(scope="session")
def integer_files(tmp_path_factory):
    """Full-integer files of two lengths."""
    folder = tmp_path_factory.mktemp("integer")
    for checkpoint in CHECKPOINTS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CalibrationWarning)
            path = folder / f"{checkpoint}.int8-full.tflite"
            edgebert.convert(
                REFERENCE / checkpoint, path, quantize="int8-full", lengths=INTEGER_LENGTHS
            )
    return sorted(folder.iterdir())


@pytest.fixture(scope="session")
def minilm_files(tmp_path_factory):
    """Full-integer files of all-MiniLM-L6-v2 by number of layers."""
    folder = tmp_path_factory.mktemp("minilm")
    options = Options(quantize="int8-full", normalize=False, lengths=INTEGER_LENGTHS[:1])
    with open_checkpoint("all-minilm-l6-v2") as whole, warnings.catch_warnings():
        warnings.simplefilter("ignore", CalibrationWarning)
        for layers in MINILM_LAYERS:
            checkpoint = first_layers(whole, layers)
            path = folder / f"minilm-{layers}.int8-full.tflite"
            convert_checkpoint(checkpoint, plan(options, checkpoint), path)
    return sorted(folder.iterdir())


def first_layers(checkpoint: Checkpoint, layers: int) -> Checkpoint:
    """A checkpoint cut after some layers."""
    gone = {f"layers.{layer}" for layer in range(layers, checkpoint.config.num_hidden_layers)}
    return replace(
        checkpoint,
        config=replace(checkpoint.config, num_hidden_layers=layers),
        weights={
            name: weight
            for name, weight in checkpoint.weights.items()
            if ".".join(name.split(".")[:2]) not in gone
        },
    )


@pytest.fixture(scope="session")
def old_files(tmp_path_factory):
    """Files for tflite-runtime 2.14."""
    folder = tmp_path_factory.mktemp("old")
    for checkpoint in ("hf_classifier_2x32", "st_embedder_2x32"):
        for recipe in ("float32", "int8"):
            path = folder / f"{checkpoint}.{recipe}.tflite"
            edgebert.convert(
                REFERENCE / checkpoint, path, quantize=recipe, runtime="tflite-runtime"
            )
    return sorted(folder.iterdir())


@pytest.fixture(scope="session")
def sites(pi, wheel, tmp_path_factory):
    """Folders where pip, inside the emulation, put edgebert and all that converting needs.

    The dependencies are installed once for each set of requirements; the wheel itself each time.
    """
    dependencies = pi.home() / f"edgebert-convert-{digest(requirements(wheel).encode())}"
    if not dependencies.exists():
        part = dependencies.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        pi.pip_install("pi5", part, f"{wheel}[convert]")
        shutil.rmtree(part / "edgebert")
        part.rename(dependencies)
    own = tmp_path_factory.mktemp("site")
    pi.pip_install("pi5", own, "--no-deps", wheel)
    return (own, dependencies)


@pytest.fixture(scope="session")
def old_answers(pi, wheel, old_files, pool, tmp_path_factory):
    """Under way: answers of the 32-bit board, with numpy and tflite-runtime alone."""
    site = tmp_path_factory.mktemp("site")

    def run() -> subprocess.CompletedProcess[str]:
        pi.pip_install("pi2", site, "--no-deps", wheel, "tflite-runtime==2.14.0")
        return pi.run("pi2", [ANSWERS, *old_files], sites=[site])

    return pool.submit(run)


@dataclass(frozen=True)
class UnderWay:
    """What the 64-bit boards are doing, each in a copy of the tests.

    Attributes:
        folder: where a board puts what it converts.
        runs: by board and name of the job.
    """

    folder: Path
    runs: Mapping[tuple[str, str], Future[subprocess.CompletedProcess[str]]]


@pytest.fixture(scope="session")
def boards(pi, old_answers, sites, files, integer_files, minilm_files, pool, tmp_path_factory):
    """Starts everything on the 64-bit boards."""
    copy = tmp_path_factory.mktemp("repository")
    shutil.copytree(REPOSITORY / "tests", copy / "tests")
    shutil.copy(REPOSITORY / "pyproject.toml", copy)
    with_pytest = (*sites, pi.site(*PYTEST))
    tests = [f"tests/runtime/{name}.py" for name in RUNTIME_TESTS]
    source = REFERENCE / "hf_classifier_2x32"
    runs = {}
    for board in SIXTY_FOUR_BITS:
        jobs = {
            "tests": [*_RUN_TESTS, *tests],
            "answers": [ANSWERS, *files],
            "integer": [ANSWERS, *integer_files],
            "minilm": [ANSWERS, *minilm_files],
            "convert": ["-m", "edgebert", "convert", source, "-o", copy / f"{board}.tflite"],
        }
        for name, job in jobs.items():
            runs[board, name] = pool.submit(pi.run, board, job, sites=with_pytest, folder=copy)
    return UnderWay(copy, runs)


def requirements(wheel: Path) -> str:
    """What the wheel depends on."""
    with ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    return "\n".join(metadata.get_all("Requires-Dist", []))


def succeeded(under_way: Future[subprocess.CompletedProcess[str]]) -> str:
    ran = under_way.result()
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def assert_same_answers(found, expected, engine):
    assert found.keys() == expected.keys()
    for name, on_board in found.items():
        assert on_board["engine"] == engine
        assert on_board["failures"] == [], name
        tolerance = FLOAT_TOLERANCE if ".float32." in name else on_board["tolerance"]
        for mine, right in zip(on_board["outputs"], expected[name]["outputs"], strict=True):
            np.testing.assert_allclose(mine, right, rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("board", SIXTY_FOUR_BITS)
def test_the_answers_are_those_of_x86(boards, files, board):
    told = json.loads(succeeded(boards.runs[board, "answers"]))
    assert told["machine"] == "aarch64"
    assert_same_answers(told["answers"], answers(files), "litert")


@pytest.mark.parametrize("board", SIXTY_FOUR_BITS)
def test_whole_numbers_are_those_of_x86_but_for_a_step_or_two(boards, integer_files, board):
    """In steps of the output, before the host's part; models of two layers."""
    told = json.loads(succeeded(boards.runs[board, "integer"]))["answers"]
    expected = answers(integer_files)
    for name, on_board in told.items():
        assert on_board["failures"] == [], name
        for mine, right in zip(on_board["outputs"], expected[name]["outputs"], strict=True):
            steps = np.abs(np.subtract(mine, right)).max() / on_board["step"]
            assert steps <= STEPS, f"{name}: {steps}"


@pytest.mark.parametrize("board", SIXTY_FOUR_BITS)
def test_with_the_layers_of_a_real_model_roundings_grow_apart_but_not_the_answers(
    boards, minilm_files, board
):
    """Two layers agree to a step or two; after six, as docs/full_integer.md tells, each processor
    is as near to the other as to float32."""
    told = json.loads(succeeded(boards.runs[board, "minilm"]))["answers"]
    expected = answers(minilm_files)
    for layers, file in zip(MINILM_LAYERS, minilm_files, strict=True):
        on_board, here = told[file.name], expected[file.name]
        assert on_board["failures"] == [], file.name
        mine, right = np.array(on_board["outputs"]), np.array(here["outputs"])
        steps = np.abs(mine - right) / here["step"]
        assert np.mean(steps < 1.5) > WITHIN_A_STEP[layers], layers
        lengths = np.linalg.norm(mine, axis=1) * np.linalg.norm(right, axis=1)
        assert ((mine * right).sum(axis=1) / lengths).min() > ALIKE[layers], layers


@pytest.mark.parametrize("board", SIXTY_FOUR_BITS)
def test_a_checkpoint_converts_on_the_pi_itself(boards, files, board):
    succeeded(boards.runs[board, "convert"])
    (same,) = (path for path in files if path.name == "hf_classifier_2x32.int8.tflite")
    converted = answers([boards.folder / f"{board}.tflite"])
    assert_same_answers({same.name: converted[f"{board}.tflite"]}, answers([same]), "litert")


@pytest.mark.parametrize("board", SIXTY_FOUR_BITS)
def test_the_tests_of_the_runtime_pass(boards, board):
    assert " passed" in succeeded(boards.runs[board, "tests"])


def test_a_32_bit_pi_needs_only_numpy_and_tflite_runtime(old_answers, old_files):
    told = json.loads(succeeded(old_answers))
    assert told["machine"] == "armv7l"
    assert_same_answers(told["answers"], answers(old_files), "tflite-runtime")
