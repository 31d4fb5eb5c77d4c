"""A file of which any byte changed is refused before an engine sees it; older files load."""

import json
import zipfile

import numpy as np
import pytest
from typer.testing import CliRunner

import edgebert
from edgebert.cli.main import app
from edgebert.model_file.names import LABELS_FILE, RECORD_FILE
from edgebert.model_file.read import read_model_file
from edgebert.model_file.stored_zip import archive_bytes


@pytest.fixture(scope="module")
def original(converted):
    return converted("classify").read_bytes()


def graph_of(data):
    return data[: data.index(b"PK\x03\x04")]


def rewritten(path, to, change):
    """A copy with other files behind the graph."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    change(files)
    graph = graph_of(path.read_bytes())
    to.write_bytes(graph + archive_bytes(files, len(graph)))
    return to


def test_any_byte_that_changed_is_refused(original, tmp_path):
    """All places of the archive's frame, and many of the graph and the contents."""
    path = tmp_path / "damaged.tflite"
    start = len(graph_of(original))
    draw = np.random.default_rng(0)
    frame = [*range(start, start + 60), *range(len(original) - 250, len(original))]
    places = [*range(16), *frame, *draw.integers(0, len(original), 200)]
    for at in places:
        changed = bytearray(original)
        changed[at] ^= int(draw.integers(1, 256))
        path.write_bytes(changed)
        with pytest.raises(edgebert.EdgebertError) as caught:
            read_model_file(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("added", [b"\0", b"PK\5\6" + bytes(18)])
def test_bytes_at_the_end_or_cut_off_are_refused(original, tmp_path, added):
    path = tmp_path / "x.tflite"
    for data in (original + added, original[:-1], original[: len(original) // 2]):
        path.write_bytes(data)
        with pytest.raises(edgebert.EdgebertError):
            edgebert.load(path)


def test_another_entry_and_another_graph_are_refused(classifier, tmp_path):
    more = rewritten(classifier, tmp_path / "x.tflite", lambda files: files.update({"more": "x"}))
    assert read_model_file(more)  # whoever writes it as we do has not damaged it
    with zipfile.ZipFile(more, "a") as archive:
        archive.writestr("other", "x")
    with pytest.raises(edgebert.EdgebertError, match="damaged"):
        edgebert.load(more)


def test_a_file_without_a_checksum_loads_and_inspect_says_so(classifier, tmp_path):
    def older(files):
        record = json.loads(files[RECORD_FILE])
        del record["graph_crc32c"]
        files[RECORD_FILE] = json.dumps(record)

    path = rewritten(classifier, tmp_path / "x.tflite", older)
    with edgebert.load(path) as model:
        assert model("a text").label
    told = CliRunner().invoke(app, ["inspect", str(path)]).output
    assert "none: a version that wrote none made it" in told
    told = CliRunner().invoke(app, ["inspect", str(classifier)]).output
    assert "no byte has changed" in told


def test_labels_are_checked_though_nobody_reads_them(original, classifier, tmp_path):
    with zipfile.ZipFile(classifier) as archive:
        at = original.index(archive.read(LABELS_FILE))
    changed = bytearray(original)
    changed[at] ^= 1
    path = tmp_path / "x.tflite"
    path.write_bytes(changed)
    with pytest.raises(edgebert.EdgebertError, match=r"labels\.txt is damaged"):
        edgebert.load(path)
