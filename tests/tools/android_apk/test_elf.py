import subprocess
import sys
from pathlib import Path

import pytest

from edgebert.errors import EdgebertError
from tests.tools.android_apk.elf_files import BIT_32, GOOD, SHIFTED, SMALL_PAGES, elf
from tools.devices.android_apk.elf import read_elf

PAGE = 16384


def fits(content):
    return all(segment.fits(PAGE) for segment in read_elf(content, "lib.so").segments)


def test_a_library_linked_for_pages_of_16_kb_fits():
    assert fits(GOOD)
    assert read_elf(GOOD, "lib.so").alignment == PAGE


def test_a_library_linked_for_pages_of_4_kb_does_not_fit():
    assert not fits(SMALL_PAGES)
    assert read_elf(SMALL_PAGES, "lib.so").alignment == 4096


def test_an_address_that_disagrees_with_its_offset_does_not_fit():
    assert not fits(SHIFTED)


def test_libraries_of_32_bits_are_read():
    library = read_elf(BIT_32, "lib.so")
    assert (library.bits, library.alignment) == (32, 4096)


def test_readelf_sees_the_same(tmp_path):
    path = tmp_path / "lib.so"
    content = any_library()
    path.write_bytes(content)
    try:
        said = subprocess.run(["readelf", "-lW", path], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("readelf (Debian's binutils) is not here")
    lines = [line.split() for line in said.stdout.splitlines() if line.split()[:1] == ["LOAD"]]
    wanted = [(int(line[1], 16), int(line[2], 16), int(line[-1], 16)) for line in lines]
    found = [(s.offset, s.address, s.alignment) for s in read_elf(content, "x").segments]
    assert found == wanted


def any_library():
    """What this interpreter has mapped."""
    maps = Path("/proc/self/maps").read_text().splitlines()
    paths = sorted({line.split()[-1] for line in maps if ".so" in line and "/" in line})
    return Path(paths[0] if paths else sys.executable).read_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no ELF library"),
        (b"PK\x03\x04" + bytes(60), "no ELF library"),
        (GOOD[:5] + b"\x02" + GOOD[6:], "no ELF library"),
        (GOOD[:80], "damaged"),
        (elf((0, 0, 0x4000), kind=6), "no LOAD segment"),
        (elf(), "no LOAD segment"),
    ],
)
def test_what_is_no_library_is_one_line(content, message):
    with pytest.raises(EdgebertError, match=message) as caught:
        read_elf(content, "lib.so")
    assert "\n" not in str(caught.value)
