"""The AARs, built by `make aar`; EDGEBERT_MAVEN names their repository."""

import io
import os
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tools.devices.android_apk import aar

REPOSITORY = os.environ.get("EDGEBERT_MAVEN")
built = pytest.mark.skipif(REPOSITORY is None, reason="no AAR here: make aar")
each = pytest.mark.parametrize("library", aar.LIBRARIES, ids=lambda library: library.artifact)
POM = "{http://maven.apache.org/POM/4.0.0}"
HOME = "https://example.org/edgebert"


def rewritten(tmp_path, change):
    """A copy of the AAR with its entries put through `change`."""
    path = tmp_path / "changed.aar"
    with zipfile.ZipFile(aar.EDGEBERT.path(Path(REPOSITORY))) as source:
        entries = {name: change(name, source.read(name)) for name in source.namelist()}
    path.write_bytes(aar.archive({n: data for n, data in entries.items() if data is not None}))
    return path


@built
@each
def test_an_aar_is_good_and_has_nothing_that_is_not_its_librarys(library):
    path = library.path(Path(REPOSITORY))
    assert list(aar.problems_of(library, path)) == []
    with (
        zipfile.ZipFile(path) as source,
        zipfile.ZipFile(io.BytesIO(source.read("classes.jar"))) as classes,
    ):
        sources = {path.stem for path in (library.folder / "src/main/kotlin").rglob("*.kt")}
        found = {Path(name).stem.split("$")[0].removesuffix("Kt") for name in classes.namelist()}
        public = {path.stem for path in map(Path, library.needed) if path.suffix == ".class"}
        assert public <= sources & found


@built
@each
def test_beside_an_aar_lies_what_maven_central_wants(library):
    path = library.path(Path(REPOSITORY))
    with zipfile.ZipFile(path.with_name(f"{path.stem}-sources.jar")) as sources:
        names = {Path(name).stem for name in sources.namelist()}
        assert {Path(name).stem for name in library.needed} <= names
    with zipfile.ZipFile(path.with_name(f"{path.stem}-javadoc.jar")) as documentation:
        assert b"CompiledModelEngine" in documentation.read("api.txt")
    assert path.with_suffix(".pom").exists()


@built
def test_what_is_missing_or_foreign_is_named(tmp_path):
    def problems(change):
        return list(aar.problems_of(aar.EDGEBERT, rewritten(tmp_path, change)))

    assert problems(lambda n, d: None if n == "proguard.txt" else d) == ["no proguard.txt"]
    assert problems(lambda n, d: b"# nothing" if n == "proguard.txt" else d) == [
        "proguard.txt: does not keep the runtime"
    ]
    unknown = b"HSPLdev/edgebert/gone/**;->**(**)**\nHSPL dev"
    assert problems(lambda n, d: unknown if n == aar.PROFILE else d) == [
        "baseline-prof.txt: 'HSPLdev/edgebert/gone/**;->**(**)**' names no class",
        "baseline-prof.txt: 'HSPL dev' is no rule",
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


@each
def test_a_pom_has_gradles_dependencies(library):
    gradle = (library.folder / "build.gradle.kts").read_text()
    names = re.findall(r"^    api\(libs\.([\w.]+)\)$", gradle, re.M)
    assert tuple(name.replace(".", "-") for name in names) == library.dependencies
    assert f'artifactId = "{library.artifact}"' in gradle
    assert f'namespace = "{aar.package(library)}"' in gradle
    assert f'description = "{library.description}"' in gradle
    found = ET.fromstring(aar.pom(library)).iter(f"{POM}dependency")  # noqa: S314
    versions = [node.findtext(f"{POM}version") for node in found]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
    assert len(versions) == len(names) + (library is not aar.EDGEBERT)


@each
def test_a_pom_has_all_that_maven_central_wants(library):
    """Its list: https://central.sonatype.org/publish/requirements/."""
    root = ET.fromstring(aar.pom(library, HOME))  # noqa: S314
    for place in (
        "groupId",
        "artifactId",
        "version",
        "packaging",
        "name",
        "description",
        "url",
        "licenses/license/name",
        "licenses/license/url",
        "developers/developer/name",
        "scm/url",
        "scm/connection",
        "scm/developerConnection",
    ):
        path = "/".join(f"{POM}{name}" for name in place.split("/"))
        assert (root.findtext(path) or "").strip(), place


def test_gradle_publishes_with_all_that_maven_central_wants():
    shared = (aar.PROJECT / "build.gradle.kts").read_text()
    for wanted in (
        "licenses",
        "developers",
        "scm",
        "connection",
        "developerConnection",
        "url",
        "useGpgCmd",
    ):
        assert wanted in shared
    for library in aar.LIBRARIES:
        gradle = (library.folder / "build.gradle.kts").read_text()
        for wanted in ("withSourcesJar()", "withJavadocJar()", "`maven-publish`", "signing"):
            assert wanted in gradle, (library.module, wanted)
