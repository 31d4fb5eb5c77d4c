"""The package as a whole: imports go one way, importing is light, public names are there."""

import ast
import os
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import edgebert
from edgebert import support

ROOT = Path(__file__).parents[1]
PACKAGE = Path(edgebert.__file__).parent
ORDER = [
    "version", "support", "errors", "progress", "retry_policy", "arguments", "arrays", "formatting",
    "lazy_names", "extras", "lfs_pointer", "text_files", "unfinished", "files", "crc32c",
    "typed_json", "data", "page", "bert", "tokenizer", "checkpoints", "model_file", "runtime",
    "evaluation", "dataset", "converter", "semantic_search", "bulk", "serving", "benchmarking",
    "train", "api", "fitting", "cli",
]  # fmt: skip
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
HEAVY = ("numpy", "tensorflow", "torch", "ai_edge_litert", "huggingface_hub", "rich", "typer")


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE).with_suffix("")
        if relative.parts[0] not in ("__init__", "__main__"):
            yield pytest.param(path, relative.parts[0], id=".".join(relative.parts))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize(("path", "part"), list(modules()))
def test_imports_go_one_way(path, part):
    for name in imported(path):
        words = name.split(".")
        assert words[0] not in ("torch", "transformers"), name
        assert part == "train" or words[0] not in ("tensorflow", "tf_keras"), name
        if words[0] == "edgebert" and len(words) > 1:
            assert ORDER.index(words[1]) <= ORDER.index(part), f"{part} imports {name}"


def test_no_module_imports_itself_by_way_of_others():
    """Imports inside functions count; those for type checking alone do not."""
    graph = {name: set(edges(path)) & set(MODULES) - {name} for name, path in MODULES.items()}
    assert len(graph) > 300
    with pytest.raises(CycleError):
        TopologicalSorter({**graph, "edgebert.errors": {"edgebert.cli.main"}}).prepare()
    TopologicalSorter(graph).prepare()


def edges(path):
    """What a module imports: names of modules, and of what it takes from them."""
    nodes = [ast.parse(path.read_text())]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        nodes += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from inside & set(MODULES) or {node.module}


def test_every_part_is_in_the_order():
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert packages | modules == set(ORDER)


def test_the_pages_for_maintainers_list_every_package_in_the_order_of_imports():
    design, contributing = (ROOT / "docs/design.md").read_text(), ROOT / "CONTRIBUTING.md"
    packages = [part for part in ORDER if (PACKAGE / part).is_dir() and part != "data"]
    assert re.findall(r"^\| `(\w+)/` \|", design, re.MULTILINE) == packages
    (chain,) = re.findall(r"one way: ([^,]*),", contributing.read_text())
    assert re.findall(r"`(\w+)`", chain) == packages
    (ground_floor,) = re.findall(r"^\| the ground floor \|.*", design, re.MULTILINE)
    modules = [part for part in ORDER if not (PACKAGE / part).is_dir() and part != "api"]
    assert re.findall(r"`(\w+)`", ground_floor) == modules


def test_import_brings_nothing_heavy():
    code = f"import edgebert, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr


def test_a_word_piece_file_starts_without_what_others_need(classifier):
    """Each of these takes a millisecond or more of every start."""
    unused = (
        "edgebert.tokenizer.unigram",
        "edgebert.runtime.self_test",
        "numpy.typing",
        "pathlib",
        "edgebert.runtime.abstention",
        "edgebert.model_file.abstention_rule",
        "edgebert.model_file.fixed_graphs",
        "edgebert.model_file.trimmed_vocabulary",
        "edgebert.tokenizer.added_token",
        "edgebert.tokenizer.template",
    )
    code = (
        "import sys, edgebert, numpy\n"
        "from edgebert.runtime.engines import ENGINES, _find\n"
        "[_find(engine, '0') for engine in ENGINES.values()]\n"
        f"unused = [name for name in {unused!r} if name not in sys.modules]\n"
        f"with edgebert.load({str(classifier)!r}) as model: model('text')\n"
        "print([name for name in unused if name in sys.modules])\n"
        "print(any('edgebert.tokenizer.' in name for name in sys.modules))"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert child.stdout.splitlines()[-2:] == ["[]", "True"], child.stderr


def test_converting_and_running_need_no_tensorflow_and_no_torch(tmp_path):
    source = Path(__file__).parent / "data" / "reference" / "hf_classifier_2x32"
    code = (
        "import sys, edgebert\n"
        f"edgebert.convert({str(source)!r}, 'x.tflite')\n"
        "edgebert.load('x.tflite')('Where is my card?')\n"
        "print([m for m in ('tensorflow', 'torch', 'transformers') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
    )
    assert result.stdout.strip() == "[]", result.stderr


def test_every_public_name_is_there():
    for name in edgebert.__all__:
        assert getattr(edgebert, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        edgebert.nothing  # noqa: B018


def test_convert_is_the_function_whatever_was_imported_before():
    import edgebert.converter.convert

    assert edgebert.convert is edgebert.converter.convert.convert


def test_what_edgebert_runs_on_is_said_alike_everywhere():
    project = (ROOT / "pyproject.toml").read_text()
    (_, oldest), (major, newest) = support.PYTHONS
    assert f'requires-python = ">={major}.{oldest},<{major}.{newest + 1}"' in project
    for requirement in (*support.LITERT, *support.TFLITE_RUNTIME):
        assert f'"{requirement}' in project
