"""Frames: rows the daemon holds, and what can be asked of them."""

from __future__ import annotations

import html
import importlib
import re
from typing import Any, Iterator, Optional, Union, overload

from .answers import correlations, parameter, typed
from .arrow import ArrowFile
from .connection import shared_connection
from .picture import Picture, draw
from .source import Source

#: Names of the original project and of pandas, by the figure they mean.
_FIGURES = {
    "mean": "mean", "max": "max", "min": "min", "sum": "sum", "count": "count", "median": "median",
    "std_dev": "sd", "std": "sd", "variance": "variance", "var": "variance",
    "skewness": "skewness", "kurtosis": "kurtosis", "p95": "p95", "p99": "p99",
    "nulls": "nulls", "distinct": "distinct",
}  # fmt: skip
_CRUNCHED = ("count", "min", "max", "mean", "sd", "variance", "p95", "p99", "skewness", "kurtosis")
#: Rows a frame shows of itself.
_SHOWN = 10


class Column:
    """One column of a frame: `df.temp.mean()`, or `df["temp"].mean()` for any name."""

    def __init__(self, frame: "Frame", name: str) -> None:
        self._frame, self.name = frame, name

    @property
    def type(self) -> str:
        return self._frame.schema[self.name]

    def __len__(self) -> int:
        return len(self._frame)

    def __repr__(self) -> str:
        return f"<column {self.name!r}: {self.type}, {len(self):,} rows>"

    def __iter__(self) -> Iterator[Any]:
        return iter(self.to_list())

    def figure(self, name: str) -> Any:
        """Any figure of `nairobi stats`: "mean", "sd", "p99.9", "distinct", ..."""
        return self.figures(name)[name]

    def figures(self, *names: str) -> dict[str, Any]:
        """Several figures in one request."""
        return self._frame._figures(self.name, list(names))

    def quantile(self, q: float) -> Any:
        """The value below which the share q of the values lies, between neighbours by a line."""
        if not 0 <= q <= 1:
            raise ValueError("a quantile is a share, from 0 to 1")
        if q in (0, 1):
            return self.figure("max" if q else "min")
        return self.figure(f"p{_plain(q * 100)}")

    def crunch(self) -> dict[str, Any]:
        """The figures of the original's `crunch`, and up to five rows far out (|z| > 3)."""
        figures = self.figures(*_CRUNCHED)
        result: dict[str, Any] = {"rows": len(self), **figures}
        result["std_dev"] = result.pop("sd")
        result["anomalies"] = self._outliers(figures["mean"], figures["sd"])
        return result

    calculate = crunch

    def _outliers(self, mean: Optional[float], sd: Optional[float]) -> list[dict[str, Any]]:
        if not mean and mean != 0 or not sd:
            return []
        name = _quoted(self.name)
        sql = f"select * from data where abs({name} - $mean) > 3 * $sd order by abs({name} - $mean) desc limit 5"
        return self._frame.query(sql, mean=float(mean), sd=float(sd)).to_rows()

    def to_list(self) -> list[Any]:
        return self._frame._arrow().to_list(self.name)

    def view(self) -> Optional[memoryview]:
        """The numbers where they lie in the daemon's memory; None for other types and for gaps."""
        return self._frame._arrow().view(self.name)

    def to_numpy(self) -> Any:
        """One array; numbers without gaps are the daemon's memory itself, read-only."""
        _imported("numpy", "to_list", "view")
        from .numpy_columns import column

        return column(self._frame._arrow(), self.name)

    def plot(self, **how: Any) -> Picture:
        """The distribution of the column; for more, `Frame.plot`."""
        return self._frame.plot(x=self.name, **{"mark": "histogram", **how})


def _imported(module: str, *instead: str) -> Any:
    """A package nobody needs but for this; ImportError says what does without it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{module} is not installed here: pip install {module}, or use {' or '.join(instead)},"
            " which need the standard library alone",
            name=module,
        ) from error


def _figure_method(figure: str) -> Any:
    def method(self: Column) -> Any:
        return self.figure(figure)

    method.__doc__ = f"`{figure}`, as `nairobi stats` computes it."
    return method


for _name, _figure in _FIGURES.items():
    setattr(Column, _name, _figure_method(_figure))


class Frame:
    """Rows in the daemon's memory: a source that was read, or what a query of it gives.

    Columns are attributes (`df.temp`) where no method has their name, and items (`df["temp"]`)
    always. `free()` lets go of them; so does the end of a `with` block.
    """

    def __init__(
        self,
        source: Source,
        sql: Optional[tuple[str, dict[str, Any]]] = None,
        answer: Optional[tuple[dict[str, Any], Any]] = None,
    ) -> None:
        self._source = source
        #: The query it is the answer of, with its parameters; None for all of the source.
        self._sql = sql
        self._answer: Optional[dict[str, Any]] = None if answer is None else answer[0]
        self._data: Any = None if answer is None else answer[1]
        self._file: Optional[ArrowFile] = None

    @property
    def schema(self) -> dict[str, str]:
        """Types by the names of their columns, in the words of Polars."""
        if self._answer is None:
            return {each["name"]: each["type"] for each in self._source.about["columns"]}
        # Two columns of one name have two names in the rows.
        names = [field.name for field in self._arrow().fields]
        return {name: each["type"] for name, each in zip(names, self._answer["columns"])}

    @property
    def _rows(self) -> int:
        return int(self._source.about["rows"] if self._answer is None else self._answer["rowCount"])

    @property
    def columns(self) -> list[str]:
        return list(self.schema)

    @property
    def shape(self) -> tuple[int, int]:
        return self._rows, len(self.schema)

    def __len__(self) -> int:
        return self._rows

    @overload
    def __getitem__(self, name: str) -> Column: ...

    @overload
    def __getitem__(self, name: list[str]) -> "Frame": ...

    def __getitem__(self, name: Union[str, list[str]]) -> Union[Column, "Frame"]:
        if isinstance(name, list):
            return self.query(f"select {', '.join(_quoted(each) for each in name)} from data")
        if not isinstance(name, str):
            raise TypeError("a frame has columns by name; rows are asked for by query() or head()")
        if name not in self.schema:
            raise KeyError(f"no column {name!r}; there are {', '.join(self.schema)}")
        return Column(self, name)

    def __getattr__(self, name: str) -> Column:
        if name.startswith("_") or name == "schema" or name not in self.schema:
            raise AttributeError(name)
        return Column(self, name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.schema]

    def __enter__(self) -> "Frame":
        return self

    def __exit__(self, *_: object) -> None:
        self.free()

    def __contains__(self, name: object) -> bool:
        return name in self.schema

    def __iter__(self) -> Iterator[str]:
        """The names of the columns, as in pandas."""
        return iter(self.schema)

    def __reduce__(self) -> Any:
        """Another process, or a copy, reads the source itself."""
        source = self._source
        if source.given is not None:
            raise TypeError("a frame of bytes that were handed over cannot be pickled: pickle the bytes")
        return _again, (source.connection.path, source.wish, self._sql)

    def query(self, sql: str, **params: Any) -> "Frame":
        """The rows a query gives; this frame is its table `data` (or `dataset`).

        `params` are values for `$name`; they never become text of the query.
        """
        given = {name: parameter(name, value) for name, value in params.items()}
        return self._queried(*self._within(sql, given))

    def _queried(self, text: str, values: dict[str, Any]) -> "Frame":
        result, maps = self._source.ask("Query", sql=text, params=values or None, **{"as": "arrow"})
        return Frame(self._source, (text, values), (result, maps[0]))

    def _within(self, sql: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The query over this frame's own one."""
        begin = _WITH.match(sql)
        rest, comma = (sql, " ") if begin is None else (sql[begin.end() :], ", ")
        if begin is not None and begin.group(1):
            # Under RECURSIVE, "data" would be of itself.
            rest, comma = f"select * from ({sql.rstrip().rstrip(';')}\n) as answer", " "
        # The original project's name for the table.
        names = "dataset as (select * from data)" if re.search(r"\bdataset\b", sql) else ""
        if self._sql is None:
            return (f"with {names}{comma}{rest}" if names else sql), params
        own, values = self._sql
        both = set(values) & set(params)
        if both:
            raise ValueError(f"${both.pop()} has a value in the query this one is of; rename it")
        # A line end, so that a comment in the query ends there.
        inner = f"data as ({own.rstrip().rstrip(';')}\n)"
        return f"with {inner}{', ' if names else ''}{names}{comma}{rest}", {**values, **params}

    def _narrowed(self) -> dict[str, Any]:
        if self._sql is None:
            return {}
        text, values = self._sql
        return {"sql": text, "params": values or None}

    def _figures(self, column: str, names: list[str]) -> dict[str, Any]:
        kind = self.schema[column]
        if self._sql is None:
            result, _ = self._source.ask("Column", column=column, figures=names)
            return typed(kind, result["figures"])
        quantiles = [float(name[1:]) / 100 for name in names if name[0] == "p" and name[1:2].isdigit()]
        result, _ = self._source.ask("Stats", columns=[column], quantiles=quantiles, **self._narrowed())
        figures = result["columns"][0]
        unknown = [name for name in names if name not in figures]
        if unknown:
            raise ValueError(f"no figure {unknown[0]!r}; there are {', '.join(figures)}")
        return typed(kind, {name: figures[name] for name in names})

    def stats(self, *columns: str, quantiles: Optional[list[float]] = None) -> list[dict[str, Any]]:
        """What `nairobi stats` says of each column; with `quantiles` also what `--all` adds."""
        given = {"columns": list(columns) or None, "quantiles": quantiles, **self._narrowed()}
        found: list[dict[str, Any]] = self._source.ask("Stats", **given)[0]["columns"]
        return found

    describe = stats

    def crunch(self, column: str) -> dict[str, Any]:
        """The original's `crunch`: `df[column].crunch()`."""
        return self[column].crunch()

    def correlate(self, *columns: str) -> dict[str, Any]:
        """Pearson's and Spearman's correlation of two columns, `"a,b"` or `"a", "b"`."""
        names = [name.strip() for each in columns for name in each.split(",")] if len(columns) == 1 else list(columns)
        result, _ = self._source.ask("Stats", columns=names, question={"is": "corr"}, **self._narrowed())
        return correlations(result, names)

    def plot(self, x: Optional[str] = None, y: Union[str, list[str], None] = None, **how: Any) -> Picture:
        """A chart; `how` has the words of docs/serve.md, such as mark, color, width, format."""
        words = {camel(name): value for name, value in how.items()}
        given = {"x": x, "y": y, **words, **self._narrowed()}
        return draw(self._source.ask, given)

    def to_list(self) -> list[list[Any]]:
        """Columns as lists."""
        return [self._arrow().to_list(name) for name in self.schema]

    def to_dict(self) -> dict[str, list[Any]]:
        return dict(zip(self.schema, self.to_list()))

    def to_rows(self) -> list[dict[str, Any]]:
        """A dictionary for each row."""
        return [dict(zip(self.schema, row)) for row in zip(*self.to_list())]

    def to_numpy(self) -> dict[str, Any]:
        """One array for each column; no copy where none is needed."""
        return {name: self[name].to_numpy() for name in self.schema}

    def to_pandas(self) -> Any:
        """A pandas DataFrame; numbers without gaps stay in the daemon's memory."""
        pandas = _imported("pandas", "to_dict", "to_rows")
        zones = {field.name: field.zone for field in self._arrow().fields if field.kind == "timestamp"}
        columns = [_series(pandas, self[name], zones.get(name)) for name in self.schema]
        frame = pandas.concat(columns, axis=1, copy=False) if columns else pandas.DataFrame()
        frame.columns = list(self.schema)
        return frame

    def to_arrow(self) -> Any:
        """A pyarrow Table over the daemon's memory."""
        pyarrow = _imported("pyarrow", "to_dict", "to_rows")
        return pyarrow.ipc.open_file(pyarrow.py_buffer(self._mapped())).read_all()

    def head(self, rows: int = 5) -> "Frame":
        return self.query(f"select * from data limit {int(rows)}")

    def free(self) -> None:
        """Lets go of the rows; the daemon keeps them until it needs the room.

        Whoever asks the frame again makes the daemon read them again. Frames of queries of it stay.
        """
        self._file = self._data = None
        if self._sql is None:
            self._source.let_go()

    def _mapped(self) -> Any:
        if self._data is None:
            if self._sql is None:
                self._data = self._source.open(data=True)
            else:
                again = self._queried(*self._sql)
                self._answer, self._data = again._answer, again._data
        return self._data

    def _arrow(self) -> ArrowFile:
        if self._file is None:
            self._file = ArrowFile(self._mapped())
        return self._file

    def _sample(self) -> tuple[list[str], list[list[str]]]:
        # Rows that are here are looked at here: a query asked twice may give others.
        shown = self.head(_SHOWN) if self._data is None and len(self) > _SHOWN else self
        columns = [shown._arrow().to_list(name, _SHOWN) for name in self.schema]
        return self.columns, [["" if v is None else str(v) for v in row] for row in zip(*columns)]

    def __repr__(self) -> str:
        names, rows = self._sample()
        widths = [max(len(cell) for cell in column) for column in zip(names, *rows)] if names else []
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in [names, *rows]]
        return "\n".join([*(line.rstrip() for line in lines), self._size()])

    def _repr_html_(self) -> str:
        names, rows = self._sample()
        head = "".join(f"<th title='{html.escape(self.schema[n])}'>{html.escape(n)}</th>" for n in names)
        body = "".join(f"<tr>{''.join(f'<td>{html.escape(c)}</td>' for c in row)}</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{self._size()}</p>"

    def _size(self) -> str:
        return f"[{len(self):,} rows x {len(self.schema)} columns]"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _plain(number: float) -> str:
    return f"{number:.10f}".rstrip("0").rstrip(".")


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


#: The start of a query with parts of its own, behind comments.
_WITH = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*with\s+(recursive\s+)?", re.IGNORECASE | re.DOTALL)


def _again(path: str, wish: dict[str, Any], sql: Optional[tuple[str, dict[str, Any]]]) -> Frame:
    source = Source(shared_connection(path), wish)
    source.open()
    return Frame(source) if sql is None else Frame(source)._queried(*sql)


def _series(pandas: Any, column: Column, zone: Optional[str]) -> Any:
    """Numbers without gaps where they lie; times beyond those of pandas as Python's own."""
    values = column.to_numpy()
    try:
        series = pandas.Series(values, copy=False)
    except pandas.errors.OutOfBoundsDatetime:
        return pandas.Series(column.to_list(), dtype=object)
    if zone is None or series.dtype.kind != "M":
        return series
    return series.dt.tz_localize("UTC").dt.tz_convert(zone)
