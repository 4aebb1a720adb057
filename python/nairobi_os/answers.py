"""JSON of the daemon as Python's own values."""

from __future__ import annotations

import datetime
import decimal
import math
import numbers
from typing import Any, Callable

_COUNTS = {"count", "nulls", "distinct"}
#: Figures that are values of the column, or between two of them.
_VALUES = {"min", "max", "median", "first", "last", "q1", "q3"}


def typed(kind: str, figures: dict[str, Any]) -> dict[str, Any]:
    """JSON writes 2.0 as 2, and times as text: figures of a column of the type `kind`."""
    return {name: _figure(kind, name, value) for name, value in figures.items()}


def _figure(kind: str, name: str, value: Any) -> Any:
    if isinstance(value, str) and (name in _VALUES or name[1:2].isdigit()):
        return _moment(kind, value)
    if name in _COUNTS or isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    if kind == "Boolean" and name in ("min", "max"):
        return bool(value)
    if name in ("min", "max", "sum", "range") and ("Int" in kind or kind == "Boolean"):
        return int(value)
    return float(value)


def _moment(kind: str, text: str) -> Any:
    """A date or a time where Python's own can hold it, else its text."""
    read: Callable[[str], Any]
    if kind.startswith("Datetime"):
        read = datetime.datetime.fromisoformat
    elif kind == "Date":
        read = datetime.date.fromisoformat
    else:
        return text
    try:
        # Before Python 3.11, Z and fractions of other than 3 or 6 digits are not understood.
        whole, dot, rest = text.replace("Z", "+00:00").partition(".")
        digits = len(rest) - len(rest.lstrip("0123456789"))
        return read(whole + dot + rest[:digits].ljust(6, "0") + rest[digits:] if dot and digits <= 6 else text.replace("Z", "+00:00"))
    except ValueError:
        return text


def parameter(name: str, value: Any) -> Any:
    """A value for `$name` as JSON; numbers and times of other packages too."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        raise TypeError(f"${name} is a Decimal: pass str(value), and write ${name}::numeric(...)")
    if isinstance(value, numbers.Integral):
        whole = int(value)
        return {"integer": str(whole)} if abs(whole) > 2**53 else whole
    if hasattr(value, "__float__"):
        number = float(value)
        if math.isfinite(number):
            return number
        raise ValueError(f"${name} is {number}: write 'NaN'::double or 'Infinity'::double into the query")
    raise TypeError(f"${name} cannot be a {type(value).__name__}: texts, numbers, truths, times and None can")


def correlations(answer: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Of two columns by name, of more as tables."""
    missing = [name for name in names if name not in answer["columns"]]
    if missing:
        raise ValueError(f"the column {missing[0]!r} has no numbers to correlate")
    if len(names) != 2:
        return {key: answer[key] for key in ("columns", "pearson", "spearman")}
    found = {key: answer[key][0][1] for key in ("pearson", "spearman")}
    return {key: None if value is None else float(value) for key, value in found.items()}
