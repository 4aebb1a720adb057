"""Frames: rows the daemon holds, and what can be asked of them."""

from __future__ import annotations

import html
import importlib
import mmap
import re
from typing import Any, Iterator, Optional, Union

from .arrow import ArrowFile
from .connection import Connection, reconnected
from .picture import Picture, draw

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
        result = {"rows": len(self), **figures}
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
        connection: Connection,
        dataset: dict[str, Any],
        sql: Optional[tuple[str, dict[str, Any]]] = None,
        answer: Optional[tuple[dict[str, Any], Any]] = None,
        data: Any = None,
    ) -> None:
        self._connection = connection
        self._dataset = dataset
        self._sql = sql
        about = dataset if answer is None else answer[0]
        self.schema: dict[str, str] = {c["name"]: c["type"] for c in about["columns"]}
        self._rows: int = about["rows"] if answer is None else about["rowCount"]
        self._data: Any = data if answer is None else answer[1]
        self._file: Optional[ArrowFile] = None

    @property
    def columns(self) -> list[str]:
        return list(self.schema)

    @property
    def shape(self) -> tuple[int, int]:
        return self._rows, len(self.schema)

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, name: Union[str, list[str]]) -> Any:
        if isinstance(name, list):
            return self.query(f"select {', '.join(_quoted(each) for each in name)} from data")
        if name not in self.schema:
            raise KeyError(f"no column {name!r}; there are {', '.join(self.schema)}")
        return Column(self, name)

    def __getattr__(self, name: str) -> Column:
        if name.startswith("_") or name not in self.schema:
            raise AttributeError(name)
        return Column(self, name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.schema]

    def __enter__(self) -> "Frame":
        return self

    def __exit__(self, *_: object) -> None:
        self.free()

    def query(self, sql: str, **params: Any) -> "Frame":
        """The rows a query gives; this frame is its table `data` (or `dataset`).

        `params` are values for `$name`; they never become text of the query.
        """
        given = {name: _param(value) for name, value in params.items()}
        text, values = self._within(sql, given)
        result, maps = self._ask("Query", sql=text, params=values or None, **{"as": "arrow"})
        return Frame(self._connection, self._dataset, (text, values), (result, maps[0]))

    def _within(self, sql: str, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The query over this frame's own one."""
        if self._sql is None:
            # The original project's name for the table.
            if re.search(r"\bdataset\b", sql) and not _is_with(sql):
                return f"with dataset as (select * from data) {sql.lstrip()}", params
            return sql, params
        own, values = self._sql
        both = set(values) & set(params)
        if both:
            raise ValueError(f"${both.pop()} has a value in the query this one is of; rename it")
        return f"with data as ({own}), dataset as (select * from data) {_rest(sql)}", {**values, **params}

    def _ask(self, method: str, **params: Any) -> tuple[dict[str, Any], list[mmap.mmap]]:
        """A request over the rows; a daemon that ended meanwhile reads them again."""
        try:
            return self._connection.call(method, dataset=self._dataset["dataset"], **params)
        except (ConnectionError, EOFError):
            self._connection = reconnected(self._connection)
            self._open(data=False)
            return self._connection.call(method, dataset=self._dataset["dataset"], **params)

    def _open(self, data: bool) -> list[Any]:
        given = self._dataset.get("given")
        words = ("path", "cwd", "read") if given is None else ("fd", "name", "read")
        wish = {name: self._dataset[name] for name in words if name in self._dataset}
        fds = () if given is None else (given.fd,)
        dataset, maps = self._connection.call("Open", *fds, data=data or None, **wish)
        self._dataset = {**dataset, **wish, "given": given}
        return maps

    def _narrowed(self) -> dict[str, Any]:
        if self._sql is None:
            return {}
        text, values = self._sql
        if values:
            raise ValueError("figures and charts of a query with parameters: write the values into it")
        return {"sql": text}

    def _figures(self, column: str, names: list[str]) -> dict[str, Any]:
        if self._sql is None:
            result, _ = self._ask("Column", column=column, figures=names)
            return self._typed(column, result["figures"])
        quantiles = [float(name[1:]) / 100 for name in names if name[0] == "p" and name[1:2].isdigit()]
        result, _ = self._ask("Stats", columns=[column], quantiles=quantiles, **self._narrowed())
        figures = result["columns"][0]
        unknown = [name for name in names if name not in figures]
        if unknown:
            raise ValueError(f"no figure {unknown[0]!r}; there are {', '.join(figures)}")
        return self._typed(column, {name: figures[name] for name in names})

    def _typed(self, column: str, figures: dict[str, Any]) -> dict[str, Any]:
        """JSON writes 2.0 as 2: what is no count and no value of a whole number is a float."""
        whole = {"count", "nulls", "distinct"}
        if "Int" in self.schema[column]:
            whole |= {"min", "max", "sum", "range"}
        return {
            name: float(value) if isinstance(value, int) and name not in whole else value
            for name, value in figures.items()
        }

    def stats(self, *columns: str, quantiles: Optional[list[float]] = None) -> list[dict[str, Any]]:
        """What `nairobi stats` says of each column; with `quantiles` also what `--all` adds."""
        given = {"columns": list(columns) or None, "quantiles": quantiles, **self._narrowed()}
        return self._ask("Stats", **given)[0]["columns"]

    describe = stats

    def crunch(self, column: str) -> dict[str, Any]:
        """The original's `crunch`: `df[column].crunch()`."""
        return self[column].crunch()

    def correlate(self, *columns: str) -> dict[str, Any]:
        """Pearson's and Spearman's correlation of two columns, `"a,b"` or `"a", "b"`."""
        names = [name.strip() for each in columns for name in each.split(",")] if len(columns) == 1 else list(columns)
        result, _ = self._ask("Stats", columns=names, question={"is": "corr"}, **self._narrowed())
        if len(names) == 2:
            return {"pearson": result["pearson"][0][1], "spearman": result["spearman"][0][1]}
        return {key: result[key] for key in ("columns", "pearson", "spearman")}

    def plot(self, x: Optional[str] = None, y: Union[str, list[str], None] = None, **how: Any) -> Picture:
        """A chart; `how` has the words of docs/serve.md, such as mark, color, width, format."""
        words = {camel(name): value for name, value in how.items()}
        given = {"x": x, "y": y, **words, **self._narrowed()}
        return draw(self._ask, given)

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
        columns = [pandas.Series(values, copy=False) for values in self.to_numpy().values()]
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
        """Lets go of the rows; the daemon keeps them until it needs the room."""
        self._file = self._data = None
        if self._sql is None:
            self._connection.call("Close", dataset=self._dataset["dataset"])

    def _mapped(self) -> Any:
        if self._data is None:
            self._data = self._open(data=True)[0]
        return self._data

    def _arrow(self) -> ArrowFile:
        if self._file is None:
            self._file = ArrowFile(self._mapped())
        return self._file

    def _sample(self) -> tuple[list[str], list[list[str]]]:
        rows = self.head(_SHOWN).to_rows() if len(self) > _SHOWN else self.to_rows()
        return self.columns, [["" if v is None else str(v) for v in row.values()] for row in rows]

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


def _param(value: Any) -> Any:
    exact = isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53
    return {"integer": str(value)} if exact else value


def _rest(sql: str) -> str:
    """A query behind our own WITH: its WITH becomes one more part of it."""
    if _is_with(sql):
        raise ValueError("a query of a query cannot begin with WITH: put it into the first one")
    return sql.lstrip()


def _is_with(sql: str) -> bool:
    return re.match(r"\s*with\s", sql, re.IGNORECASE) is not None
