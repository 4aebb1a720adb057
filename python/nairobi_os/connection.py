"""A connection to the daemon, and starting one where none runs (docs/serve.md)."""

from __future__ import annotations

import atexit
import json
import mmap
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from pathlib import Path
from typing import Any, Optional, Sequence

from .errors import error_of

PROTOCOL = 1
#: Seconds a daemon may take until it listens.
START_SECONDS = 30.0


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
    """One stream of requests and answers; may be shared by threads, one request at a time.

    A request that is interrupted (KeyboardInterrupt) closes the connection, which cancels it in the
    daemon too; frames find themselves a new one. A process that was forked needs its own.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._buffer = bytearray()
        self._fds: list[int] = []
        self._last = 0
        self._held: Counter[str] = Counter()
        #: Datasets nobody needs any more: told with the next request, since a garbage collector
        #: may call from anywhere.
        self._left: deque[str] = deque()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(path)
            _refuse_strangers(self._socket, path)
            hello = {"protocol": PROTOCOL, "program": "nairobi_os/0.1.0"}
            self._send(json.dumps({"hello": hello}))
            answer, _ = self._receive()
            if "error" in answer:
                raise error_of(answer["error"])
        except BaseException:
            self.close()
            raise
        self.daemon: str = answer["hello"]["program"]

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_socket"):
            self.close()

    @property
    def usable(self) -> bool:
        """False once it is closed, and in a process that was forked off."""
        return self._pid == os.getpid() and self._socket.fileno() >= 0

    def call(self, method: str, *fds: int, **params: Any) -> tuple[dict[str, Any], list[Any]]:
        """The result of a request and the files in memory that came with it, mapped.

        `fds` are lent to the daemon for the call and stay the caller's. ConnectionError when the
        daemon ended; NairobiError for what it refused.
        """
        given = {name: value for name, value in params.items() if value is not None}
        rest = f'"method":{json.dumps(method)},"params":{json.dumps(given, allow_nan=False)},"fds":{len(fds)}'
        if not self.usable:
            raise ConnectionError(f"the connection to {self.path} is closed, or another process's")
        with self._lock:
            if not self.usable:
                raise ConnectionError(f"the connection to {self.path} is closed")
            try:
                answer, maps = self._ask(rest, fds)
            except (BrokenPipeError, ConnectionResetError) as error:
                self.close()
                raise ConnectionError(f"the nairobi daemon at {self.path} ended") from error
            except BaseException:
                # Half of a message may be on its way: what follows could not be understood.
                self.close()
                raise
        if "error" in answer:
            if answer["id"] == 0:
                self.close()
            raise error_of(answer["error"])
        return answer["result"], maps

    def hold(self, dataset: str) -> None:
        """Somebody needs what Open answered."""
        self._held[dataset] += 1

    def let_go(self, dataset: str) -> None:
        """The last who needs it makes the daemon forget it, with the next request."""
        self._left.append(dataset)

    def close(self) -> None:
        self._socket.close()
        while self._fds:
            os.close(self._fds.pop())

    def _ask(self, rest: str, fds: Sequence[int]) -> tuple[dict[str, Any], list[Any]]:
        while self._left:
            dataset = self._left.popleft()
            self._held[dataset] -= 1
            if self._held[dataset] <= 0:
                del self._held[dataset]
                self._last += 1
                params = json.dumps({"dataset": dataset})
                self._send(f'{{"id":{self._last},"method":"Close","params":{params}}}')
        self._last += 1
        self._send(f'{{"id":{self._last},{rest}}}', fds)
        while True:
            answer, maps = self._receive()
            if answer.get("id") in (self._last, 0):
                return answer, maps

    def _send(self, message: str, fds: Sequence[int] = ()) -> None:
        body = message.encode("utf-8")
        frame = struct.pack("<I", len(body)) + body
        sent = socket.send_fds(self._socket, [frame], fds) if fds else 0
        self._socket.sendall(frame[sent:])

    def _more(self) -> None:
        data, fds, _flags, _address = socket.recv_fds(
            self._socket, 1 << 18, 16, socket.MSG_CMSG_CLOEXEC
        )
        self._fds += fds
        if not data:
            raise ConnectionResetError(f"the nairobi daemon at {self.path} ended")
        self._buffer += data

    def _receive(self) -> tuple[dict[str, Any], list[Any]]:
        while len(self._buffer) < 4:
            self._more()
        end = 4 + struct.unpack_from("<I", self._buffer)[0]
        while len(self._buffer) < end:
            self._more()
        answer = json.loads(bytes(self._buffer[4:end]))
        del self._buffer[:end]
        taken = [self._fds.pop(0) for _ in range(answer.get("fds", 0))]
        return answer, [_mapped(fd) for fd in taken]


def _refuse_strangers(stream: socket.socket, path: str) -> None:
    """Somebody else may listen in a folder all may write to."""
    peer = stream.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _pid, uid, _gid = struct.unpack("3i", peer)
    if uid not in (0, os.getuid()) and os.getuid() != 0:
        raise PermissionError(f"the daemon at {path} is of the user {uid}, not of this one")


def _mapped(fd: int) -> Any:
    """The whole file. Before Python 3.13 its mapping keeps a descriptor of its own."""
    try:
        if os.fstat(fd).st_size == 0:
            return b""
        how = {"trackfd": False} if sys.version_info >= (3, 13) else {}
        return mmap.mmap(fd, 0, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ, **how)
    finally:
        os.close(fd)


_shared: dict[str, Connection] = {}
_shared_lock = threading.Lock()


def _forked() -> None:
    """Whoever held the lock is not in this process."""
    global _shared_lock
    _shared_lock = threading.Lock()


os.register_at_fork(after_in_child=_forked)


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


def shared_connection(path: str) -> Connection:
    """The connection all share; a new one after it was closed, its daemon ended, or a fork."""
    with _shared_lock:
        found = _shared.get(path)
        if found is None or not found.usable:
            found = _shared[path] = connect(path)
        return found


def default_connection() -> Connection:
    """The one to this user's own daemon, which is started when none runs."""
    return shared_connection(socket_path())


def ask(
    connection: Connection, method: str, *fds: int, **params: Any
) -> tuple[Connection, dict[str, Any], list[Any]]:
    """A request that stands for itself; where the daemon ended, the next one is asked."""
    try:
        return (connection, *connection.call(method, *fds, **params))
    except ConnectionError:
        connection = shared_connection(connection.path)
        return (connection, *connection.call(method, *fds, **params))


def program() -> str:
    """The nairobi command: $NAIROBI_BIN, the PATH, or the checkout this package lies in."""
    named = os.environ.get("NAIROBI_BIN") or shutil.which("nairobi")
    if named:
        return named
    checkout = Path(__file__).resolve().parents[2] / "bin" / "nairobi"
    if checkout.exists():
        return str(checkout)
    raise FileNotFoundError("the nairobi command is not on the PATH; name it in $NAIROBI_BIN")


#: Daemons this process started: asked for now and then, so that none stays behind as a zombie.
_children: list[subprocess.Popen[bytes]] = []


@atexit.register
def _disown() -> None:
    """They outlive this process: nothing to warn of."""
    for child in _children:
        child.returncode = child.poll() or 0


def start_refinery(path: Optional[str] = None) -> None:
    """Starts a daemon that outlives this process and waits until it answers."""
    where = path or socket_path()
    _children[:] = [child for child in _children if child.poll() is None]
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen(
            [program(), "serve", "--socket", where],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        _children.append(child)
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
    with connection:
        status, _ = connection.call("Status")
    os.kill(int(status["pid"]), signal.SIGTERM)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and _listens(where):
        time.sleep(0.02)
    with _shared_lock:
        _shared.pop(where, None)
    return True
