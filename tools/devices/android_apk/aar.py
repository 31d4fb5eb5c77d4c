"""Builds and checks the library's AAR without Google's SDK: `make aar`.

    python -m tools.devices.android_apk.aar build/maven

Classes come from Maven (`android_demo/edgebert/target/classes`). What is written is a Maven
repository of one artifact, with POM and sources, that an app's Gradle takes as it is:

    maven { url = uri("…/build/maven") }
    implementation("dev.edgebert:edgebert:0.1.0")

What is published is built by Gradle, from the same sources, rules and dependencies.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from edgebert.errors import EdgebertError
from edgebert.version import __version__

PROJECT = Path(__file__).parents[3] / "android_demo"
LIBRARY = PROJECT / "edgebert"
CLASSES = LIBRARY / "target" / "classes"
GROUP, ARTIFACT = "dev.edgebert", "edgebert"
DEPENDENCIES = ("litert", "coroutines-core")
"""Names in gradle/libs.versions.toml; the same as in edgebert/build.gradle.kts."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_METADATA = "META-INF/com/android/build/gradle/aar-metadata.properties"
_JAVA_8 = 52
_NEEDED = (
    "dev/edgebert/EdgebertModel.class",
    "dev/edgebert/Search.class",
    "dev/edgebert/engine/TensorFlowLite.class",
    "edgebert/unicode13.txt",
)
_MANIFEST = """<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="{package}">
    <uses-sdk android:minSdkVersion="{min_sdk}" />
</manifest>
"""
_METADATA_TEXT = """aarFormatVersion=1.0
aarMetadataVersion=1.0
minCompileSdk=1
minCompileSdkExtension=0
minAndroidGradlePluginVersion=1.0.0
"""
_POM = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>{group}</groupId>
  <artifactId>{artifact}</artifactId>
  <version>{version}</version>
  <packaging>aar</packaging>
  <name>edgebert</name>
  <description>Runs compact BERT models, made by `edgebert convert`, on Android.</description>
  <licenses>
    <license>
      <name>Apache-2.0</name>
      <url>https://www.apache.org/licenses/LICENSE-2.0.txt</url>
    </license>
  </licenses>
  <dependencies>
{dependencies}
  </dependencies>
</project>
"""
_DEPENDENCY = """    <dependency>
      <groupId>{}</groupId>
      <artifactId>{}</artifactId>
      <version>{}</version>
      <scope>compile</scope>
    </dependency>"""


def main() -> int:
    """Builds and checks an AAR."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repository", type=Path, help="folder to write, a Maven repository")
    try:
        return show(build(parser.parse_args().repository))
    except EdgebertError as error:
        print(error, file=sys.stderr)
        return 1


def build(repository: Path) -> Path:
    """Writes AAR, POM and sources; gives the AAR.

    Raises:
        EdgebertError: the library is not compiled.
    """
    if not (CLASSES / "dev").is_dir():
        raise EdgebertError(f"{CLASSES}: no classes; run `make aar`, which compiles them first")
    folder = repository.joinpath(*GROUP.split("."), ARTIFACT, __version__)
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{ARTIFACT}-{__version__}"
    aar = folder / f"{stem}.aar"
    aar.write_bytes(
        archive(
            {
                "AndroidManifest.xml": manifest().encode(),
                "classes.jar": archive(files_of(CLASSES)),
                "proguard.txt": (LIBRARY / "consumer-rules.pro").read_bytes(),
                "R.txt": b"",
                "META-INF/LICENSE": (PROJECT.parent / "LICENSE").read_bytes(),
                _METADATA: _METADATA_TEXT.encode(),
            }
        )
    )
    sources = files_of(LIBRARY / "src/main/kotlin") | files_of(LIBRARY / "src/main/resources")
    (folder / f"{stem}-sources.jar").write_bytes(archive(sources))
    (folder / f"{stem}.pom").write_text(pom(), encoding="utf-8")
    return aar


def archive(files: dict[str, bytes]) -> bytes:
    """A zip; the same files give the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, data)
    return content.getvalue()


def files_of(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by their paths in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def manifest() -> str:
    """The library's manifest: it asks for no permission and declares nothing."""
    return _MANIFEST.format(package=GROUP, min_sdk=catalogue("versions")["minSdk"])


def pom() -> str:
    """The library's POM, with the dependencies of Gradle's build."""
    versions, libraries = catalogue("versions"), catalogue("libraries")
    found = []
    for name in DEPENDENCIES:
        parts = re.search(r'module = "(.+?):(.+?)", version\.ref = "(.+?)"', libraries[name])
        assert parts is not None  # noqa: S101  # the catalogue is the project's own
        found.append(_DEPENDENCY.format(parts[1], parts[2], versions[parts[3]]))
    return _POM.format(
        group=GROUP, artifact=ARTIFACT, version=__version__, dependencies="\n".join(found)
    )


def catalogue(block: str) -> dict[str, str]:
    """A block of Gradle's catalogue of versions."""
    text = (PROJECT / "gradle/libs.versions.toml").read_text(encoding="utf-8")
    (found,) = re.findall(rf"^\[{block}\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    pairs = re.findall(r'^([\w-]+) = (?:"([^"]+)"|(\{.+\}))$', found, re.MULTILINE)
    return {name: plain or table for name, plain, table in pairs}


def show(aar: Path) -> int:
    """Prints entries and problems of an AAR; 1 where there are problems."""
    print(f"{aar}: {aar.stat().st_size:,} bytes")
    with zipfile.ZipFile(aar) as source:
        for info in source.infolist():
            print(f"  {info.compress_size:>12,}  {info.filename}")
    problems = list(problems_of(aar))
    for problem in problems:
        print(f"wrong: {problem}")
    return 1 if problems else 0


def problems_of(aar: Path) -> Iterator[str]:
    """Everything that is wrong with the library's AAR, one line each."""
    with zipfile.ZipFile(aar) as source:
        names = set(source.namelist())
        needed = ("AndroidManifest.xml", "classes.jar", "proguard.txt", "R.txt", _METADATA)
        missing = [name for name in needed if name not in names]
        if missing:
            yield f"no {', '.join(missing)}"
            return
        yield from _manifest_problems(source.read("AndroidManifest.xml").decode())
        if "-keep class org.tensorflow.lite.**" not in source.read("proguard.txt").decode():
            yield "proguard.txt: does not keep the runtime"
        with zipfile.ZipFile(io.BytesIO(source.read("classes.jar"))) as classes:
            yield from _class_problems(classes)


def _manifest_problems(text: str) -> Iterator[str]:
    root = ET.fromstring(text)  # noqa: S314  # of our own making
    if root.get("package") != GROUP:
        yield f"AndroidManifest.xml: package is {root.get('package')}"
    attribute = "{http://schemas.android.com/apk/res/android}minSdkVersion"
    if [node.get(attribute) for node in root.iter("uses-sdk")] != [catalogue("versions")["minSdk"]]:
        yield "AndroidManifest.xml: another minSdkVersion than Gradle's"
    if list(root.iter("uses-permission")):
        yield "AndroidManifest.xml: it asks for a permission"


def _class_problems(classes: zipfile.ZipFile) -> Iterator[str]:
    names = classes.namelist()
    for name in _NEEDED:
        if name not in names:
            yield f"classes.jar: no {name}"
    for name in names:
        if not name.startswith(("dev/edgebert/", "edgebert/", "META-INF/")):
            yield f"classes.jar: {name} is not the library's"
        if name.endswith(".class"):
            version = int.from_bytes(classes.read(name)[6:8], "big")
            if version > _JAVA_8:
                yield f"classes.jar: {name} is of Java {version - 44}; old Androids read Java 8"


if __name__ == "__main__":
    sys.exit(main())
