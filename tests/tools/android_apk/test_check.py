"""An APK's libraries; the rest of the check runs on a whole APK, see `make test-apk`."""

import zipfile

import pytest

from tests.tools.android_apk.elf_files import BIT_32, GOOD, SMALL_PAGES
from tools.devices.android_apk.archive import AlignedArchive
from tools.devices.android_apk.check import natives


@pytest.fixture
def problems(tmp_path):
    def of(content, page=16384, abi="arm64-v8a"):
        path = tmp_path / "x.apk"
        with AlignedArchive(path) as archive:
            archive.add("odd.txt", b"x" * 77)
            archive.add(f"lib/{abi}/liba.so", content)
        return [problem for native in natives(path) for problem in native.problems(page)]

    return of


def test_an_aligned_library_is_good(problems):
    assert problems(GOOD) == []


def test_a_library_linked_for_4_kb_is_named(problems):
    (problem,) = problems(SMALL_PAGES)
    assert problem == ("lib/arm64-v8a/liba.so: LOAD segments aligned to 4,096 bytes, not to 16,384")
    assert problems(SMALL_PAGES, page=4096) == []


def test_machines_of_32_bits_have_small_pages(problems):
    assert problems(BIT_32, abi="armeabi-v7a") == []


def test_a_library_at_a_wrong_place_in_the_archive_is_named(tmp_path):
    path = tmp_path / "x.apk"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lib/arm64-v8a/liba.so", GOOD)
    (native,) = natives(path)
    assert list(native.problems(16384)) == [
        "lib/arm64-v8a/liba.so: lies at 51 in the APK, no multiple of 16,384"
    ]
