"""What a frame is of: a file, or bytes that were handed over, as the daemon knows it."""

from __future__ import annotations

from typing import Any, Optional

from .connection import Connection, ask, shared_connection
from .errors import NairobiError
from .memory import Memory


class Source:
    """Opened where it is needed, and again where the daemon lost it; let go of with its last frame."""

    def __init__(self, connection: Connection, wish: dict[str, Any], given: Optional[Memory] = None) -> None:
        self.connection, self.wish, self.given = connection, wish, given
        #: What the daemon answered to Open, last.
        self.about: dict[str, Any] = {}
        self._id: Optional[str] = None

    def open(self, data: bool = False) -> Any:
        """Rows as a file in memory, where `data` asks for them."""
        fds = () if self.given is None else (self.given.fd,)
        at, about, maps = ask(self.connection, "Open", *fds, data=data or None, **self.wish)
        self._keep(at, about)
        return maps[0] if data else None

    def _keep(self, connection: Connection, about: dict[str, Any]) -> None:
        connection.hold(about["dataset"])
        self._drop()
        self.connection, self.about, self._id = connection, about, about["dataset"]

    def ask(self, method: str, **params: Any) -> tuple[dict[str, Any], list[Any]]:
        """A request over the rows; a daemon that ended meanwhile, or forgot them, reads them again."""
        if self._id is None:
            self.open()
        try:
            return self.connection.call(method, dataset=self._id, **params)
        except ConnectionError:
            self.connection = shared_connection(self.connection.path)
        except NairobiError as error:
            if error.code != "NOT_FOUND" or f'no dataset "{self._id}"' not in str(error):
                raise
        self.open()
        return self.connection.call(method, dataset=self._id, **params)

    def let_go(self) -> None:
        """At once, unless another frame is of the same."""
        if self._id is not None:
            self._drop()
            try:
                self.connection.call("Status")
            except ConnectionError:
                pass  # The daemon ended, and they with it.

    def _drop(self) -> None:
        if self._id is not None:
            self.connection.let_go(self._id)
            self._id = None

    def __del__(self) -> None:
        self._drop()
