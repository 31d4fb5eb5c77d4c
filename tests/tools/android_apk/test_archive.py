import zipfile

from tools.devices.android_apk.archive import AlignedArchive
from tools.devices.android_apk.check import content_offset


def test_libraries_begin_at_pages_of_16_kb_and_models_at_words(tmp_path):
    path = tmp_path / "x.apk"
    contents = {
        "a.txt": b"text" * 100,
        "assets/models/a.tflite": b"model" * 1001,
        "lib/arm64-v8a/a.so": b"code" * 5000,
        "b.txt": b"x",
        "lib/arm64-v8a/ä.so": b"code",
        "resources.arsc": b"r" * 333,
    }
    with AlignedArchive(path) as archive:
        for name, content in contents.items():
            archive.add(name, content)
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            stored = info.compress_type == zipfile.ZIP_STORED
            assert stored == (not info.filename.endswith(".txt"))
            offset = content_offset(file, info)
            if stored:
                file.seek(offset)
                assert file.read(info.file_size) == contents[info.filename]
                assert offset % (16384 if info.filename.endswith(".so") else 4) == 0


def test_the_same_content_gives_the_same_bytes(tmp_path):
    for name in "ab":
        with AlignedArchive(tmp_path / name) as archive:
            archive.add("x.so", b"code")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
