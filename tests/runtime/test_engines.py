"""The engine is the best one that is installed and new enough; where none is, each says why."""

import sys
from types import ModuleType

import pytest

from edgebert.errors import EdgebertError
from edgebert.runtime.engines import open_interpreter


class Fake:
    def __init__(self, model_path, num_threads):
        self.opened = (model_path, num_threads)


@pytest.fixture
def installed(monkeypatch):
    """Pretends that neither engine is installed; gives a function that installs one."""
    for package in ("ai_edge_litert", "tflite_runtime"):
        monkeypatch.delitem(sys.modules, f"{package}.interpreter", raising=False)
        monkeypatch.setitem(sys.modules, package, None)

    def install(package, version=None):
        root, module = ModuleType(package), ModuleType(f"{package}.interpreter")
        root.__path__ = []
        root.__version__ = version
        module.Interpreter = Fake
        monkeypatch.setitem(sys.modules, package, root)
        monkeypatch.setitem(sys.modules, f"{package}.interpreter", module)

    return install


def test_litert_comes_first(installed, tmp_path):
    installed("ai_edge_litert", "2.3.0")
    installed("tflite_runtime", "2.14.0")
    name, interpreter = open_interpreter(tmp_path, threads=3, needs="2.17")
    assert name == "litert"
    assert interpreter.opened == (str(tmp_path), 3)


def test_tflite_runtime_opens_what_it_can(installed, tmp_path):
    installed("tflite_runtime", "2.14.0")
    assert open_interpreter(tmp_path, needs="2.9")[0] == "tflite-runtime"
    with pytest.raises(EdgebertError, match=r"older than the TFLite 2\.17 .*--runtime"):
        open_interpreter(tmp_path, needs="2.17")


@pytest.mark.parametrize(
    ("release", "newest", "refused"),
    [("1.2.0", "2.17", "2.20"), ("1.4.0", "2.20", "2.21"), ("2.1.0", "2.21", "2.22")],
)
def test_an_old_litert_is_given_no_file_that_it_might_answer_wrongly(
    installed, tmp_path, release, newest, refused
):
    installed("ai_edge_litert", release)
    assert open_interpreter(tmp_path, needs=newest)[0] == "litert"
    with pytest.raises(EdgebertError, match=f"ai-edge-litert {release} is older than .*{refused}"):
        open_interpreter(tmp_path, needs=refused)


def test_no_engine_says_what_to_install(installed, tmp_path):
    with pytest.raises(EdgebertError, match="pip install ai-edge-litert"):
        open_interpreter(tmp_path)


def test_a_broken_engine_is_passed_over(installed, tmp_path, monkeypatch):
    installed("ai_edge_litert", "2.3.0")
    installed("tflite_runtime", "2.14.0")
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    assert open_interpreter(tmp_path, needs="2.9")[0] == "tflite-runtime"
    with pytest.raises(EdgebertError, match="does not import"):
        open_interpreter(tmp_path, engine="litert")


@pytest.mark.parametrize(
    ("options", "message"),
    [({"engine": "onnx"}, "known: auto, litert"), ({"threads": 0}, "from 1 to 256")],
)
def test_wrong_options_are_named(tmp_path, options, message):
    with pytest.raises(EdgebertError, match=message):
        open_interpreter(tmp_path, **options)


def test_a_file_the_engine_refuses_is_one_line(tmp_path):
    """By its identifier: what follows a right one tflite-runtime does not verify; it may crash."""
    path = tmp_path / "bad.tflite"
    path.write_bytes(b"\x1c\0\0\0TFL2" + b"\0" * 100)
    with pytest.raises(EdgebertError, match="cannot open it") as caught:
        open_interpreter(path)
    assert "\n" not in str(caught.value)
