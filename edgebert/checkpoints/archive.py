"""Unpacking a checkpoint from an archive that nobody has to trust.

Only regular files with plain relative names come out, into a private temporary folder, within
limits on their number and on the bytes really written (what the headers claim counts for nothing).
"""

from __future__ import annotations

import contextlib
import gzip
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import IO, BinaryIO, cast

from edgebert.errors import EdgebertError

SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar")
"""How the name of an archive ends."""

_CHUNK = 256 << 10
_LARGEST_READ = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
# All that the two modules of the standard library raise on files made or broken on purpose.
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    OverflowError,
    RuntimeError,
)


class DamagedArchiveError(EdgebertError):
    """The archive is cut short, fails its checksums, or is no archive at all."""


@dataclass(frozen=True)
class ArchiveLimits:
    """How much may come out of one archive.

    Attributes:
        total_bytes: never more than this.
        ratio: nor more than this many times the size of the archive,
        free_bytes: except that this much is always allowed.
        members: entries of any kind.
    """

    total_bytes: int = 4 << 30
    ratio: int = 100
    free_bytes: int = 256 << 20
    members: int = 10_000

    def bytes_of(self, archive: Path) -> int:
        """Most bytes that may come out of this archive."""
        return min(self.total_bytes, max(self.free_bytes, self.ratio * archive.stat().st_size))


DEFAULT_LIMITS = ArchiveLimits()
"""Holds any compact BERT: 12/768 in float32 is 0.44 GB."""


def is_archive(path: Path) -> bool:
    """Whether the name says that this is an archive."""
    return path.name.lower().endswith(SUFFIXES)


@contextlib.contextmanager
def unpacked(archive: Path, *, limits: ArchiveLimits = DEFAULT_LIMITS) -> Iterator[Path]:
    """Gives the folder inside `archive` that holds its files, and removes it at the end.

    A lone folder at the top is entered, however deep. `__MACOSX` and dot files stay packed.
    Weights that are mapped from the folder must not be used after the block.

    Args:
        archive: a `.zip`, `.tar`, `.tar.gz` or `.tgz`.
        limits: how much may come out.

    Raises:
        DamagedArchiveError: it cannot be read to its end, or a checksum does not match.
        EdgebertError: it holds links, devices, encrypted files, absolute names or `..`, it unpacks
            to more than the limits, or there is no room for it.
    """
    with tempfile.TemporaryDirectory(prefix="edgebert-") as name:
        folder = Path(name)
        try:
            _unpack(archive, folder, limits)
        except _DAMAGE as error:
            raise DamagedArchiveError(
                f"{archive}: damaged, or not an archive ({error}); get it again"
            ) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise EdgebertError(
                f"{archive}: cannot unpack into {folder.parent}: {reason}; "
                "TMPDIR names another place for temporary files"
            ) from error
        yield _root(archive, folder)


@dataclass(frozen=True)
class _Entry:
    """One member of an archive; `refusal` says what it is when it is not a plain file."""

    name: str
    is_folder: bool
    refusal: str | None
    open: Callable[[], IO[bytes] | None]


def _unpack(archive: Path, folder: Path, limits: ArchiveLimits) -> None:
    most = left = limits.bytes_of(archive)
    is_zip = archive.name.lower().endswith(".zip")
    entries = _zip_entries(archive) if is_zip else _tar_entries(archive, most)
    for count, entry in enumerate(entries, start=1):
        if count > limits.members:
            raise EdgebertError(f"{archive}: has more than {limits.members} members")
        parts = _safe_parts(archive, entry.name)
        if entry.is_folder or _ignored(parts):
            continue
        source = None if entry.refusal else entry.open()
        if source is None:
            raise EdgebertError(
                f"{archive}: {entry.name!r} is {entry.refusal}; pack it again with plain files only"
            )
        target = folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with source, target.open("xb") as sink:
            while chunk := source.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise _too_large(archive, most)
                sink.write(chunk)


def _zip_entries(archive: Path) -> Iterator[_Entry]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            yield _Entry(
                info.filename,
                info.is_dir(),
                _zip_refusal(info),
                lambda info=info: opened.open(info),  # type: ignore[misc]
            )


def _zip_refusal(info: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(info.external_attr >> 16)  # 0 where the writer keeps no Unix mode
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "a link" if kind == stat.S_IFLNK else "a device"
    if info.flag_bits & 0x1:
        return "encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "compressed in an unusual way"
    return None


def _tar_entries(archive: Path, most: int) -> Iterator[_Entry]:
    with contextlib.ExitStack() as stack:
        file: BinaryIO = stack.enter_context(archive.open("rb"))
        zipped = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        file.seek(0)
        if zipped:
            file = cast(BinaryIO, stack.enter_context(gzip.open(file)))
        stream = _Bounded(archive, file, most)
        tar = stack.enter_context(tarfile.open(fileobj=cast(BinaryIO, stream), mode="r:"))
        for member in tar:
            yield _Entry(
                member.name,
                member.isdir(),
                _tar_refusal(member),
                lambda member=member: tar.extractfile(member),  # type: ignore[misc]
            )
        _check_tar_end(stream, tar.offset)


def _tar_refusal(member: tarfile.TarInfo) -> str | None:
    if member.issym() or member.islnk():
        return "a link"
    if member.issparse():
        return "a sparse file"
    return None if member.isfile() else "a device"


def _check_tar_end(stream: _Bounded, offset: int) -> None:
    """Tar ends in zeros: anything else was cut off or overwritten, which tarfile lets pass."""
    stream.seek(offset)
    if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("no end mark")
    while stream.read(_CHUNK):  # to the end, where gzip keeps its checksum
        pass


class _Bounded:
    """A stream that tarfile can neither run on for ever nor read into memory at once."""

    def __init__(self, archive: Path, raw: BinaryIO, most: int) -> None:
        self._archive = archive
        self._raw = raw
        self._most = most

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _LARGEST_READ:
            raise tarfile.ReadError("a header is too long")
        self._check(self._raw.tell() + size)
        return self._raw.read(size)

    def seek(self, position: int) -> int:
        self._check(position)
        return self._raw.seek(position)

    def tell(self) -> int:
        return self._raw.tell()

    def _check(self, position: int) -> None:
        # Headers and padding come on top of the files: 1.5 KiB a member is plenty.
        if position > self._most + (16 << 20):
            raise _too_large(self._archive, self._most)


def _safe_parts(archive: Path, name: str) -> tuple[str, ...]:
    """The parts of a relative name; Windows' reading of it also covers all of Unix's."""
    path = PureWindowsPath(name)
    if path.drive or path.root or ".." in path.parts:
        raise EdgebertError(
            f"{archive}: member {name!r} points outside the archive; this archive is not safe"
        )
    return path.parts


def _ignored(parts: tuple[str, ...]) -> bool:
    return not parts or any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _too_large(archive: Path, most: int) -> EdgebertError:
    return EdgebertError(
        f"{archive}: unpacks to more than {most / 1e6:,.0f} MB, too much for its size; "
        "unpack it yourself if you trust it, and give the folder"
    )


def _root(archive: Path, folder: Path) -> Path:
    entries = list(folder.iterdir())
    if not entries:
        raise EdgebertError(f"{archive}: holds no files")
    if len(entries) == 1 and entries[0].is_dir():
        return _root(archive, entries[0])
    return folder
