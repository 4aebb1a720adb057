"""nairobi from Python: data stays in the daemon's memory and is computed on there.

    >>> import nairobi_os as nb
    >>> df = nb.read_csv("sensors.csv")
    >>> df.temp.mean()
    >>> df.query("select device, avg(temp) from data group by device").to_pandas()
    >>> df.plot(x="ts", y="temp", color="device")

A daemon is started when none runs.
"""

from __future__ import annotations

import codecs
import os
from types import SimpleNamespace
from typing import Any, Optional, Union

from .answers import correlations, typed
from .arrow import ArrowFile
from .connection import (
    Connection,
    ask,
    connect,
    default_connection,
    socket_path,
    start_refinery,
    stop_refinery,
)
from .errors import NairobiError
from .frame import Column, Frame, camel
from .memory import Bytes, Memory
from .picture import Picture
from .source import Source

__version__ = "0.1.0"
__all__ = [
    "ArrowFile", "Column", "Connection", "Frame", "NairobiError", "Picture", "connect", "data",
    "ignite", "read", "read_csv", "socket_path", "start_refinery", "stop_refinery",
]  # fmt: skip

PathLike = Union[str, "os.PathLike[str]"]


def read(
    path: Union[PathLike, Bytes],
    *,
    connection: Optional[Connection] = None,
    name: Optional[str] = None,
    **how: Any,
) -> Frame:
    """A file, glob or directory of any format nairobi reads, or the content of a file as bytes.

    Bytes are handed over in memory; `name` is what messages call them, such as "sensors.csv".
    `how` says what the flags of `nairobi query` say about input, in the words of docs/serve.md:
    delimiter, header, types, nulls, encoding, on_error and so on.
    """
    given = Memory(path) if isinstance(path, (bytes, bytearray, memoryview)) else None
    wish: dict[str, Any] = (
        {"path": os.fspath(path), "cwd": os.getcwd()} if given is None else {"fd": 0, "name": name}
    )
    options = {camel(name): value for name, value in how.items() if value is not None}
    if options:
        wish["read"] = options
    source = Source(connection or default_connection(), wish, given)
    source.open()
    return Frame(source)


def read_csv(
    path: Union[PathLike, Bytes],
    delimiter: Optional[str] = None,
    encoding: Optional[str] = None,
    **how: Any,
) -> Frame:
    """A delimited text file; delimiter and encoding are found out where they are not given."""
    return read(path, format="csv", delimiter=delimiter, encoding=_encoding(encoding), **how)


def _encoding(name: Optional[str]) -> Optional[str]:
    """Python's names too: "utf-8", "latin-1", "UTF-16LE"."""
    if name is None:
        return None
    try:
        known = codecs.lookup(name).name
    except LookupError:
        return name
    return {"utf-8": "utf8", "ascii": "utf8", "iso8859-1": "latin1"}.get(known, known.replace("-", ""))


def ignite() -> Connection:
    """Starts the daemon if none runs, and connects; the other functions do so by themselves."""
    return default_connection()


def _pipeline(path: PathLike, column: str, pair: str) -> dict[str, Any]:
    """Reads, crunches one column and correlates two in a single round trip."""
    names = [name.strip() for name in pair.split(",")]
    _, result, _ = ask(
        default_connection(),
        "Run",
        open={"path": os.fspath(path), "cwd": os.getcwd()},
        column={"column": column, "figures": list(_PIPELINE)},
        stats={"columns": names, "question": {"is": "corr"}},
    )
    kinds = {each["name"]: each["type"] for each in result["dataset"]["columns"]}
    figures = typed(kinds[column], result["column"]["figures"])
    figures["std_dev"] = figures.pop("sd")
    both = correlations(result["stats"], names)
    return {"rows": result["dataset"]["rows"], **figures, **both, "ms": result["ms"]}


_PIPELINE = ("count", "min", "max", "mean", "sd", "variance", "p95", "p99", "skewness", "kurtosis")


data = SimpleNamespace(pipeline=_pipeline)
