"""The library's AAR, built by `make aar`; EDGEBERT_AAR names it."""

import io
import os
import re
import zipfile
from pathlib import Path

import pytest

from tools.devices.android_apk import aar

AAR = os.environ.get("EDGEBERT_AAR")
built = pytest.mark.skipif(AAR is None, reason="no AAR here: make aar")


def rewritten(tmp_path, change):
    """A copy of the AAR with its entries put through `change`."""
    path = tmp_path / "changed.aar"
    with zipfile.ZipFile(AAR) as source:
        entries = {name: change(name, source.read(name)) for name in source.namelist()}
    path.write_bytes(aar.archive({n: data for n, data in entries.items() if data is not None}))
    return path


@built
def test_the_aar_is_good_and_has_nothing_that_is_not_the_librarys():
    assert list(aar.problems_of(Path(AAR))) == []
    with (
        zipfile.ZipFile(AAR) as source,
        zipfile.ZipFile(io.BytesIO(source.read("classes.jar"))) as classes,
    ):
        sources = {path.stem for path in (aar.LIBRARY / "src/main/kotlin").rglob("*.kt")}
        found = {Path(name).stem.split("$")[0].removesuffix("Kt") for name in classes.namelist()}
        assert {"EdgebertModel", "Search", "Tokenizer", "TensorFlowLite"} <= sources & found


@built
def test_what_is_missing_or_foreign_is_named(tmp_path):
    def problems(change):
        return list(aar.problems_of(rewritten(tmp_path, change)))

    assert problems(lambda n, d: None if n == "proguard.txt" else d) == ["no proguard.txt"]
    assert problems(lambda n, d: b"# nothing" if n == "proguard.txt" else d) == [
        "proguard.txt: does not keep the runtime"
    ]
    permission = b'<uses-permission android:name="android.permission.INTERNET"/></manifest>'
    assert problems(
        lambda n, d: d.replace(b"</manifest>", permission) if n.endswith(".xml") else d
    ) == ["AndroidManifest.xml: it asks for a permission"]
    foreign = aar.archive({"com/other/Thing.class": b"\xca\xfe\xba\xbe\0\0\0\x3d"})
    found = problems(lambda n, d: foreign if n == "classes.jar" else d)
    assert "classes.jar: com/other/Thing.class is not the library's" in found
    assert "classes.jar: com/other/Thing.class is of Java 17; old Androids read Java 8" in found
    assert "classes.jar: no edgebert/unicode13.txt" in found


def test_the_pom_has_gradles_dependencies_and_what_maven_central_wants():
    gradle = (aar.LIBRARY / "build.gradle.kts").read_text()
    names = re.findall(r"^    api\(libs\.([\w.]+)\)$", gradle, re.M)
    assert tuple(name.replace(".", "-") for name in names) == aar.DEPENDENCIES
    pom = aar.pom()
    versions = aar.catalogue("versions")
    assert f"<version>{versions['litert']}</version>" in pom
    for wanted in ("licenses", "developers", "scm", "withSourcesJar", "withJavadocJar"):
        assert wanted in gradle
