"""Hub checkpoints through the real huggingface_hub, against a server that answers as the hub does.

huggingface_hub reads its environment when it is imported, so each look at the hub is a process.
"""

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import edgebert
from edgebert.checkpoints.hub import HubId, parse_hub_id
from edgebert.version import version_numbers
from tests.checkpoints import toy
from tests.checkpoints.hub_server import COMMIT, publish, refuse

ID = "owner/name"
NOISE = {
    "README.md": b"#",
    "onnx/model.onnx": b"o",
    "flax_model.msgpack": b"f",
    "tf_model.h5": b"t",
}
PROGRAM = """
import json, sys
from edgebert.checkpoints.hub import hub_folder, parse_hub_id
from edgebert.errors import EdgebertError
seen = []
try:
    folder = hub_folder(parse_hub_id(sys.argv[1]), progress=lambda *report: seen.append(report))
except EdgebertError as error:
    print(json.dumps({"error": str(error)}))
else:
    files = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    print(json.dumps({"files": sorted(files), "folder": str(folder), "progress": seen}))
"""


@pytest.fixture
def look(web, tmp_path):
    """Fetches a hub id in a process of its own and gives what it found."""

    def look(hub_id, **environment):
        child = subprocess.run(
            [sys.executable, "-c", PROGRAM, hub_id],
            env=os.environ
            | {"HF_ENDPOINT": web.url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "0"}
            | environment,
            cwd=Path(edgebert.__file__).parents[1],
            capture_output=True,
            text=True,
        )
        assert child.returncode == 0, child.stderr
        assert child.stderr == ""
        found = json.loads(child.stdout)
        assert "\n" not in found.get("error", "")
        return found

    return look


def fetched(web) -> set[str]:
    """The files whose bytes were asked for."""
    return {
        p.partition(f"/{COMMIT}/")[2] for m, p, _ in web.requests if m == "GET" and "/resolve/" in p
    }


def test_only_the_files_of_a_checkpoint_are_fetched(web, look, tmp_path):
    extra = {"pytorch_model.bin": b"b", "modules.json": b"[]", "1_Pooling/config.json": b"{}"}
    publish(web, ID, toy.files() | extra | NOISE)
    found = look(ID)
    expected = {*toy.files(), "modules.json", "1_Pooling/config.json"}
    assert set(found["files"]) == fetched(web) == expected
    weights = Path(found["folder"]) / "model.safetensors"
    assert weights.read_bytes() == toy.files()["model.safetensors"]
    assert weights.is_relative_to(tmp_path / "hf")


def test_progress_counts_the_bytes_of_all_files(web, look):
    if version_numbers(importlib.metadata.version("huggingface_hub")) < (1, 2):
        pytest.skip("huggingface_hub tells the bytes of all files from 1.2 on")
    publish(web, ID, toy.files())
    reports = look(ID)["progress"]
    done = [report[0] for report in reports]
    size = sum(map(len, toy.files().values()))
    assert done == sorted(done)
    assert reports[-1] == [size, size, ID]


@pytest.mark.parametrize("weights", ["model.safetensors", "pytorch_model.bin"])
def test_a_model_below_the_top_is_fetched_whole(web, look, weights):
    files = {"added_tokens.json": b"{}", **toy.files()}
    files[weights] = files.pop("model.safetensors")
    files = {f"0_Transformer/{name}": data for name, data in files.items()}
    files |= {"modules.json": b"[]", "config_sentence_transformers.json": b"{}"}
    publish(web, ID, files | NOISE)
    assert set(look(ID)["files"]) == set(files)


@pytest.mark.parametrize("top", ["", "0_BERT/"])
def test_all_that_a_reader_looks_for_is_fetched(web, look, top):
    files = {f"{top}{name}": data for name, data in toy.files().items()}
    files[f"{top}sentence_distilbert_config.json"] = b"{}"
    files |= dict.fromkeys(("modules.json", "1_Pooling/config.json", "2_Dense/config.json"), b"{}")
    files |= {"2_Dense/model.safetensors": b"w", "3_Dense/pytorch_model.bin": b"w"}
    files |= {"config_setfit.json": b"{}", "model_head.pkl": b"p"}
    publish(web, ID, files | NOISE)
    assert set(look(ID)["files"]) == set(files)


def test_torch_weights_are_fetched_where_there_is_no_safetensors(web, look):
    files = toy.files()
    files["pytorch_model.bin"] = files.pop("model.safetensors")
    publish(web, ID, files | NOISE)
    assert set(look(ID)["files"]) == set(files)


@pytest.mark.parametrize("weights", ["model.safetensors", "pytorch_model.bin"])
def test_the_cache_serves_without_the_hub(web, look, weights):
    files = toy.files()
    files[weights] = files.pop("model.safetensors")
    publish(web, ID, files)
    first = look(ID)
    asked = len(web.requests)
    offline = look(ID, HF_HUB_OFFLINE="1")
    assert offline["files"] == first["files"]
    assert len(web.requests) == asked
    web.replies.clear()
    assert look(ID, HF_ENDPOINT="http://127.0.0.1:9")["files"] == first["files"]


def test_a_revision_is_asked_for_by_name(web, look):
    publish(web, ID, toy.files(), revision="v1.0")
    assert set(look(f"{ID}@v1.0")["files"]) == set(toy.files())
    assert any(path == f"/api/models/{ID}/revision/v1.0" for _, path, _ in web.requests)


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (404, "RepoNotFound", "no such model on the Hugging Face hub"),
        (401, "RepoNotFound", "no such model on the Hugging Face hub"),
        (403, "GatedRepo", "needs its owner's permission"),
        (404, "RevisionNotFound", "has no revision main"),
        (500, "", "500"),
    ],
)
def test_what_the_hub_refuses_is_one_line(web, look, status, code, said):
    refuse(web, ID, status, code)
    error = look(f"{ID}@main")["error"]
    assert error.startswith(f"{ID}: ")
    assert said in error


def test_offline_without_a_copy_says_so(look):
    assert "HF_HUB_OFFLINE forbids" in look(ID, HF_HUB_OFFLINE="1")["error"]


def test_no_network_is_one_line(look):
    error = look(ID, HF_ENDPOINT="http://127.0.0.1:9")["error"]
    assert "cannot be fetched from the Hugging Face hub" in error
    assert "refused" in error


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("owner/name", HubId("owner/name")),
        ("o-w.n_r/n.a-m_e@refs/pr/1", HubId("o-w.n_r/n.a-m_e", "refs/pr/1")),
        ("owner", None),
        ("owner/name/file", None),
        ("owner/../name", None),
        ("../name", None),
        ("owner/name@", None),
        ("owner/na me", None),
        ("ówner/name", None),
    ],
)
def test_hub_ids_are_parsed(text, parsed):
    assert parse_hub_id(text) == parsed
