"""A benchmark over ssh: against a real server, cut off in the middle, and each way to fail."""

import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from edgebert.benchmarking.devices.address import DeviceOptions, parse_ssh
from edgebert.benchmarking.devices.ssh import SshDevice
from edgebert.errors import EdgebertError
from edgebert.retry_policy import RetryPolicy
from tests.benchmarking.devices.jobs import job_of, stand_in, wait_for
from tests.benchmarking.devices.ssh_server import SshServer, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
IMPATIENT = RetryPolicy(retries=2, pause=0.05)


@pytest.fixture
def device_of(ssh_server, tmp_path):
    """Gives the device behind a server, with a stand-in for edgebert there."""

    def device(at=ssh_server, wheel=None, python=sys.executable, patience=IMPATIENT):
        options = DeviceOptions(python, wheel or stand_in(tmp_path), at.config)
        return SshDevice(parse_ssh(at.address), options, patience)

    return device


class Steps(list):
    """What was reported; `at` names a step at which something is done."""

    def __init__(self, at=None, action=None):
        self.at, self.action = at, action

    def __call__(self, done, total, what):
        self.append(what)
        if what == self.at and self.action:
            action, self.action = self.action, None
            action()


def left_there(ssh_server):
    return sorted(path.name for path in (ssh_server.cache / "jobs").glob("*"))


def kill_the_client(ssh_server):
    """Ends the ssh process that waits for the job; not the one that holds the connection."""
    found = subprocess.run(["pgrep", "-f", str(ssh_server.config)], capture_output=True, text=True)
    for pid in found.stdout.split():
        os.kill(int(pid), signal.SIGKILL)


def test_a_job_runs_there_and_nothing_is_left_of_it(ssh_server, device_of, tmp_path):
    steps = Steps()
    with device_of() as device:
        result = device.run(job_of(tmp_path), steps)
    assert result.name == ssh_server.address
    assert result.facts.cpu == "Cortex-A76"
    assert steps[-2:] == ["first", "second"]
    assert left_there(ssh_server) == []


def test_a_file_is_sent_once(ssh_server, device_of, tmp_path):
    job = job_of(tmp_path)
    with device_of() as device:
        device.run(job)
        steps = Steps()
        device.run(job, steps)
    assert not [step for step in steps if step.startswith("my model")]
    (kept,) = ssh_server.cache.glob("files/*/my_model.tflite")
    assert kept.read_bytes() == (tmp_path / "my model.tflite").read_bytes()


def test_half_a_file_is_completed_and_a_damaged_one_sent_again(ssh_server, device_of, tmp_path):
    job = job_of(tmp_path)
    with device_of() as device:
        device.run(job)
        (kept,) = ssh_server.cache.glob("files/*/my_model.tflite")
        whole = kept.read_bytes()
        kept.unlink()
        part = kept.with_name(kept.name + ".part")
        for begun in (whole[:1_000_000], b"\0" * 2_000_000, whole + b"\0"):
            part.write_bytes(begun)
            device.run(job)
            assert kept.read_bytes() == whole
            kept.unlink()


def ends(pid):
    """Whether a process is gone soon."""
    for _ in range(100):
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().split()[2] == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("cut", [SshServer.cut, kill_the_client])
def test_a_cut_connection_is_made_again_and_the_job_goes_on(ssh_server, device_of, tmp_path, cut):
    go = tmp_path / "go"
    wheel = stand_in(tmp_path, wait_for(go))

    def cut_then_go():
        cut(ssh_server)
        threading.Timer(0.3, go.touch).start()

    steps = Steps("first", cut_then_go)
    with device_of(wheel=wheel) as device:
        result = device.run(job_of(tmp_path), steps)
    assert result.facts.cpu == "Cortex-A76"
    assert [step for step in steps if step in ("first", "second")] == ["first", "second"]
    assert left_there(ssh_server) == []


def test_a_connection_cut_while_sending_is_made_again(ssh_server, device_of, tmp_path):
    steps = Steps("my model.tflite to " + ssh_server.address, ssh_server.cut)
    with device_of() as device:
        assert device.run(job_of(tmp_path), steps).facts.cpu == "Cortex-A76"
    assert steps.action is None


def test_a_connection_lost_for_good_is_one_line(ssh_server, device_of, tmp_path):
    wheel = stand_in(tmp_path, "time.sleep(60)")
    with (
        device_of(wheel=wheel) as device,
        pytest.raises(EdgebertError, match=r"lost the connection for good.*nothing answers"),
    ):
        device.run(job_of(tmp_path), Steps("first", ssh_server.unplug))
    for pid in (ssh_server.cache / "jobs").glob("*/pid"):
        os.killpg(int(pid.read_text()), signal.SIGKILL)


def test_two_benchmarks_at_once_are_refused(ssh_server, device_of, tmp_path):
    go = tmp_path / "go"
    wheel = stand_in(tmp_path, wait_for(go))
    refused = []

    def second():
        with device_of(wheel=wheel) as other, pytest.raises(EdgebertError) as caught:
            other.run(job_of(tmp_path))
        refused.append(str(caught.value))
        go.touch()

    with device_of(wheel=wheel) as device:
        device.run(job_of(tmp_path), Steps("first", second))
    assert "another benchmark runs there" in refused[0]


def test_what_an_interrupted_run_left_is_removed(ssh_server, device_of, tmp_path):
    stale = ssh_server.cache / "jobs" / "stale"
    stale.mkdir(parents=True)
    ended = subprocess.Popen(["true"])
    ended.wait()
    (stale / "pid").write_text(str(ended.pid))
    with device_of() as device:
        device.run(job_of(tmp_path))
    assert left_there(ssh_server) == []


def test_giving_up_ends_the_job_there(ssh_server, device_of, tmp_path):
    def interrupt():
        raise KeyboardInterrupt

    wheel = stand_in(
        tmp_path, f"Path({str(tmp_path)!r}, 'pid').write_text(str(os.getpid()))\ntime.sleep(60)"
    )
    with device_of(wheel=wheel) as device, pytest.raises(KeyboardInterrupt):
        device.run(job_of(tmp_path), Steps("first", lambda: (time.sleep(0.3), interrupt())))
    assert left_there(ssh_server) == []
    assert ends(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("say(event='error', message='no engine for this file')", "no engine for this file"),
        ("sys.exit('it fell\\nover')", "over"),
        ("say(event='result', result=dict(name=3))", "device result"),
        ("", "ended without a result"),
        ("os.kill(os.getpid(), 9)", "ended without a result|Killed"),
        ('sys.stdout.write(\'{"event": "result", \'); sys.stdout.flush()', "without a result"),
    ],
)
def test_a_job_that_fails_is_one_line(ssh_server, device_of, tmp_path, end, message):
    with (
        device_of(wheel=stand_in(tmp_path, end=end)) as device,
        pytest.raises(EdgebertError, match=message) as caught,
    ):
        device.run(job_of(tmp_path))
    assert "\n" not in str(caught.value)
    assert left_there(ssh_server) == []


def test_chatter_between_the_events_is_passed_over(device_of, tmp_path):
    wheel = stand_in(tmp_path, "print('INFO: hello'); print('[1]'); print('{}')")
    with device_of(wheel=wheel) as device:
        assert device.run(job_of(tmp_path)).facts.cpu == "Cortex-A76"


def refusal(device):
    with pytest.raises(EdgebertError) as caught, device:
        pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_unknown_host_key_is_one_line(ssh_server, device_of):
    ssh_server.forget_host_key()
    assert "host key is unknown here; connect once by hand (`ssh -p" in refusal(device_of())


def test_a_changed_host_key_is_one_line(ssh_server, device_of):
    ssh_server.change_host_key()
    assert "is not the one this machine knows" in refusal(device_of())


def test_a_key_that_is_not_accepted_is_one_line(ssh_server, device_of):
    ssh_server.client_key("stranger")
    assert "does not accept this machine's keys; set one up: `ssh-copy-id" in refusal(device_of())


def test_a_refused_port_is_one_line(ssh_server, device_of):
    ssh_server.stop()
    assert "nothing answers at that port" in refusal(device_of())
    ssh_server.start()


def test_a_host_without_a_name_is_one_line(ssh_server, device_of):
    ssh_server.address = "ssh://no-such-host.invalid"
    assert "no host has that name" in refusal(device_of())


@pytest.mark.parametrize(("python", "message"), [(None, "3.10 to 3.14"), ("py9", "as py9")])
def test_a_device_without_python_is_one_line(tmp_path, device_of, python, message):
    folder = tmp_path / "bare"
    folder.mkdir()
    bare = SshServer(folder, {"PATH": folder / "bin"})
    (folder / "bin").mkdir()
    (folder / "bin" / "sh").symlink_to("/bin/sh")
    try:
        assert message in (said := refusal(device_of(bare, python=python)))
        assert "found no Python there" in said
        (folder / "bin" / "python3").write_text(
            "#!/bin/sh\n"
            'echo \'{"executable": "/bin/p", "version": [3, 9, 2], "machine": "armv7l",'
            ' "bits": 32, "venv": true, "cache": "/c"}\'\n'
        )
        (folder / "bin" / "python3").chmod(0o755)
        if python is None:
            assert "found Python 3.9.2 there" in refusal(device_of(bare, python=None))
    finally:
        bare.stop()


def test_a_full_disk_there_is_one_line(ssh_server, device_of, tmp_path):
    job = job_of(tmp_path)
    with device_of() as device:
        device.run(job)
        (kept,) = ssh_server.cache.glob("files/*/my_model.tflite")
        kept.unlink()
        kept.with_name(kept.name + ".part").symlink_to("/dev/full")
        with pytest.raises(EdgebertError, match="its disk is full; make room") as caught:
            device.run(job)
    assert "\n" not in str(caught.value)


def wheel_of(folder, name, version):
    """An empty package that pip installs."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\nRoot-Is-Purelib: true\n"
        )
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{info}/RECORD", "")


def test_a_private_environment_is_made_once(tmp_path, device_of):
    folder = tmp_path / "offline"
    folder.mkdir()
    offline = SshServer(folder, {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": folder / "wheels"})
    (folder / "wheels").mkdir()
    wheel = stand_in(tmp_path, "import ai_edge_litert; assert '/environment-' in sys.prefix")
    try:
        with device_of(offline, wheel=wheel, python=None) as device:
            with pytest.raises(EdgebertError, match=r"ai-edge-litert.*bring it online"):
                device.run(job_of(tmp_path))
            wheel_of(folder / "wheels", "ai_edge_litert", "2.3.0")
            device.run(job_of(tmp_path))
            (ready,) = offline.cache.glob("environment-*/ready")
            made = ready.stat().st_mtime_ns
            device.run(job_of(tmp_path))
            assert ready.stat().st_mtime_ns == made
    finally:
        offline.stop()


def test_the_edgebert_that_runs_here_runs_there(ssh_server, tmp_path, classifier):
    from edgebert.benchmarking.job import BenchmarkJob, JobModel
    from edgebert.files import sha256_of

    model = JobModel(str(classifier), sha256_of(classifier), "small")
    job = BenchmarkJob(models=(model,), lengths=(16,), min_seconds=0.05)
    options = DeviceOptions(sys.executable, None, ssh_server.config)
    with SshDevice(parse_ssh(ssh_server.address), options) as device:
        result = device.run(job)
    assert {run.input.kind for run in result.runs} == {"texts", "length"}
    assert all(run.stats for run in result.runs)
