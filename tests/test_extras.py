"""What each extra brings: one table for messages, the doctor and `pyproject.toml`."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import edgebert
from edgebert.errors import EdgebertError
from edgebert.extras import EXTRAS, install, needed_for

ROOT = Path(__file__).parents[1]
PROJECT = (ROOT / "pyproject.toml").read_text()
REFERENCE = ROOT / "tests" / "data" / "reference"


def required(extra):
    (block,) = re.findall(rf"^{extra} = \[(.*?)\]\n(?=[a-z#\n])", PROJECT, re.M | re.S)
    return set(re.findall(r'"([\w-]+)[>=\[;]', block))


@pytest.mark.parametrize("extra", EXTRAS, ids=lambda extra: extra.name)
def test_the_project_file_requires_what_the_table_says(extra):
    assert required(extra.name) - {"edgebert", "setuptools"} == set(extra.modules)


def test_the_base_installation_is_the_engine_and_numpy():
    (block,) = re.findall(r"^dependencies = \[(.*?)^\]", PROJECT, re.M | re.S)
    assert set(re.findall(r'^    "([\w-]+)', block, re.M)) == {"ai-edge-litert", "numpy"}


def test_what_is_missing_is_named_with_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "google_crc32c", None)
    expected = r"^a download needs google-crc32c: pip install 'edgebert\[convert\]'$"
    with pytest.raises(EdgebertError, match=expected), needed_for("a download"):
        import google_crc32c  # noqa: F401


def test_where_python_is_too_new_for_an_extra_the_one_to_use_is_named(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 13, 2))
    assert install("train") == "pip install 'edgebert[train]'"
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    assert install("train") == "pip install 'edgebert[train]', with Python 3.13 or older"
    assert install("convert") == "pip install 'edgebert[convert]'"


def test_what_no_extra_brings_stays_a_bug():
    with pytest.raises(ModuleNotFoundError), needed_for("this"):
        import no_such_module_anywhere  # noqa: F401


@pytest.mark.parametrize(
    ("source", "module", "package"),
    [
        ("st_embedder_2x32", "safetensors", "safetensors"),
        ("tf1_uncased_L-2_H-32_A-2", "google_crc32c", "google-crc32c"),
        ("someone/model", "huggingface_hub", "huggingface_hub"),
    ],
)
def test_a_conversion_says_in_one_line_what_it_lacks(
    tmp_path, monkeypatch, source, module, package
):
    monkeypatch.setitem(sys.modules, module, None)
    found = REFERENCE / source
    with pytest.raises(EdgebertError, match=rf"needs {package}: pip install 'edgebert\[convert\]'"):
        edgebert.convert(str(found) if found.exists() else source, tmp_path / "x.tflite")
    assert not list(tmp_path.iterdir())


def test_the_base_installation_answers_evaluates_and_searches(tmp_path):
    """Nothing of any extra is imported on the way."""
    hidden = sorted(module for extra in EXTRAS for module in extra.modules.values())
    data = ROOT / "tests" / "data" / "banking77" / "test.csv"
    (tmp_path / "test.csv").write_text("".join(data.read_text().splitlines(keepends=True)[:20]))
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({hidden}))\n"
        "import edgebert\n"
        "with edgebert.load('intents') as model: print(model('I lost my card').label)\n"
        "print(edgebert.evaluate('intents', 'test.csv').rows)\n"
    )
    child = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert child.stdout.splitlines() == ["lost_or_stolen_card", "19"], child.stderr


@pytest.mark.parametrize("module", next(e for e in EXTRAS if e.name == "serve").modules.values())
def test_the_service_says_in_one_line_what_it_lacks(module):
    program = (
        f"import sys; sys.modules[{module!r}] = None\nfrom edgebert.cli.program import main; main()"
    )
    child = subprocess.run(
        [sys.executable, "-c", program, "serve", "intents"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    assert child.returncode == 2
    assert child.stderr.startswith("error: edgebert serve needs ")
    assert child.stderr.endswith(": pip install 'edgebert[serve]'\n")
