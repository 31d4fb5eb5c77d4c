"""Builds and checks the libraries' AARs without Google's SDK: `make aar`.

    python -m tools.devices.android_apk.aar build/maven

Classes come from Maven (`android_demo/edgebert/target/classes`). What is written is a Maven
repository that an app's Gradle takes as it is:

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
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from edgebert.errors import EdgebertError
from edgebert.version import __version__

PROJECT = Path(__file__).parents[3] / "android_demo"
GROUP = "dev.edgebert"
PROFILE = "baseline-prof.txt"
"""Methods that Android compiles when an app is installed, not after they have run for a while."""


@dataclass(frozen=True)
class Library:
    """One of the artifacts.

    Attributes:
        module: its folder in the project.
        artifact: its name in Maven.
        description: what it is for.
        dependencies: names in gradle/libs.versions.toml; those of its build.gradle.kts.
        needed: files that its classes.jar must have.
        prefixes: of all that may be in it.
        keeps: packages that its rules for R8 must keep.
    """

    module: str
    artifact: str
    description: str
    dependencies: tuple[str, ...]
    needed: tuple[str, ...]
    prefixes: tuple[str, ...]
    keeps: str

    @property
    def folder(self) -> Path:
        """Where it lies in the project."""
        return PROJECT / self.module

    @property
    def classes(self) -> Path:
        """What Maven has compiled."""
        return self.folder / "target" / "classes"

    def path(self, repository: Path) -> Path:
        """Its AAR in a Maven repository."""
        folder = repository.joinpath(*GROUP.split("."), self.artifact, __version__)
        return folder / f"{self.artifact}-{__version__}.aar"


EDGEBERT = Library(
    module="edgebert",
    artifact="edgebert",
    description="Runs compact BERT models, made by `edgebert convert`, on Android.",
    dependencies=("litert", "coroutines-core"),
    needed=(
        "dev/edgebert/EdgebertModel.class",
        "dev/edgebert/Search.class",
        "dev/edgebert/engine/TensorFlowLite.class",
        "edgebert/unicode13.txt",
    ),
    prefixes=("dev/edgebert/", "edgebert/", "META-INF/"),
    keeps="org.tensorflow.lite",
)
LITERT = Library(
    module="litert",
    artifact="edgebert-litert",
    description="LiteRT 2's CompiledModel as an engine of edgebert, for files of fixed lengths.",
    dependencies=("litert-compiled",),
    needed=("dev/edgebert/litert/CompiledModelEngine.class",),
    prefixes=("dev/edgebert/litert/", "META-INF/"),
    keeps="com.google.ai.edge.litert",
)
LIBRARIES = (EDGEBERT, LITERT)

_EPOCH = (1980, 1, 1, 0, 0, 0)
_METADATA = "META-INF/com/android/build/gradle/aar-metadata.properties"
_JAVA_8 = 52
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
  <name>{artifact}</name>
  <description>{description}</description>
{home}  <licenses>
    <license>
      <name>Apache-2.0</name>
      <url>https://www.apache.org/licenses/LICENSE-2.0.txt</url>
    </license>
  </licenses>
  <developers>
    <developer>
      <id>edgebert</id>
      <name>The edgebert developers</name>
    </developer>
  </developers>
  <dependencies>
{dependencies}
  </dependencies>
</project>
"""
_HOME = """  <url>{url}</url>
  <scm>
    <url>{url}</url>
    <connection>scm:git:{url}.git</connection>
    <developerConnection>scm:git:{url}.git</developerConnection>
  </scm>
"""
_DEPENDENCY = """    <dependency>
      <groupId>{}</groupId>
      <artifactId>{}</artifactId>
      <version>{}</version>
      <scope>compile</scope>
    </dependency>"""


def main() -> int:
    """Builds and checks the AARs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repository", type=Path, help="folder to write, a Maven repository")
    given = parser.parse_args()
    try:
        return max(show(lib, build(lib, given.repository, home_page())) for lib in LIBRARIES)
    except EdgebertError as error:
        print(error, file=sys.stderr)
        return 1


def build(library: Library, repository: Path, url: str | None = None) -> Path:
    """Writes AAR, POM, sources and documentation; gives the AAR.

    Raises:
        EdgebertError: the library is not compiled.
    """
    if not (library.classes / "dev").is_dir():
        raise EdgebertError(f"{library.classes}: no classes; run `make aar`, which compiles them")
    aar = library.path(repository)
    aar.parent.mkdir(parents=True, exist_ok=True)
    files = {
        "AndroidManifest.xml": manifest(library).encode(),
        "classes.jar": archive(files_of(library.classes)),
        "proguard.txt": (library.folder / "consumer-rules.pro").read_bytes(),
        "R.txt": b"",
        "META-INF/LICENSE": (PROJECT.parent / "LICENSE").read_bytes(),
        _METADATA: _METADATA_TEXT.encode(),
    }
    profile = library.folder / "src/main" / PROFILE
    if profile.exists():
        files[PROFILE] = profile.read_bytes()
    aar.write_bytes(archive(files))
    sources = files_of(library.folder / "src/main")
    aar.with_name(f"{aar.stem}-sources.jar").write_bytes(archive(sources))
    # Maven Central wants one; KDoc lies in the sources, this is the list of all that is public.
    public = {"api.txt": (PROJECT.parent / "docs/api.txt").read_bytes()}
    aar.with_name(f"{aar.stem}-javadoc.jar").write_bytes(archive(public))
    aar.with_suffix(".pom").write_text(pom(library, url), encoding="utf-8")
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


def manifest(library: Library) -> str:
    """A library's manifest: it asks for no permission and declares nothing."""
    return _MANIFEST.format(package=package(library), min_sdk=catalogue("versions")["minSdk"])


def package(library: Library) -> str:
    """Its package, which no other library may have."""
    return ".".join(library.needed[0].split("/")[:-1])


def pom(library: Library, url: str | None = None) -> str:
    """A library's POM, with the dependencies of Gradle's build.

    Args:
        library: whose.
        url: the project's home page, which Maven Central wants and a local repository does not.
    """
    versions, libraries = catalogue("versions"), catalogue("libraries")
    found = [(GROUP, EDGEBERT.artifact, __version__)] if library is not EDGEBERT else []
    for name in library.dependencies:
        parts = re.search(r'module = "(.+?):(.+?)", version\.ref = "(.+?)"', libraries[name])
        assert parts is not None  # noqa: S101  # the catalogue is the project's own
        found.append((parts[1], parts[2], versions[parts[3]]))
    return _POM.format(
        group=GROUP,
        artifact=library.artifact,
        version=__version__,
        description=library.description,
        home=_HOME.format(url=url) if url else "",
        dependencies="\n".join(_DEPENDENCY.format(*parts) for parts in found),
    )


def home_page() -> str | None:
    """The project's home page, which `[project.urls]` of pyproject.toml names once there is one."""
    text = (PROJECT.parent / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^Homepage = "(.+)"$', text, re.MULTILINE)
    return found[1] if found else None


def catalogue(block: str) -> dict[str, str]:
    """A block of Gradle's catalogue of versions."""
    text = (PROJECT / "gradle/libs.versions.toml").read_text(encoding="utf-8")
    (found,) = re.findall(rf"^\[{block}\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    pairs = re.findall(r'^([\w-]+) = (?:"([^"]+)"|(\{.+\}))$', found, re.MULTILINE)
    return {name: plain or table for name, plain, table in pairs}


def show(library: Library, aar: Path) -> int:
    """Prints entries and problems of an AAR; 1 where there are problems."""
    print(f"{aar}: {aar.stat().st_size:,} bytes")
    with zipfile.ZipFile(aar) as source:
        for info in source.infolist():
            print(f"  {info.compress_size:>12,}  {info.filename}")
    problems = list(problems_of(library, aar))
    for problem in problems:
        print(f"wrong: {problem}")
    return 1 if problems else 0


def problems_of(library: Library, aar: Path) -> Iterator[str]:
    """Everything that is wrong with a library's AAR, one line each."""
    with zipfile.ZipFile(aar) as source:
        names = set(source.namelist())
        needed = ("AndroidManifest.xml", "classes.jar", "proguard.txt", "R.txt", _METADATA)
        missing = [name for name in needed if name not in names]
        if missing:
            yield f"no {', '.join(missing)}"
            return
        yield from _manifest_problems(library, source.read("AndroidManifest.xml").decode())
        if f"-keep class {library.keeps}.**" not in source.read("proguard.txt").decode():
            yield "proguard.txt: does not keep the runtime"
        with zipfile.ZipFile(io.BytesIO(source.read("classes.jar"))) as classes:
            yield from _class_problems(library, classes)
            if PROFILE in names:
                yield from _profile_problems(source.read(PROFILE).decode(), classes)


def _manifest_problems(library: Library, text: str) -> Iterator[str]:
    root = ET.fromstring(text)  # noqa: S314  # of our own making
    if root.get("package") != package(library):
        yield f"AndroidManifest.xml: package is {root.get('package')}"
    attribute = "{http://schemas.android.com/apk/res/android}minSdkVersion"
    if [node.get(attribute) for node in root.iter("uses-sdk")] != [catalogue("versions")["minSdk"]]:
        yield "AndroidManifest.xml: another minSdkVersion than Gradle's"
    if list(root.iter("uses-permission")):
        yield "AndroidManifest.xml: it asks for a permission"


def _class_problems(library: Library, classes: zipfile.ZipFile) -> Iterator[str]:
    names = classes.namelist()
    for name in library.needed:
        if name not in names:
            yield f"classes.jar: no {name}"
    for name in names:
        if not name.startswith(library.prefixes):
            yield f"classes.jar: {name} is not the library's"
        if name.endswith(".class"):
            version = int.from_bytes(classes.read(name)[6:8], "big")
            if version > _JAVA_8:
                yield f"classes.jar: {name} is of Java {version - 44}; old Androids read Java 8"


def _profile_problems(text: str, classes: zipfile.ZipFile) -> Iterator[str]:
    names = [name.removesuffix(".class") for name in classes.namelist()]
    for line in text.splitlines():
        rule = re.fullmatch(r"(?:HSPL|L)([\w/$]+?)(/\*\*)?;(?:->\*\*\(\*\*\)\*\*)?", line)
        if rule is None:
            yield f"{PROFILE}: {line!r} is no rule"
        elif not any(n == rule[1] or (rule[2] and n.startswith(f"{rule[1]}/")) for n in names):
            yield f"{PROFILE}: {line!r} names no class"


if __name__ == "__main__":
    sys.exit(main())
