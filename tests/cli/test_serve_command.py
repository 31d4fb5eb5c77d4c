"""`edgebert serve` as a process: where it listens, how it stops, what it refuses."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys

import pytest

pytest.importorskip("uvicorn", reason="the service needs the extra serve")

COMMAND = [sys.executable, "-m", "edgebert", "serve"]


@pytest.fixture
def start():
    """Starts a service with some words; gives the process and its first line."""
    processes = []

    def started(*words, **options):
        process = subprocess.Popen(
            [*COMMAND, *map(str, words)], stdout=subprocess.PIPE, text=True, **options
        )
        processes.append(process)
        return process, process.stdout.readline()

    yield started
    for process in processes:
        process.kill()
        process.communicate()


def refused(*words):
    done = subprocess.run([*COMMAND, *map(str, words)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done
    (line,) = done.stderr.splitlines()
    return line


def answer(connection, name):
    connection.request("POST", f"/models/{name}", json.dumps({"text": "Where is my card?"}))
    return json.loads(connection.getresponse().read())


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_listens_on_a_port_and_a_socket_and_tidies_up(start, classifier, tmp_path, number):
    path = tmp_path / "s"
    process, line = start(classifier, f"other={classifier}", "--port", 0, "--socket", path)
    port = int(re.search(r"http://127\.0\.0\.1:(\d+)", line)[1])
    over_port = answer(http.client.HTTPConnection("127.0.0.1", port), classifier.stem)
    assert over_port == answer(UnixConnection(path), "other")
    assert path.stat().st_mode & 0o777 == 0o660
    process.send_signal(number)
    assert process.wait(20) == (0 if number == signal.SIGTERM else 130)
    assert not path.exists()


def test_a_socket_of_a_killed_service_is_taken_over_and_that_of_a_living_one_is_not(
    start, classifier, tmp_path
):
    path = tmp_path / "s"
    process, _ = start(classifier, "--socket", path)
    assert "a service listens there already" in refused(classifier, "--socket", path)
    process.kill()
    process.wait()
    assert path.exists()
    start(classifier, "--socket", path)
    assert answer(UnixConnection(path), classifier.stem)["label"]


def test_sockets_of_systemd_are_used(start, classifier):
    with socket.create_server(("127.0.0.1", 0)) as passed:
        # As systemd does: the socket is descriptor 3, and LISTEN_PID that of the process itself.
        process = subprocess.Popen(
            ["/bin/sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', "sh", *COMMAND, classifier],
            stdout=subprocess.PIPE,
            preexec_fn=lambda: os.dup2(passed.fileno(), 3),
            pass_fds=[3],
        )
        try:
            assert f":{passed.getsockname()[1]}" in process.stdout.readline().decode()
            connection = http.client.HTTPConnection(*passed.getsockname())
            assert answer(connection, classifier.stem)["label"]
        finally:
            process.kill()
            process.communicate()


def test_units_name_absolute_paths_and_all_options(classifier, tmp_path):
    def unit(kind):
        words = [classifier.name, "--port", "80", "--socket", "s", "--print-unit", kind]
        return subprocess.run(
            [*COMMAND, *words], capture_output=True, text=True, check=True, cwd=classifier.parent
        ).stdout

    service = unit("service")
    command = f"-m edgebert serve {classifier} --port 80 --socket s\n"
    assert f"ExecStart={sys.executable} {command}" in service
    assert "Restart=always\n" in service
    assert f"ListenStream=127.0.0.1:80\nListenStream={classifier.parent}/s\n" in unit("socket")


def test_wrong_use_is_one_line(classifier, tmp_path):
    (tmp_path / "short").write_text("secret")
    (tmp_path / "file").write_text("")
    assert "--token-file" in refused(classifier, "--host", "0.0.0.0")  # noqa: S104
    assert "at least 16" in refused(classifier, "--token-file", tmp_path / "short")
    assert "cannot read" in refused("missing.tflite")
    assert "not a TFLite file" in refused(tmp_path / "file")
    assert "two models" in refused(classifier, classifier)
    assert "cannot stand in an address" in refused(f"a/b={classifier}")
    assert "is no socket" in refused(classifier, "--socket", tmp_path / "file")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"cannot listen on 127.0.0.1 port {port}" in refused(classifier, "--port", port)
