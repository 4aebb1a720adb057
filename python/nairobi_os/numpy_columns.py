"""Columns as numpy arrays; imported only when numpy is asked for."""

from __future__ import annotations

from typing import Any

import numpy

from .arrow import ArrowFile, Chunk, Field

_UNITS = ("s", "ms", "us", "ns")


def column(file: ArrowFile, name: str) -> Any:
    """One array. Numbers that are all there are the file's own memory, read-only; integers with
    missing values become floats with NaN when that is exact, else objects with None."""
    field = file.fields[file.index(name)]
    parts = [_part(chunk) for chunk in file.chunks(name)]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return numpy.empty(0, dtype=_dtype(field))
    return numpy.concatenate(parts)


def _dtype(field: Field) -> Any:
    if field.dictionary is not None:
        return object
    if field.kind == "bool":
        return bool
    if field.kind == "date":
        return "datetime64[D]"
    if field.kind == "timestamp":
        return f"datetime64[{_UNITS[field.unit]}]"
    if field.kind == "duration":
        return f"timedelta64[{_UNITS[field.unit]}]"
    if field.kind in ("int", "float") and field.code:
        return "<" + {"b": "i1", "B": "u1", "h": "i2", "H": "u2", "i": "i4", "I": "u4", "q": "i8",
                      "Q": "u8", "e": "f2", "f": "f4", "d": "f8"}[field.code]  # fmt: skip
    return object


def _mask(chunk: Chunk) -> Any:
    bits = numpy.unpackbits(numpy.frombuffer(chunk.validity, "u1"), bitorder="little")
    return bits[: chunk.length] == 0


def _part(chunk: Chunk) -> Any:
    field, dtype = chunk.field, _dtype(chunk.field)
    if dtype is object or field.kind == "time":
        return _objects(chunk)
    if dtype is bool:
        bits = numpy.unpackbits(numpy.frombuffer(chunk.buffers[0], "u1"), bitorder="little")
        return _objects(chunk) if chunk.nulls else bits[: chunk.length].astype(bool)
    raw = chunk.numbers()
    if raw is None:
        return _objects(chunk)
    stored = numpy.frombuffer(raw, dtype=f"<{'i' if raw.format in 'bhiq' else 'u'}{raw.itemsize}")
    if field.kind == "float":
        values = numpy.frombuffer(raw, dtype=dtype)
    elif field.kind == "date":
        days = stored if field.unit == 0 else stored // 86_400_000
        values = days.astype("i8").view("datetime64[D]")
    elif field.kind in ("timestamp", "duration"):
        values = stored.view(dtype)
    else:
        values = stored
    return _with_gaps(chunk, values) if chunk.nulls else values


def _with_gaps(chunk: Chunk, values: Any) -> Any:
    missing = _mask(chunk)
    kind = values.dtype.kind
    if kind in "mM":
        filled = values.copy()
        filled[missing] = numpy.array("NaT", dtype=values.dtype)
        return filled
    if kind in "iu":
        there = values[~missing]
        if len(there) and (there.max() > 2**53 or (kind == "i" and there.min() < -(2**53))):
            return _objects(chunk)
        values = values.astype("f8")
    else:
        values = values.copy()
    values[missing] = numpy.nan
    return values


def _objects(chunk: Chunk) -> Any:
    values = numpy.empty(chunk.length, dtype=object)
    values[:] = list(chunk.values())
    return values
