"""The whole check, on the APK that `make apk` has built; EDGEBERT_APK names it."""

import os
import shutil
import zipfile
from pathlib import Path

import pytest

from tools.devices.android_apk.archive import AlignedArchive
from tools.devices.android_apk.check import problems_of

APK = os.environ.get("EDGEBERT_APK")
pytestmark = pytest.mark.skipif(APK is None, reason="no APK here: make apk")


def rewritten(tmp_path, change):
    """A copy of the APK without a signature, its entries put through `change`."""
    path = tmp_path / "changed.apk"
    with zipfile.ZipFile(APK) as source, AlignedArchive(path) as archive:
        for info in source.infolist():
            entry = change(info.filename, source.read(info))
            if entry is not None:
                archive.add(*entry)
    return path


def test_the_apk_is_good_but_for_the_pages_of_tensorflow_lite():
    assert list(problems_of(Path(APK), page=4096)) == []
    libraries = [n for n in zipfile.ZipFile(APK).namelist() if n.startswith("lib/")]
    assert [problem.split(":")[0] for problem in problems_of(Path(APK))] == libraries


def test_a_changed_byte_breaks_the_signature(tmp_path):
    path = Path(shutil.copy(APK, tmp_path))
    with zipfile.ZipFile(path) as archive:
        offset = archive.getinfo("assets/models/intents.tflite").header_offset + 100_000
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))
    (problem,) = problems_of(path, page=4096)
    assert problem.startswith("signature: ")


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("assets/models/", "no model in assets/models"),
        ("assets/questions.txt", "no assets/questions.txt"),
        ("lib/", "no library for arm64-v8a"),
    ],
)
def test_what_is_missing_is_named(tmp_path, prefix, message):
    path = rewritten(tmp_path, lambda n, content: None if n.startswith(prefix) else (n, content))
    assert message in list(problems_of(path, page=4096))


def test_a_compressed_model_is_named(tmp_path):
    path = tmp_path / "compressed.apk"
    with (
        zipfile.ZipFile(APK) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in source.namelist():
            archive.writestr(name, source.read(name))
    assert any("intents.tflite: compressed" in problem for problem in problems_of(path, page=4096))
