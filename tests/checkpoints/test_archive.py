"""Archives as people make them come out whole; archives made to harm do not come out at all."""

import contextlib
import gzip
import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgebert.checkpoints.archive import ArchiveLimits, DamagedArchiveError, is_archive, unpacked
from edgebert.errors import EdgebertError

FILES = {
    "model/config.json": b'{"hidden_size": 128}',
    "model/vocab.txt": b"[PAD]\n[UNK]\n" * 300,
    "model/1_Pooling/config.json": b"{}",
}
FORMATS = ("zip", "tar", "tar.gz", "tgz")


def zip_of(path: Path, files: dict[str, bytes], **options) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def tar_of(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def archive_of(folder: Path, form: str, files: dict[str, bytes]) -> Path:
    return (zip_of if form == "zip" else tar_of)(folder / f"a.{form}", files)


def tar_with(path: Path, **fields) -> Path:
    member = tarfile.TarInfo("model/weights.bin")
    for name, value in fields.items():
        setattr(member, name, value)
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(member)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def refused(archive: Path, *, limits: ArchiveLimits | None = None) -> str:
    """The one-line message with which `archive` is refused."""
    opened = unpacked(archive, **({"limits": limits} if limits else {}))
    with pytest.raises(EdgebertError) as caught:
        opened.__enter__()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Where temporary folders are made; empty again after each test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert not list(folder.iterdir())


@pytest.mark.parametrize("form", FORMATS)
def test_the_single_top_level_folder_is_entered(tmp_path, form):
    with unpacked(archive_of(tmp_path, form, FILES)) as folder:
        assert contents(folder) == {n.removeprefix("model/"): d for n, d in FILES.items()}


@pytest.mark.parametrize("form", FORMATS)
def test_flat_files_are_found(tmp_path, form):
    flat = {"./config.json": b"{}", "vocab.txt": b"a", "1_Pooling/config.json": b"{}"}
    with unpacked(archive_of(tmp_path, form, flat)) as folder:
        assert set(contents(folder)) == {"config.json", "vocab.txt", "1_Pooling/config.json"}


def test_the_files_live_as_long_as_the_block_even_when_it_fails(tmp_path, temporary):
    archive = zip_of(tmp_path / "a.zip", FILES)
    with contextlib.suppress(KeyError), unpacked(archive) as folder:
        assert folder.is_relative_to(temporary)
        assert folder.parent.stat().st_mode & 0o077 == 0
        raise KeyError
    assert not folder.exists()


@pytest.mark.parametrize("form", FORMATS)
def test_dot_files_and_mac_leftovers_stay_packed(tmp_path, form):
    noise = {"__MACOSX/model/._config.json": b"x", "model/.DS_Store": b"x", ".git/config": b"x"}
    with unpacked(archive_of(tmp_path, form, noise | FILES)) as folder:
        assert folder.name == "model"
        assert len(contents(folder)) == len(FILES)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "model/../../evil",
        "/evil",
        "C:/evil",
        "C:evil",
        "..\\evil",
        "\\evil",
        "//host/evil",
    ],
)
def test_names_that_point_outside_are_refused(tmp_path, form, name):
    if form == "zip":
        archive = zip_of(tmp_path / "a.zip", FILES | {name: b"x"})
    else:
        archive = tar_of(tmp_path / f"a.{form}", FILES | {name: b"x"})
    assert "points outside the archive" in refused(archive)
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.FIFOTYPE, "a device"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.GNUTYPE_SPARSE, "a sparse file"),
    ],
)
def test_tar_links_and_devices_are_refused(tmp_path, kind, word):
    archive = tar_with(tmp_path / "a.tgz", type=kind, linkname="/etc/passwd")
    assert f"'model/weights.bin' is {word}" in refused(archive)


def test_zip_links_are_refused(tmp_path):
    link = zipfile.ZipInfo("model/weights.bin")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "'model/weights.bin' is a link" in refused(tmp_path / "a.zip")


def test_encrypted_zips_are_refused(tmp_path):
    archive = zip_of(tmp_path / "a.zip", {"config.json": b"{}"})
    data = bytearray(archive.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag in the central directory
    archive.write_bytes(data)
    assert "'config.json' is encrypted" in refused(archive)


def test_a_file_twice_is_refused(tmp_path):
    archive = zip_of(tmp_path / "a.zip", {"vocab.txt": b"a", "vocab.tyt": b"b"})
    archive.write_bytes(archive.read_bytes().replace(b"vocab.tyt", b"vocab.txt"))
    assert "File exists" in refused(archive)


@pytest.mark.parametrize("form", FORMATS)
def test_a_bomb_stops_at_the_limit(tmp_path, form, temporary):
    archive = archive_of(tmp_path, form, {"weights.bin": bytes(3_000_000)})
    assert "unpacks to more than 1 MB" in refused(
        archive, limits=ArchiveLimits(total_bytes=1_000_000)
    )
    roomy = ArchiveLimits(ratio=100, free_bytes=4_000_000)
    with unpacked(archive, limits=roomy) as folder:
        assert (folder / "weights.bin").stat().st_size == 3_000_000


@pytest.mark.parametrize("form", ["zip", "tgz"])
def test_a_bomb_stops_at_its_ratio(tmp_path, form):
    archive = archive_of(tmp_path, form, {"weights.bin": bytes(3_000_000)})
    assert archive.stat().st_size < 6_000
    assert "too much for its size" in refused(
        archive, limits=ArchiveLimits(ratio=100, free_bytes=1000)
    )


def test_files_are_counted_together(tmp_path):
    archive = zip_of(tmp_path / "a.zip", {f"{n}.bin": bytes(400) for n in range(3)})
    assert "unpacks to more" in refused(archive, limits=ArchiveLimits(total_bytes=1_000))


def test_a_bomb_in_a_skipped_file_stops_too(tmp_path):
    archive = tar_of(tmp_path / "a.tgz", {".hidden": bytes(40_000_000), **FILES})
    assert "unpacks to more" in refused(archive, limits=ArchiveLimits(total_bytes=1_000_000))


def test_a_skipped_file_is_not_unpacked_to_find_out_that_it_is_a_bomb(tmp_path):
    header = tarfile.TarInfo(".hidden")
    header.size = 1 << 40  # of which nothing is there
    with gzip.open(tmp_path / "a.tgz", "wb") as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT))
    assert "unpacks to more" in refused(tmp_path / "a.tgz")


def test_a_bomb_behind_the_end_mark_stops_too(tmp_path):
    archive = tar_of(tmp_path / "a.tgz", FILES)
    archive.write_bytes(gzip.compress(gzip.decompress(archive.read_bytes()) + bytes(40_000_000)))
    assert "unpacks to more" in refused(archive, limits=ArchiveLimits(total_bytes=1_000_000))


def test_too_many_members_are_refused(tmp_path):
    archive = zip_of(tmp_path / "a.zip", {f"{n}.txt": b"" for n in range(6)})
    assert "more than 5 members" in refused(archive, limits=ArchiveLimits(members=5))


def test_a_long_tar_header_is_not_read_into_memory(tmp_path):
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 50_000_000
    with gzip.open(tmp_path / "a.tgz", "wb") as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT))
        file.write(bytes(50_000_000))
    assert "a header is too long" in refused(tmp_path / "a.tgz")


def test_a_tower_of_tar_headers_is_refused(tmp_path):
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 512
    layer = header.tobuf(tarfile.GNU_FORMAT) + b"a" * 512
    (tmp_path / "a.tar").write_bytes(layer * 5_000)
    assert "damaged" in refused(tmp_path / "a.tar")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kept", [0, 1, 100, 511, 512, 0.3, 0.5, 0.7, 0.95])
def test_truncated_archives_are_damaged(tmp_path, form, kept):
    archive = archive_of(tmp_path, form, FILES | {"model/weights.bin": bytes(range(256)) * 64})
    data = archive.read_bytes()
    kept = int(kept * 2560 * 9) if form == "tar" and kept < 1 else kept
    archive.write_bytes(data[: int(len(data) * kept) if isinstance(kept, float) else kept])
    with pytest.raises(DamagedArchiveError, match=r"damaged, or not an archive .*get it again"):
        unpacked(archive).__enter__()


def test_a_tar_cut_between_two_members_is_damaged(tmp_path):
    archive = tar_of(tmp_path / "a.tar", {"a": b"1" * 512, "b": b"2" * 512})
    archive.write_bytes(archive.read_bytes()[: 2 * 512])
    assert "no end mark" in refused(archive)


@pytest.mark.parametrize("form", ["zip", "tgz"])
def test_a_flipped_bit_in_the_data_is_damage(tmp_path, form):
    noise = bytes((i * i * 7 + i // 3) % 251 for i in range(20_000))
    archive = archive_of(tmp_path, form, {"weights.bin": noise})
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 0x10
    archive.write_bytes(data)
    assert "damaged" in refused(archive)


@pytest.mark.parametrize("form", FORMATS)
def test_an_archive_without_files_is_refused(tmp_path, form):
    assert "holds no files" in refused(archive_of(tmp_path, form, {".hidden": b""}))


def test_a_web_page_is_no_archive(tmp_path):
    (tmp_path / "a.zip").write_text("<html>log in to the hotel network</html>")
    (tmp_path / "a.tgz").write_text("<html>log in to the hotel network</html>" * 40)
    assert "not an archive" in refused(tmp_path / "a.zip")
    assert "not an archive" in refused(tmp_path / "a.tgz")


def test_a_full_disk_says_what_to_do(tmp_path, monkeypatch):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    message = refused(zip_of(tmp_path / "a.zip", FILES))
    assert "No space left on device" in message
    assert "TMPDIR" in message


@pytest.mark.parametrize("form", ["zip", "tar", "tgz"])
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_damage_gives_anything_but_the_files_or_one_error(tmp_path, form, data):
    archive = archive_of(tmp_path, form, FILES)
    raw = bytearray(archive.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    archive.write_bytes(raw)
    try:
        with unpacked(archive, limits=ArchiveLimits(total_bytes=1 << 20)) as folder:
            assert sum(len(text) for text in contents(folder).values()) <= 1 << 20
    except EdgebertError as error:
        message = str(error)
        assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.zip", True), ("A.ZIP", True), ("a.tar.gz", True), ("a.tflite", False), ("zip", False)],
)
def test_archives_are_known_by_their_name(name, expected):
    assert is_archive(Path(name)) is expected
