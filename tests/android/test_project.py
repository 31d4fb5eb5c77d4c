"""The two builds of the Android project agree with each other and with the computer's side."""

import hashlib
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from edgebert.benchmarking.devices import adb
from edgebert.version import __version__
from tools.devices.android_apk import build, check

PROJECT = Path(__file__).parents[2] / "android_demo"
ANDROID = "{http://schemas.android.com/apk/res/android}"
MAVEN = "{http://maven.apache.org/POM/4.0.0}"


def gradle_versions():
    text = (PROJECT / "gradle" / "libs.versions.toml").read_text()
    (block,) = re.findall(r"^\[versions\]\n(.*?)^\[", text, re.M | re.S)
    return dict(re.findall(r'^(\w+) = "([^"]+)"$', block, re.M))


def maven_properties():
    return {
        node.tag.removeprefix(MAVEN): node.text
        for name in ("pom.xml", "app/pom.xml")
        for node in ET.parse(PROJECT / name).getroot().find(f"{MAVEN}properties")  # noqa: S314
    }


@pytest.fixture
def manifest():
    return ET.parse(PROJECT / "app/src/main/AndroidManifest.xml").getroot()  # noqa: S314


def test_both_builds_take_the_same_versions():
    gradle, maven = gradle_versions(), maven_properties()
    pairs = {
        "minSdk": "android.minSdk",
        "targetSdk": "android.targetSdk",
        "kotlin": "kotlin.version",
        "coroutines": "coroutines.version",
    }
    assert {name: gradle[name] for name in pairs} == {
        name: maven[other] for name, other in pairs.items()
    }
    assert gradle["edgebert"] == __version__
    assert str(build.MIN_SDK) == gradle["minSdk"]


def test_the_tutorial_takes_what_this_project_takes():
    """Without coroutines-android an app has no Dispatchers.Main: the library brings core alone."""
    tutorial = (PROJECT.parent / "docs/tutorials/android_app.md").read_text()
    versions = gradle_versions()
    assert f'"dev.edgebert:edgebert:{versions["edgebert"]}"' in tutorial
    coroutines = f"org.jetbrains.kotlinx:kotlinx-coroutines-android:{versions['coroutines']}"
    assert f'"{coroutines}"' in tutorial


def test_the_app_is_what_the_computer_asks_for(manifest):
    assert check.APPLICATION == adb.PACKAGE
    assert f'applicationId = "{adb.PACKAGE}"' in (PROJECT / "app/build.gradle.kts").read_text()
    exported = {
        f"{adb.PACKAGE}/{activity.get(f'{ANDROID}name')}"
        for activity in manifest.iter("activity")
        if activity.get(f"{ANDROID}exported") == "true"
    }
    assert adb.ACTIVITY in exported
    services = PROJECT / "app/src/main/kotlin/dev/edgebert/demo/Services.kt"
    assert f'File("{adb.INPUTS}")' in services.read_text()


def test_every_measuring_service_has_a_process_of_its_own(manifest):
    processes = [service.get(f"{ANDROID}process") for service in manifest.iter("service")]
    assert len(processes) == len(set(processes)) == 4
    assert None not in processes


def test_nothing_but_the_two_screens_is_open_to_other_apps(manifest):
    exported = [
        node.get(f"{ANDROID}name")
        for node in manifest.iter()
        if node.get(f"{ANDROID}exported") == "true"
    ]
    assert exported == [".MainActivity", ".BenchmarkActivity"]


def test_the_benchmark_screen_is_open_to_adb_alone(manifest):
    guarded = {
        node.get(f"{ANDROID}name"): node.get(f"{ANDROID}permission")
        for node in manifest.iter("activity")
        if node.get(f"{ANDROID}exported") == "true"
    }
    assert guarded == {
        ".MainActivity": None,
        ".BenchmarkActivity": "android.permission.DUMP",
    }


def test_neither_app_nor_library_asks_for_the_network(manifest):
    assert "android.permission.INTERNET" not in {
        node.get(f"{ANDROID}name") for node in manifest.iter("uses-permission")
    }
    # The library has no manifest of its own, so it adds no permission to an app.
    assert not list((PROJECT / "edgebert" / "src").rglob("AndroidManifest.xml"))


def contrast(one, other):
    """By WCAG 2.1, of two colours as #RRGGBB."""

    def luminance(color):
        parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("folder", ["values", "values-night"])
def test_what_is_read_can_be_read_in_the_apps_own_colors(folder):
    root = ET.parse(PROJECT / "app/src/main/res" / folder / "colors.xml").getroot()  # noqa: S314
    colors = {node.get("name"): node.text for node in root.iter("color")}
    for front, behind, least in [
        ("text", "background", 7),
        ("text_quiet", "background", 4.5),
        ("accent", "background", 4.5),
        ("on_accent_surface", "accent_surface", 4.5),
        ("problem", "problem_surface", 4.5),
        ("outline", "background", 3),
        ("accent", "track", 3),
    ]:
        assert contrast(colors[front], colors[behind]) >= least, (front, behind)


def test_all_that_is_public_in_the_library_is_explained():
    declares = re.compile(r"( {4})?((?:\w+ )*)(?:class|interface|object|fun) [\w<`]")
    hidden = re.compile(r"\b(private|internal|override|companion)\b")
    bare = []
    for path in sorted(PROJECT.glob("*/src/main/kotlin/dev/edgebert/**/*.kt")):
        if path.is_relative_to(PROJECT / "app"):
            continue
        inside, before = True, ""
        for line in path.read_text().splitlines():
            found = declares.match(line)
            if found and not found[1]:
                inside = not hidden.search(found[2])
            if found and inside and not hidden.search(found[2]) and not before.endswith("*/"):
                bare.append(f"{path.name}: {line.strip()}")
            if line.strip() and not line.strip().startswith("@"):
                before = line.strip()
    assert not bare


def test_the_wrapper_is_the_one_that_gradle_publishes():
    """SHA-256 of the jar of Gradle 9.4.1, as github.com/gradle/actions lists it."""
    jar = PROJECT / "gradle/wrapper/gradle-wrapper.jar"
    assert hashlib.sha256(jar.read_bytes()).hexdigest() == (
        "55243ef57851f12b070ad14f7f5bb8302daceeebc5bce5ece5fa6edb23e1145c"
    )
    assert "gradle-9.4.1-bin.zip" in jar.with_suffix(".properties").read_text()
