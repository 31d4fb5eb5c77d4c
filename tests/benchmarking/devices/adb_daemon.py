"""A stand-in for a phone's adb daemon on 127.0.0.1: the real adb client talks to it.

It speaks the transport (connect, open, write, close), the shell service with exit codes, exec-out
and the sync service (stat, push, pull); commands run in a sandbox folder with programs of its own.
See https://android.googlesource.com/platform/packages/modules/adb/+/main/protocol.txt
"""

import contextlib
import os
import queue
import socket
import struct
import subprocess
import threading
from pathlib import Path

CONNECT, OPEN, OKAY, CLOSE, WRITE, AUTH = (
    int.from_bytes(name, "little")
    for name in (b"CNXN", b"OPEN", b"OKAY", b"CLSE", b"WRTE", b"AUTH")
)
VERSION, MOST = 0x01000001, 1 << 16
BANNER = b"device::ro.product.name=stand_in;ro.product.model=Stand_In;features=shell_v2,cmd"
STDOUT, STDERR, EXIT = 1, 2, 3
FOLDERS = ("/data/local/tmp", "/sdcard")
"""What commands name by absolute paths; both lie in the sandbox."""


class AdbDaemon:
    """Accepts clients until it is stopped.

    Attributes:
        serial: what the client calls this phone.
        root: folder that stands for the phone's file system.
        full: nothing can be pushed any more.

    Args:
        root: see above.
        environment: of the commands.
        authorized: else it asks the client for a signature again and again.
    """

    def __init__(self, root, environment, *, authorized=True):
        self.root, self.environment, self.authorized = root, environment, authorized
        self.full = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.serial = f"127.0.0.1:{self.port}"
        self._clients = []
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        with contextlib.suppress(OSError):  # stopped already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self):
        """Ends every connection."""
        for client in self._clients:
            client.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            client = _Client(self, connection)
            self._clients.append(client)
            threading.Thread(target=client.serve, daemon=True).start()


class _Client:
    def __init__(self, daemon, connection):
        self.daemon = daemon
        self._connection = connection
        self._lock = threading.Lock()
        self._streams = {}

    def close(self):
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def send(self, command, first, second, data=b""):
        header = struct.pack(
            "<6I", command, first, second, len(data), sum(data), command ^ 0xFFFFFFFF
        )
        with self._lock:
            self._connection.sendall(header + data)

    def serve(self):
        try:
            while True:
                command, theirs, ours, length, _, _ = struct.unpack("<6I", self._read(24))
                self._take(command, theirs, ours, self._read(length))
        except (OSError, EOFError):
            for stream in self._streams.values():
                stream.put(None)

    def _take(self, command, theirs, ours, data):
        if command == CONNECT and self.daemon.authorized:
            self.send(CONNECT, VERSION, MOST, BANNER)
        elif command in (CONNECT, AUTH):
            self.send(AUTH, 1, 0, os.urandom(20))
        elif command == OPEN:
            stream = _Stream(self, len(self._streams) + 1, theirs)
            self._streams[stream.number] = stream
            self.send(OKAY, stream.number, theirs)
            service = data.rstrip(b"\0").decode()
            threading.Thread(target=stream.serve, args=(service,), daemon=True).start()
        elif command == WRITE:
            self._streams[ours].put(data)
            self.send(OKAY, ours, theirs)
        elif command == OKAY and ours in self._streams:
            self._streams[ours].ready.release()
        elif command == CLOSE and ours in self._streams:
            self._streams[ours].put(None)

    def _read(self, length):
        data = b""
        while len(data) < length:
            piece = self._connection.recv(length - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data


class _Stream:
    """One service; `put(None)` tells that the client has closed it."""

    def __init__(self, client, number, theirs):
        self.number = number
        self.ready = threading.Semaphore(1)
        self._client, self._theirs = client, theirs
        self._incoming = queue.Queue()
        self._rest = b""

    def put(self, data):
        self._incoming.put(data)
        if data is None:
            self.ready.release()

    def serve(self, service):
        kind, _, argument = service.partition(":")
        try:
            if kind == "sync":
                self._sync()
            elif kind.startswith(("shell", "exec")):
                self._shell(argument, framed=",v2" in kind)
            self._client.send(CLOSE, self.number, self._theirs)
        except (OSError, EOFError):
            pass

    def _write(self, data):
        for begin in range(0, len(data), MOST):
            self.ready.acquire()
            self._client.send(WRITE, self.number, self._theirs, data[begin : begin + MOST])

    def _read(self, length):
        while len(self._rest) < length:
            piece = self._incoming.get()
            if piece is None:
                raise EOFError
            self._rest += piece
        data, self._rest = self._rest[:length], self._rest[length:]
        return data

    def _shell(self, command, *, framed):
        for folder in FOLDERS:
            command = command.replace(folder, f"{self._client.daemon.root}{folder}")
        ran = subprocess.run(
            ["sh", "-c", command],
            cwd=self._client.daemon.root,
            env=self._client.daemon.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        if not framed:
            self._write(ran.stdout + ran.stderr)
            return
        for number, data in ((STDOUT, ran.stdout), (STDERR, ran.stderr)):
            for begin in range(0, len(data), MOST // 2):
                piece = data[begin : begin + MOST // 2]
                self._write(struct.pack("<BI", number, len(piece)) + piece)
        self._write(struct.pack("<BIB", EXIT, 1, ran.returncode & 0xFF))

    def _sync(self):
        while True:
            command, length = struct.unpack("<4sI", self._read(8))
            if command == b"QUIT":
                return
            path = self._read(length).decode()
            {b"STAT": self._stat, b"SEND": self._receive}[command](path)

    def _stat(self, path):
        try:
            found = self._there(path).lstat()
            facts = (found.st_mode, found.st_size, int(found.st_mtime))
        except OSError:
            facts = (0, 0, 0)
        self._write(b"STAT" + struct.pack("<3I", *facts))

    def _receive(self, path):
        to = self._there(path.rpartition(",")[0])
        content = b""
        while (header := struct.unpack("<4sI", self._read(8)))[0] != b"DONE":
            content += self._read(header[1])
        if self._client.daemon.full:
            problem = b"write failed: No space left on device"
            self._write(b"FAIL" + struct.pack("<I", len(problem)) + problem)
            return
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(content)
        self._write(b"OKAY" + bytes(4))

    def _there(self, path):
        return Path(self._client.daemon.root, path.lstrip("/"))
