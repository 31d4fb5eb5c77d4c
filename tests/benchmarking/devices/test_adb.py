"""A benchmark on a phone: the real adb client, a stand-in daemon, a stand-in app."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from edgebert.benchmarking.devices import adb
from edgebert.benchmarking.devices.adb import AdbDevice
from edgebert.benchmarking.devices.adb_client import AdbClient
from edgebert.benchmarking.devices.connection import LostConnectionError
from edgebert.errors import EdgebertError
from edgebert.retry_policy import RetryPolicy
from tests.benchmarking.devices.adb_daemon import AdbDaemon
from tests.benchmarking.devices.jobs import END, PROGRAM, job_of, wait_for

pytestmark = pytest.mark.skipif(
    shutil.which("adb") is None, reason="adb is not installed (apt-get install adb)"
)
IMPATIENT = RetryPolicy(retries=3, pause=0.3)

# Programs of the phone; APP runs in place of the app.
PM = f'[ -e app ] && [ "$2" = {adb.PACKAGE} ] && echo package:/data/app/base.apk'
PIDOF = 'kill -0 "$(cat app_pid)" 2>/dev/null && cat app_pid'
AM = f"""
if [ "$1" = force-stop ]; then kill -9 "$(cat app_pid)" 2>/dev/null; exit 0; fi
[ "$*" = "start -W -S -n {adb.ACTIVITY} -e job $8 -e id ${{11}}" ] || exit 9
[ -s app ] || {{ echo "Starting: Intent"; echo "Error type 3"; exit 0; }}
folder="$PWD{adb.RESULTS}/${{11}}"; mkdir -p "$folder"
sed "s#/data/local/tmp#$PWD&#g" "$8" >job
{sys.executable} app job >"$folder/events.jsonl" 2>errors & echo $! >app_pid
"""


@pytest.fixture(scope="module")
def adb_server(tmp_path_factory):
    """A server of the adb client's own, with no key and no phone."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    environment = {
        "ANDROID_ADB_SERVER_PORT": str(port),
        "HOME": str(tmp_path_factory.mktemp("home")),
        "ADB_MDNS_AUTO_CONNECT": "0",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield
        run_adb("kill-server")


def run_adb(*arguments):
    return subprocess.run(["adb", *arguments], capture_output=True, text=True, timeout=60).stdout


@pytest.fixture
def connect(adb_server):
    """Connects a daemon for the time of a test."""
    with contextlib.ExitStack() as stack:

        def connected(daemon):
            stack.callback(daemon.stop)
            stack.callback(run_adb, "disconnect", daemon.serial)
            run_adb("connect", daemon.serial)
            return daemon

        yield connected


@pytest.fixture
def phone(tmp_path, connect):
    """A phone without the app."""
    root = tmp_path / "phone"
    for folder in ("data/local/tmp", "sdcard", "bin"):
        (root / folder).mkdir(parents=True)
    for name, script in (("pm", PM), ("am", AM), ("pidof", PIDOF)):
        (root / "bin" / name).write_text(f"#!/bin/bash\n{script}\n")
        (root / "bin" / name).chmod(0o755)
    environment = {"PATH": f"{root}/bin:{os.environ['PATH']}"}
    yield connect(AdbDaemon(root, environment))
    with contextlib.suppress(OSError, ValueError):
        os.kill(int((root / "app_pid").read_text()), signal.SIGKILL)


def install(phone, middle="", end=END):
    program = PROGRAM.replace("{middle}", middle).replace("{end}", end)
    (phone.root / "app").write_text(program)


def device_on(phone, serial=None):
    return AdbDevice(serial, IMPATIENT)


def left_there(phone):
    jobs = (phone.root / adb.INPUTS[1:]).glob("*.json")
    results = (phone.root / adb.RESULTS[1:]).glob("*")
    return [*jobs, *results]


def test_a_job_runs_in_the_app_and_nothing_is_left_of_it(phone, tmp_path):
    install(phone)
    steps = []
    with device_on(phone) as device:
        result = device.run(job_of(tmp_path), lambda done, total, what: steps.append(what))
    assert result.name == f"adb:{phone.serial}"
    assert result.facts.cpu == "Cortex-A76"
    assert steps[-2:] == ["first", "second"]
    assert left_there(phone) == []


def test_a_model_is_pushed_once_and_again_where_it_is_damaged(phone, tmp_path, monkeypatch):
    install(phone)
    pushed = []
    with device_on(phone, phone.serial) as device:
        original = device._client.push

        def push(path, to, on_bytes):
            pushed.append(path.name)
            original(path, to, on_bytes)

        monkeypatch.setattr(device._client, "push", push)
        job = job_of(tmp_path)
        device.run(job)
        device.run(job)
        assert pushed.count("my model.tflite") == 1
        (kept,) = (phone.root / adb.INPUTS[1:]).glob("*/my_model.tflite")
        kept.write_bytes(b"x")
        device.run(job)
    assert pushed.count("my model.tflite") == 2
    assert kept.read_bytes() == (tmp_path / "my model.tflite").read_bytes()


def test_a_connection_that_breaks_off_is_made_again(phone, tmp_path):
    go = tmp_path / "go"
    install(phone, wait_for(go))

    def cut(done, total, what):
        if what == "first":
            phone.cut()
            run_adb("connect", phone.serial)
            go.touch()

    with device_on(phone, phone.serial) as device:
        assert device.run(job_of(tmp_path), cut).facts.cpu == "Cortex-A76"


def test_a_phone_that_is_gone_for_good_is_one_line(phone, tmp_path):
    install(phone, "time.sleep(60)")

    def unplug(done, total, what):
        if what == "first":
            phone.stop()

    with (
        device_on(phone, phone.serial) as device,
        pytest.raises(EdgebertError, match="lost the connection for good") as caught,
    ):
        device.run(job_of(tmp_path), unplug)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("say(event='error', message='no engine for this file')", "no engine for this file"),
        ("", "the app ended without a result; `adb logcat`"),
        ("say(event='result', result=dict(name=3))", "device result"),
    ],
)
def test_an_app_that_fails_is_one_line(phone, tmp_path, end, message):
    install(phone, end=end)
    with device_on(phone) as device, pytest.raises(EdgebertError, match=message) as caught:
        device.run(job_of(tmp_path))
    assert "\n" not in str(caught.value)
    assert left_there(phone) == []


def test_an_app_without_a_benchmark_is_one_line(phone, tmp_path):
    (phone.root / "app").touch()
    with device_on(phone) as device, pytest.raises(EdgebertError, match="install a newer one"):
        device.run(job_of(tmp_path))


def test_a_full_phone_is_one_line(phone, tmp_path):
    install(phone)
    phone.full = True
    with (
        device_on(phone) as device,
        pytest.raises(EdgebertError, match="its storage is full; make room"),
    ):
        device.run(job_of(tmp_path))


def test_an_engine_the_app_has_not_is_refused(phone, tmp_path):
    install(phone)
    with device_on(phone) as device, pytest.raises(EdgebertError, match="the app has litert"):
        device.run(job_of(tmp_path, engines=("tflite-runtime",)))


def refusal(serial=None):
    with pytest.raises(EdgebertError) as caught, AdbDevice(serial, IMPATIENT):
        pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_phone_without_the_app_is_one_line(phone):
    assert f"the app {adb.PACKAGE} is not installed" in refusal()


def test_no_phone_is_one_line(adb_server):
    assert "no phone; plug one in" in refusal()
    assert "no such phone; adb knows none" in refusal("R58N")


def test_several_phones_are_named(phone, connect, tmp_path):
    other = connect(AdbDaemon(tmp_path, {}))
    said = refusal()
    assert "several phones; name one" in said
    assert f"adb:{phone.serial}" in said
    assert f"adb:{other.serial}" in said


def test_a_phone_that_trusts_nobody_is_one_line(connect, tmp_path):
    phone = connect(AdbDaemon(tmp_path, {}, authorized=False))
    assert "allow" in refusal(phone.serial)


@pytest.mark.parametrize(
    ("state", "message"),
    [("offline", "adb reconnect"), ("no permissions (user in plugdev group)", "udev rules")],
)
def test_a_phone_that_cannot_be_used_is_one_line(tmp_path, monkeypatch, state, message):
    program = tmp_path / "adb"
    program.write_text(f"#!/bin/sh\nprintf 'List of devices attached\\nR58N\\t{state}\\n\\n'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert message in refusal()


def test_a_machine_without_adb_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EdgebertError, match="Android platform tools"):
        AdbDevice(None)


@pytest.fixture
def client(tmp_path, monkeypatch):
    """Gives a client whose adb is a script, run in place of all that the phone would do."""

    def scripted(script):
        (tmp_path / "adb").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "adb").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        return AdbClient("a")

    return scripted


def test_what_the_client_says_for_itself_is_no_part_of_a_file(client):
    talking = client("echo '* daemon not running; starting now' >&2; eval \"$4\"")
    assert talking.run('echo "$1"', "17") == "17\n"
    assert talking.read(__file__, 3) == Path(__file__).read_bytes()[3:]
    assert talking.read("/no/such/file", 0) == b""


def test_what_a_command_that_fails_says_is_told_too(client):
    said = client('eval "$4"').run("echo out; echo err >&2; false")
    assert said == "out\nerr\n"


@pytest.mark.parametrize("status", [0, 1, 255])
@pytest.mark.parametrize("said", ["", "adb: unknown host service"])
def test_a_client_that_fails_is_a_lost_connection(client, status, said):
    failing = client(f"echo '{said}' >&2; exit {status}")
    with pytest.raises(LostConnectionError, match=said or "broke off"):
        failing.run("pidof app")
    if status:
        with pytest.raises(LostConnectionError, match=said or "broke off"):
            failing.read("/events.jsonl", 0)


def test_a_command_that_is_cut_off_is_a_lost_connection(phone):
    threading.Timer(0.5, phone.cut).start()
    with pytest.raises(LostConnectionError):
        AdbClient(phone.serial).run("sleep 2")


@pytest.mark.parametrize("lost", ["pm", "am", "pidof", "sha256sum"])
def test_a_phone_that_is_gone_for_a_moment_is_asked_again(phone, tmp_path, monkeypatch, lost):
    install(phone)
    original, asked = AdbClient.run, []

    def run(client, script, *arguments):
        found = lost in script.split()
        asked.append(found)
        if found and sum(asked) == 1:
            raise LostConnectionError("device offline")
        return original(client, script, *arguments)

    monkeypatch.setattr(AdbClient, "run", run)
    with device_on(phone) as device:
        assert device.run(job_of(tmp_path)).facts.cpu == "Cortex-A76"
    assert sum(asked) > 1
