"""A connection to the daemon, and starting one where none runs (docs/serve.md)."""

from __future__ import annotations

import json
import mmap
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Optional, Sequence

PROTOCOL = 1
#: Seconds a daemon may take until it listens.
START_SECONDS = 30.0


class NairobiError(Exception):
    """What the daemon refused. `code` is the command line's word for it, `exit` its status."""

    def __init__(self, error: dict[str, Any]) -> None:
        self.code: str = error.get("code", "INTERNAL")
        self.hint: Optional[str] = error.get("hint")
        self.where: dict[str, Any] = error.get("where") or {}
        self.exit: int = error.get("exit", 1)
        lines = [error.get("message", "the daemon failed")]
        place = [str(self.where[key]) for key in ("file", "line", "column") if key in self.where]
        if place:
            lines.append(f"  at {':'.join(place)}")
        if self.hint is not None:
            lines.append(f"  hint: {self.hint}")
        super().__init__("\n".join(lines))


def socket_path() -> str:
    """Where the daemon of this user listens."""
    named = os.environ.get("NAIROBI_SOCKET")
    if named:
        return named
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        return f"{runtime}/nairobi/socket"
    return "/run/nairobi/socket" if os.getuid() == 0 else f"/tmp/nairobi-{os.getuid()}/socket"


class Connection:
    """One stream of requests and answers; may be shared by threads, one request at a time."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise
        self._lock = threading.Lock()
        self._buffer = bytearray()
        self._fds: list[int] = []
        self._last = 0
        self._send({"hello": {"protocol": PROTOCOL, "program": "nairobi_os/0.1.0"}})
        answer, _ = self._receive()
        if "error" in answer:
            raise NairobiError(answer["error"])
        self.daemon: str = answer["hello"]["program"]

    def call(self, method: str, *fds: int, **params: Any) -> tuple[dict[str, Any], list[mmap.mmap]]:
        """The result of a request and the files in memory that came with it, mapped.

        `fds` are lent to the daemon for the call and stay the caller's.
        """
        given = {name: value for name, value in params.items() if value is not None}
        with self._lock:
            if self._socket.fileno() < 0:
                raise ConnectionError(f"the connection to {self.path} is closed")
            self._last += 1
            self._send({"id": self._last, "method": method, "params": given, "fds": len(fds)}, fds)
            while True:
                answer, maps = self._receive()
                if answer.get("id") in (self._last, 0):
                    break
        if "error" in answer:
            raise NairobiError(answer["error"])
        return answer["result"], maps

    def close(self) -> None:
        self._socket.close()
        while self._fds:
            os.close(self._fds.pop())

    def _send(self, message: dict[str, Any], fds: Sequence[int] = ()) -> None:
        body = json.dumps(message).encode("utf-8")
        frame = struct.pack("<I", len(body)) + body
        sent = socket.send_fds(self._socket, [frame], fds) if fds else 0
        self._socket.sendall(frame[sent:])

    def _more(self) -> None:
        data, fds, _flags, _address = socket.recv_fds(self._socket, 1 << 18, 16)
        self._fds += fds
        if not data:
            raise ConnectionError(f"the nairobi daemon at {self.path} ended")
        self._buffer += data

    def _receive(self) -> tuple[dict[str, Any], list[mmap.mmap]]:
        while len(self._buffer) < 4:
            self._more()
        end = 4 + struct.unpack_from("<I", self._buffer)[0]
        while len(self._buffer) < end:
            self._more()
        answer = json.loads(bytes(self._buffer[4:end]))
        del self._buffer[:end]
        taken = [self._fds.pop(0) for _ in range(answer.get("fds", 0))]
        return answer, [_mapped(fd) for fd in taken]


def _mapped(fd: int) -> Any:
    """The whole file; the mapping outlives the descriptor."""
    try:
        if os.fstat(fd).st_size == 0:
            return b""
        return mmap.mmap(fd, 0, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)
    finally:
        os.close(fd)


_default: Optional[Connection] = None
_default_lock = threading.Lock()


def connect(path: Optional[str] = None, *, start: bool = True) -> Connection:
    """A connection to the daemon at `path`, or to this user's own; starts one when none listens."""
    where = path or socket_path()
    try:
        return Connection(where)
    except (FileNotFoundError, ConnectionRefusedError):
        if not start:
            raise
    start_refinery(where)
    return Connection(where)


def default_connection() -> Connection:
    """The connection all functions share; a new one after the daemon ended or a fork."""
    global _default
    with _default_lock:
        if _default is None or getattr(_default, "pid", None) != os.getpid():
            _default = connect()
            _default.pid = os.getpid()  # type: ignore[attr-defined]
        return _default


def forget_default() -> None:
    global _default
    with _default_lock:
        if _default is not None:
            _default.close()
        _default = None


def reconnected(old: Connection) -> Connection:
    """A new connection in place of one whose daemon ended."""
    if old is _default:
        forget_default()
        return default_connection()
    return connect(old.path)


def program() -> str:
    """The nairobi command: $NAIROBI_BIN, the PATH, or the checkout this package lies in."""
    named = os.environ.get("NAIROBI_BIN") or shutil.which("nairobi")
    if named:
        return named
    checkout = Path(__file__).resolve().parents[2] / "bin" / "nairobi"
    if checkout.exists():
        return str(checkout)
    raise FileNotFoundError("the nairobi command is not on the PATH; name it in $NAIROBI_BIN")


def start_refinery(path: Optional[str] = None) -> None:
    """Starts a daemon that outlives this process and waits until it answers."""
    where = path or socket_path()
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen(
            [program(), "serve", "--socket", where],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                Connection(where).close()
                return
            except (FileNotFoundError, ConnectionRefusedError):
                time.sleep(0.02)
            if child.poll() is not None and not _listens(where):
                said.seek(0)
                raise RuntimeError(f"the nairobi daemon did not start: {said.read().strip()}")
        child.terminate()
        raise TimeoutError(f"the nairobi daemon did not listen at {where} within {START_SECONDS} s")


def _listens(path: str) -> bool:
    """Another process may have started one at the same time."""
    try:
        Connection(path).close()
        return True
    except OSError:
        return False


def stop_refinery(path: Optional[str] = None) -> bool:
    """Ends the daemon of this user; False when none runs."""
    where = path or socket_path()
    try:
        connection = Connection(where)
    except OSError:
        return False
    status, _ = connection.call("Status")
    connection.close()
    if where == socket_path():
        forget_default()
    os.kill(int(status["pid"]), signal.SIGTERM)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and _listens(where):
        time.sleep(0.02)
    return True
