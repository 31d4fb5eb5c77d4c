"""Builds, signs and checks an APK of the demo without Google's SDK: `make apk`.

    python -m tools.devices.android_apk.build build/edgebert-demo.apk

Compiled classes, R8 and TensorFlow Lite come from Maven (profile `apk` of its pom.xml), aapt2,
apksigner and dexdump from Debian. The key is made on the spot and thrown away, so this is an APK to
try and to test; what is published is built by Gradle, with LiteRT in place of TensorFlow Lite
2.16.1, the last one on Maven Central, which is linked for pages of 4 KB.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from edgebert.errors import EdgebertError
from tools.devices.android_apk import aar
from tools.devices.android_apk.archive import AlignedArchive
from tools.devices.android_apk.check import run, show

APP = Path(__file__).parents[3] / "android_demo" / "app"
MODELS = APP / "src" / "main" / "assets" / "models"
SHIPPED = Path(__file__).parents[3] / "edgebert" / "data"
ABIS = ("arm64-v8a", "armeabi-v7a", "x86", "x86_64")
DEFAULT_ABI = "arm64-v8a"
TFLITE_PAGE = 4096
MIN_SDK = 26

_NO_RULES = "-dontwarn **\n"


@dataclass(frozen=True)
class Parts:
    """What Maven left in `target/` for an APK.

    Attributes:
        app: folder of the module `app`.
    """

    app: Path

    @property
    def target(self) -> Path:
        """What Maven builds."""
        return self.app / "target"

    @property
    def resources(self) -> Path:
        """Manifest, compiled resources, and the questions."""
        return self.target / "generated" / "resources.apk"

    @property
    def android(self) -> Path:
        """Android's own classes."""
        return _only(self.target / "apk" / "android", "*.jar")

    @property
    def r8(self) -> Path:
        """The dex compiler."""
        return _only(self.target / "apk" / "r8", "*.jar")

    @property
    def tflite(self) -> Path:
        """TensorFlow Lite for Android."""
        return _only(self.target / "apk" / "tflite", "*.aar")

    @property
    def classes(self) -> list[Path]:
        """All classes of the app but the library's and TensorFlow Lite's implementation."""
        return [
            _only(self.target, "app-*.jar"),
            *sorted(
                jar
                for jar in (self.target / "apk" / "classes").glob("*.jar")
                if not jar.name.startswith("edgebert-")
            ),
        ]

    @property
    def rules(self) -> list[Path]:
        """Rules for R8: the app's, and those for what the manifest names."""
        return [self.app / "proguard-rules.pro", self.target / "generated" / "manifest.pro"]


def main() -> int:
    """Builds and checks an APK."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="APK to write")
    parser.add_argument("--abi", choices=ABIS, action="append", help=f"default: {DEFAULT_ABI}")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of further models")
    parser.add_argument("--only", help="the name of one model, such as intents; default: all")
    arguments = parser.parse_args()
    try:
        name = f"{arguments.only or '*'}.tflite"
        folders = (arguments.models, SHIPPED)
        found = {file.name: file for folder in folders for file in folder.glob(name)}
        models = sorted(found.values())
        if not models:
            raise EdgebertError(f"no model {arguments.only!r}; run `make android-models` first")
        build(Parts(APP), arguments.output, arguments.abi or [DEFAULT_ABI], models)
        return show(arguments.output, TFLITE_PAGE)
    except EdgebertError as error:
        print(error, file=sys.stderr)
        return 1


def build(parts: Parts, output: Path, abis: list[str], models: list[Path]) -> None:
    """Writes a signed APK.

    Raises:
        EdgebertError: a part is missing, or a tool fails.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dex, unsigned = folder / "classes.zip", folder / "unsigned.apk"
        compile_dex(parts, folder, dex)
        with AlignedArchive(unsigned) as archive:
            copy(archive, parts.resources)
            copy(archive, dex)
            for file in models:
                archive.add(f"assets/models/{file.name}", file.read_bytes())
            for abi in abis:
                add_libraries(archive, parts.tflite, abi)
        sign(unsigned, output, folder)


def compile_dex(parts: Parts, folder: Path, output: Path) -> None:
    """All classes, shrunk, and the Java resources beside them; the library as its AAR has it."""
    tflite, library = folder / "tflite.jar", folder / "library.jar"
    with zipfile.ZipFile(parts.tflite) as archive:
        tflite.write_bytes(archive.read("classes.jar"))
    quiet, consumer = folder / "quiet.pro", folder / "consumer.pro"
    quiet.write_text(_NO_RULES)
    with zipfile.ZipFile(aar.build(aar.EDGEBERT, folder / "maven")) as archive:
        library.write_bytes(archive.read("classes.jar"))
        consumer.write_bytes(archive.read("proguard.txt"))
    rules = [word for file in (*parts.rules, consumer, quiet) for word in ("--pg-conf", str(file))]
    run(
        [
            "java", "-cp", str(parts.r8), "com.android.tools.r8.R8",
            "--release", "--min-api", str(MIN_SDK), "--lib", str(parts.android),
            *rules, "--output", str(output),
            *map(str, parts.classes), str(library), str(tflite),
        ]
    )  # fmt: skip


def copy(archive: AlignedArchive, source: Path) -> None:
    """Takes all files of another zip; of Java's own metadata an app has no use."""
    with zipfile.ZipFile(source) as other:
        for info in other.infolist():
            if not info.is_dir() and not info.filename.startswith("META-INF/"):
                archive.add(info.filename, other.read(info))


def add_libraries(archive: AlignedArchive, tflite: Path, abi: str) -> None:
    """Takes the native libraries for one kind of processor out of an AAR."""
    with zipfile.ZipFile(tflite) as source:
        names = [n for n in source.namelist() if n.startswith(f"jni/{abi}/") and n.endswith(".so")]
        for name in names:
            archive.add(f"lib/{abi}/{Path(name).name}", source.read(name))


def sign(unsigned: Path, output: Path, folder: Path) -> None:
    """Signs with a key of its own; scheme 2 and later, as Android 8 wants no other."""
    store, password = folder / "key.p12", secrets.token_hex()
    run(
        [
            "keytool", "-genkeypair", "-keystore", str(store), "-storetype", "PKCS12",
            "-storepass", password, "-alias", "key", "-keyalg", "RSA", "-keysize", "2048",
            "-validity", "10000", "-dname", "CN=edgebert demo",
        ]
    )  # fmt: skip
    run(
        [
            "apksigner", "sign", "--ks", str(store), "--ks-pass", f"pass:{password}",
            "--min-sdk-version", str(MIN_SDK), "--v1-signing-enabled", "false",
            "--out", str(output), str(unsigned),
        ]
    )  # fmt: skip
    output.with_name(f"{output.name}.idsig").unlink(missing_ok=True)


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise EdgebertError(f"{folder}: {len(found)} {pattern} in place of one; run `make apk`")
    return found[0]


if __name__ == "__main__":
    os.environ.setdefault("JAVA_TOOL_OPTIONS", "-Xmx2g")
    sys.exit(main())
