"""The zip behind a model is read as the zipfile module reads it, and anything else is refused."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebert.model_file.stored_zip import (
    NoStoredZipError,
    archive_bytes,
    read_archive,
    read_stored,
)

FILES = {"a.txt": "one\n", "b.txt": "é" * 300, "empty": ""}


def written(prefix=b"model"):
    return prefix + archive_bytes(FILES, len(prefix))


@given(st.dictionaries(st.text("abc.", min_size=1, max_size=9), st.text(max_size=50)), st.binary())
def test_what_was_written_is_read(files, prefix):
    data = prefix + archive_bytes(files, len(prefix))
    found = read_stored(io.BytesIO(data), dict.fromkeys(files, 1000))
    assert found == {name: text.encode() for name, text in files.items()}


def test_entries_of_the_zipfile_module_are_read():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.comment = b"PK\5\6 is only a comment here"[7:]
        archive.writestr("a.txt", "one")
    assert read_stored(target, {"a.txt": 3}) == {"a.txt": b"one"}


def test_what_is_written_is_what_the_zipfile_module_writes():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in FILES.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3  # Unix, wherever this runs
            archive.writestr(info, text.encode())
    assert archive_bytes(FILES, 0) == target.getvalue()


def test_missing_large_and_compressed_entries_are_named():
    with pytest.raises(NoStoredZipError, match=r"no c\.txt"):
        read_stored(io.BytesIO(written()), {"c.txt": 9})
    with pytest.raises(NoStoredZipError, match=r"b\.txt is .* too large"):
        read_stored(io.BytesIO(written()), {"b.txt": 599})
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "one" * 100)
    with pytest.raises(NoStoredZipError, match=r"a\.txt is compressed"):
        read_stored(target, {"a.txt": 1000})
    with pytest.raises(NoStoredZipError, match="no zip"):
        read_stored(io.BytesIO(b"x" * 100), {"a.txt": 9})


def test_entries_that_are_the_same_bytes_are_refused():
    data = written()
    entry = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
    end = data.rindex(b"PK\5\6")
    more = data[entry : data.index(b"PK\1\2", entry + 4)]
    count = 6
    directory = data[:end] + b"".join(more.replace(b"b.txt", b"%d.txt" % n) for n in range(count))
    record = bytearray(data[end:])
    length = int.from_bytes(record[12:16], "little") + count * len(more)
    record[8:12] = 2 * (len(FILES) + count).to_bytes(2, "little")
    record[12:16] = length.to_bytes(4, "little")
    with pytest.raises(NoStoredZipError, match=r"^its zip is damaged$"):
        read_archive(io.BytesIO(directory + record), 1000)


@pytest.mark.parametrize("cut", [1, 10])
def test_a_zip_that_was_cut_short_is_damaged_in_plain_words(cut):
    with pytest.raises(NoStoredZipError, match=r"^its zip is damaged$"):
        read_stored(io.BytesIO(written()[:-cut]), {"a.txt": 9})


@given(st.integers(0, len(written()) - 1), st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_harmless(at, flip):
    data = bytearray(written())
    data[at] ^= flip
    try:
        found = read_stored(io.BytesIO(data), dict.fromkeys(FILES, 1000))
    except NoStoredZipError:
        return
    assert found == {name: text.encode() for name, text in FILES.items()}


@given(st.integers(0, len(written()) - 1))
def test_a_cut_file_is_refused(length):
    with pytest.raises(NoStoredZipError):
        read_stored(io.BytesIO(written()[:length]), dict.fromkeys(FILES, 1000))
