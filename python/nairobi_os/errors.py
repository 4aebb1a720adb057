"""What the daemon refused, as exceptions."""

from __future__ import annotations

from typing import Any, Optional, Type

#: What Python calls the same; NOT_FOUND of a file is a FileNotFoundError.
_ALSO: dict[str, Type[Exception]] = {
    "BAD_DATA": ValueError, "BAD_SQL": ValueError, "USAGE": ValueError,
    "UNKNOWN_COLUMN": KeyError, "NOT_FOUND": LookupError, "NOT_READABLE": PermissionError,
    "NOT_SUPPORTED": NotImplementedError, "MEMORY_LIMIT": MemoryError, "TIMEOUT": TimeoutError,
}  # fmt: skip


class NairobiError(Exception):
    """What the daemon refused. `code` is the command line's word for it, `exit` its status.

    Each is also what Python calls it: FileNotFoundError, PermissionError, ValueError (BAD_DATA,
    BAD_SQL, USAGE), KeyError (UNKNOWN_COLUMN), MemoryError, TimeoutError, NotImplementedError.
    """

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
        self._error, self._text = error, "\n".join(lines)
        super().__init__(self._text)

    def __str__(self) -> str:
        return self._text

    def __reduce__(self) -> Any:
        return error_of, (self._error,)


def error_of(error: dict[str, Any]) -> NairobiError:
    """The exception for an error of the protocol: see docs/serve.md."""
    code = error.get("code", "")
    also: Optional[Type[Exception]] = _ALSO.get(code)
    if code == "NOT_FOUND" and (error.get("where") or {}).get("file", "SQL") != "SQL":
        also = FileNotFoundError
    return NairobiError(error) if also is None else _kind(also)(error)


_kinds: dict[str, Type[NairobiError]] = {}


def _kind(also: Type[Exception]) -> Type[NairobiError]:
    name = f"Nairobi{also.__name__}"
    if name not in _kinds:
        _kinds[name] = type(name, (NairobiError, also), {"__module__": __name__})
    return _kinds[name]
