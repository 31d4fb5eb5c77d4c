"""The two builds of the Android project agree with each other and with the computer's side."""

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
