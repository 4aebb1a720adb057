"""Reads Arrow IPC files where they lie, with the standard library alone.

The layout is that of the Arrow columnar format, version 1.5 (Message.fbs, Schema.fbs, File.fbs).
Columns of numbers without missing values are given out as views of the file, without a copy.
"""

from __future__ import annotations

import datetime
import decimal
import itertools
import struct
from typing import Any, Callable, Iterator, NamedTuple, Optional

MAGIC = b"ARROW1"


class _Table:
    """A table of a flatbuffer: fields by their number, with their defaults."""

    def __init__(self, data: memoryview, at: int) -> None:
        self.data, self.at = data, at
        self.vtable = at - struct.unpack_from("<i", data, at)[0]
        self.size = struct.unpack_from("<H", data, self.vtable)[0]

    @classmethod
    def root(cls, data: memoryview, at: int) -> "_Table":
        return cls(data, at + struct.unpack_from("<I", data, at)[0])

    def place(self, field: int) -> int:
        """Where a field lies; 0 when it is absent."""
        slot = 4 + 2 * field
        offset = struct.unpack_from("<H", self.data, self.vtable + slot)[0] if slot < self.size else 0
        return self.at + int(offset) if offset else 0

    def number(self, field: int, code: str, default: int = 0) -> Any:
        at = self.place(field)
        return struct.unpack_from("<" + code, self.data, at)[0] if at else default

    def table(self, field: int) -> Optional["_Table"]:
        at = self.place(field)
        return _Table.root(self.data, at) if at else None

    def needed(self, field: int) -> "_Table":
        """One without which the file means nothing."""
        found = self.table(field)
        if found is None:
            raise ValueError("the Arrow file lacks a part of its description")
        return found

    def text(self, field: int) -> Optional[str]:
        at = self.place(field)
        if not at:
            return None
        at += struct.unpack_from("<I", self.data, at)[0]
        length = struct.unpack_from("<I", self.data, at)[0]
        return bytes(self.data[at + 4 : at + 4 + length]).decode("utf-8")

    def vector(self, field: int) -> tuple[int, int]:
        """Start and length of a vector."""
        at = self.place(field)
        if not at:
            return 0, 0
        at += struct.unpack_from("<I", self.data, at)[0]
        return at + 4, struct.unpack_from("<I", self.data, at)[0]

    def tables(self, field: int) -> list["_Table"]:
        start, length = self.vector(field)
        return [_Table.root(self.data, start + 4 * i) for i in range(length)]

    def structs(self, field: int, form: str) -> list[tuple[Any, ...]]:
        start, length = self.vector(field)
        size = struct.calcsize(form)
        return [struct.unpack_from(form, self.data, start + size * i) for i in range(length)]


class Field(NamedTuple):
    """A column's name and type; `kind` is the word of Arrow's own schema."""

    name: str
    kind: str
    #: struct code of the values, for kinds of fixed width
    code: str
    unit: int
    zone: Optional[str]
    scale: int
    width: int
    children: tuple["Field", ...]
    #: identity of the dictionary the values are numbers of
    dictionary: Optional[int]
    index_code: str


_KINDS = {
    1: "null", 2: "int", 3: "float", 4: "binary", 5: "utf8", 6: "bool", 7: "decimal", 8: "date",
    9: "time", 10: "timestamp", 12: "list", 13: "struct", 15: "fixed_binary", 16: "fixed_list",
    18: "duration", 19: "large_binary", 20: "large_utf8", 21: "large_list", 23: "binary_view",
    24: "utf8_view",
}  # fmt: skip
_UNSIGNED = {8: "B", 16: "H", 32: "I", 64: "Q"}
_FLOATS = {0: "e", 1: "f", 2: "d"}


def _int_code(kind: _Table) -> str:
    """Empty for integers of 128 bits, which no machine word holds."""
    code = _UNSIGNED.get(kind.number(0, "i"), "")
    return code.lower() if kind.number(1, "?") else code


def _field(table: _Table) -> Field:
    number = table.number(2, "B")
    kind = _KINDS.get(number)
    if kind is None:
        raise NotImplementedError(f"column {table.text(0)!r} has Arrow type {number}")
    own = table.needed(3)
    code, unit, scale, width, zone = "", 0, 0, 0, None
    if kind == "int":
        code, width = _int_code(own), own.number(0, "i") // 8
    elif kind == "float":
        code = _FLOATS[own.number(0, "h")]
    elif kind == "date":
        unit = own.number(0, "h", 1)
        code = "q" if unit else "i"
    elif kind == "time":
        unit = own.number(0, "h", 1)
        code = "q" if own.number(1, "i", 32) == 64 else "i"
    elif kind == "timestamp":
        unit, zone, code = own.number(0, "h"), own.text(1), "q"
    elif kind == "duration":
        unit, code = own.number(0, "h", 1), "q"
    elif kind == "decimal":
        scale, width = own.number(1, "i"), own.number(2, "i", 128) // 8
    elif kind in ("fixed_binary", "fixed_list"):
        width = own.number(0, "i")
    coded = table.table(4)
    dictionary, index_code = None, ""
    if coded is not None:
        dictionary = coded.number(0, "q")
        index = coded.table(1)
        index_code = "i" if index is None else _int_code(index)
    children = tuple(_field(child) for child in table.tables(5))
    return Field(
        table.text(0) or "", kind, code, unit, zone, scale, width, children, dictionary, index_code
    )


class _Batch:
    """The nodes and buffers of one record batch, taken one after the other."""

    def __init__(self, header: _Table, body: memoryview) -> None:
        if header.place(3):
            raise NotImplementedError("the Arrow file is compressed")
        self.length = header.number(0, "q")
        self.nodes = iter(header.structs(1, "<qq"))
        self.buffers = iter(header.structs(2, "<qq"))
        self.variadic = iter(n for (n,) in header.structs(4, "<q"))
        self.body = body

    def buffer(self) -> memoryview:
        offset, length = next(self.buffers)
        return self.body[offset : offset + length]


class Chunk:
    """The values of one column in one record batch."""

    def __init__(self, field: Field, batch: _Batch, dictionaries: dict[int, list[Any]]) -> None:
        self.field = field
        self.length, self.nulls = next(batch.nodes)
        kind = field.kind
        self.validity = batch.buffer() if kind != "null" else memoryview(b"")
        self.dictionary: Optional[list[Any]] = None
        self.buffers: list[memoryview] = []
        self.children: list[Chunk] = []
        if field.dictionary is not None:
            self.dictionary = dictionaries.get(field.dictionary, [])
            self.buffers = [batch.buffer()]
        elif kind in ("utf8", "binary", "large_utf8", "large_binary"):
            self.buffers = [batch.buffer(), batch.buffer()]
        elif kind in ("utf8_view", "binary_view"):
            self.buffers = [batch.buffer() for _ in range(1 + next(batch.variadic))]
        elif kind in ("list", "large_list"):
            self.buffers = [batch.buffer()]
        elif kind not in ("null", "struct", "fixed_list"):
            self.buffers = [batch.buffer()]
        if field.dictionary is None:
            self.children = [Chunk(child, batch, dictionaries) for child in field.children]

    def numbers(self) -> Optional[memoryview]:
        """The raw values as a view, for kinds of fixed width; missing ones hold anything."""
        if not self.field.code or self.field.dictionary is not None:
            return None
        size = struct.calcsize(self.field.code)
        return self.buffers[0][: self.length * size].cast(self.field.code)

    def present(self, i: int) -> bool:
        return self.nulls == 0 or len(self.validity) == 0 or bool(self.validity[i >> 3] >> (i & 7) & 1)

    def values(self) -> Iterator[Any]:
        raw = self._raw()
        if self.nulls == 0:
            return raw
        return (value if self.present(i) else None for i, value in enumerate(raw))

    def _raw(self) -> Iterator[Any]:
        kind, count = self.field.kind, self.length
        if self.dictionary is not None:
            codes = self.buffers[0].cast(self.field.index_code)
            size = len(self.dictionary)
            return (self.dictionary[c] if 0 <= c < size else None for c in codes[:count])
        if kind == "null":
            return iter([None] * count)
        if kind in ("int", "float"):
            numbers = self.numbers()
            return _wide_integers(self) if numbers is None else iter(numbers.tolist())
        if kind == "bool":
            bits = self.buffers[0]
            return (bool(bits[i >> 3] >> (i & 7) & 1) for i in range(count))
        if kind in ("date", "time", "timestamp", "duration"):
            return _moments(self)
        if kind == "decimal":
            return _decimals(self)
        if kind == "fixed_binary":
            width = self.field.width
            return (bytes(self.buffers[0][i * width : (i + 1) * width]) for i in range(count))
        if kind in ("list", "large_list", "fixed_list"):
            return _lists(self)
        if kind == "struct":
            names = [child.name for child in self.field.children]
            rows = zip(*(child.values() for child in self.children)) if names else iter([()] * count)
            return (dict(zip(names, row)) for row in rows)
        return _texts(self)


def _utf8(part: memoryview) -> str:
    return str(part, "utf-8")


def _texts(chunk: Chunk) -> Iterator[Any]:
    kind = chunk.field.kind
    wrap: Callable[[memoryview], Any] = _utf8
    if "binary" in kind:
        wrap = bytes
    if kind.endswith("_view"):
        views, data = chunk.buffers[0], chunk.buffers[1:]
        for i in range(chunk.length):
            length, _, which, offset = struct.unpack_from("<iiii", views, 16 * i)
            if length <= 12:
                yield wrap(views[16 * i + 4 : 16 * i + 4 + length])
            else:
                yield wrap(data[which][offset : offset + length])
        return
    offsets = chunk.buffers[0].cast("q" if kind.startswith("large") else "i") if chunk.length else []
    for i in range(chunk.length):
        yield wrap(chunk.buffers[1][offsets[i] : offsets[i + 1]])


def _lists(chunk: Chunk) -> Iterator[list[Any]]:
    items = list(chunk.children[0].values())
    if chunk.field.kind == "fixed_list":
        width = chunk.field.width
        return (items[i * width : (i + 1) * width] for i in range(chunk.length))
    if chunk.length == 0:
        return iter([])
    offsets = chunk.buffers[0].cast("q" if chunk.field.kind == "large_list" else "i")
    return (items[offsets[i] : offsets[i + 1]] for i in range(chunk.length))


def _wide_integers(chunk: Chunk) -> Iterator[int]:
    width, data = chunk.field.width, chunk.buffers[0]
    for i in range(chunk.length):
        yield int.from_bytes(data[i * width : (i + 1) * width], "little", signed=True)


def _decimals(chunk: Chunk) -> Iterator[decimal.Decimal]:
    width, scale = chunk.field.width, chunk.field.scale
    exact = decimal.Context(prec=80)
    for i in range(chunk.length):
        digits = int.from_bytes(chunk.buffers[0][i * width : (i + 1) * width], "little", signed=True)
        yield decimal.Decimal(digits).scaleb(-scale, exact)


_PER_SECOND = (1, 10**3, 10**6, 10**9)
_EPOCH = datetime.datetime(1970, 1, 1)


def _span(count: int, unit: int) -> datetime.timedelta:
    """Seconds, milli-, micro- or nanoseconds; Python's own times end at microseconds."""
    micros, rest = divmod(count * 10**6, _PER_SECOND[unit])
    if rest:
        raise ValueError(f"{count} ns is no whole number of microseconds: use to_numpy()")
    return datetime.timedelta(microseconds=micros)


def _moments(chunk: Chunk) -> Iterator[Any]:
    field = chunk.field
    zone: Any = None
    if field.zone == "UTC":
        zone = datetime.timezone.utc
    elif field.zone is not None:
        import zoneinfo

        zone = zoneinfo.ZoneInfo(field.zone)
    for i, count in enumerate(chunk.numbers() or ()):
        if not chunk.present(i):
            yield None
        elif field.kind == "date":
            days = count if field.unit == 0 else count // 86_400_000
            yield datetime.date(1970, 1, 1) + datetime.timedelta(days=days)
        elif field.kind == "duration":
            yield _span(count, field.unit)
        elif field.kind == "time":
            yield (_EPOCH + _span(count, field.unit)).time()
        elif zone is None:
            yield _EPOCH + _span(count, field.unit)
        else:
            utc = (_EPOCH + _span(count, field.unit)).replace(tzinfo=datetime.timezone.utc)
            yield utc.astimezone(zone)


class ArrowFile:
    """A whole Arrow IPC file in memory; `data` is kept alive by every view of it."""

    def __init__(self, data: Any) -> None:
        self.data = memoryview(data)
        if bytes(self.data[:6]) != MAGIC or bytes(self.data[-6:]) != MAGIC:
            raise ValueError("not an Arrow IPC file")
        length = struct.unpack_from("<i", self.data, len(self.data) - 10)[0]
        footer = _Table.root(self.data, len(self.data) - 10 - length)
        self.fields = [_field(table) for table in footer.needed(1).tables(1)]
        self._dictionaries: dict[int, list[Any]] = {}
        coded = {f.dictionary: f for f in self.fields if f.dictionary is not None}
        for block in footer.structs(2, "<qi4xq"):
            header, body = self._message(*block)
            self._add_dictionary(header, body, coded)
        self._batches = []
        self.rows = 0
        for block in footer.structs(3, "<qi4xq"):
            batch = _Batch(*self._message(*block))
            self.rows += batch.length
            chunks = [Chunk(field, batch, self._dictionaries) for field in self.fields]
            self._batches.append(chunks)

    def _message(self, offset: int, meta: int, length: int) -> tuple[_Table, memoryview]:
        start = offset + (8 if self.data[offset : offset + 4] == b"\xff\xff\xff\xff" else 4)
        header = _Table.root(self.data, start).needed(2)
        return header, self.data[offset + meta : offset + meta + length]

    def _add_dictionary(self, header: _Table, body: memoryview, coded: dict[int, Field]) -> None:
        identity = header.number(0, "q")
        field = coded[identity]._replace(dictionary=None)
        values = list(Chunk(field, _Batch(header.needed(1), body), {}).values())
        if header.number(2, "?"):
            values = self._dictionaries.get(identity, []) + values
        self._dictionaries[identity] = values

    def index(self, name: str) -> int:
        for i, field in enumerate(self.fields):
            if field.name == name:
                return i
        raise KeyError(name)

    def chunks(self, name: str) -> list[Chunk]:
        at = self.index(name)
        return [batch[at] for batch in self._batches]

    def to_list(self, name: str, rows: Optional[int] = None) -> list[Any]:
        """The values, or the first `rows` of them."""
        values = (value for chunk in self.chunks(name) for value in chunk.values())
        return list(itertools.islice(values, rows))

    def view(self, name: str) -> Optional[memoryview]:
        """The numbers of a column where they lie; None when some are missing or it has parts."""
        chunks = self.chunks(name)
        if len(chunks) != 1 or chunks[0].nulls:
            return None
        return chunks[0].numbers()
