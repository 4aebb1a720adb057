"""A drawn chart, shown by notebooks."""

from __future__ import annotations

import base64
import html
from pathlib import Path
from typing import Any, Callable, Optional, Union


class Picture:
    """The bytes of a chart and what they are; `notes` say what was chosen or reduced."""

    def __init__(self, format: str, data: bytes, about: dict[str, Any]) -> None:
        self.format, self.data = format, data
        self.mark: str = about["mark"]
        self.rows: int = about["rows"]
        self.notes: list[str] = about["notes"]

    def save(self, path: Union[str, Path]) -> None:
        Path(path).write_bytes(self.data)

    def __repr__(self) -> str:
        return f"<{self.mark} of {self.rows:,} rows: {self.format}, {len(self.data):,} bytes>"

    def _repr_png_(self) -> Optional[bytes]:
        return self.data if self.format == "png" else None

    def _repr_jpeg_(self) -> Optional[bytes]:
        return self.data if self.format == "jpeg" else None

    def _repr_svg_(self) -> Optional[str]:
        return self.data.decode("utf-8") if self.format == "svg" else None

    def _repr_html_(self) -> Optional[str]:
        if self.format != "html":
            return None
        page = html.escape(self.data.decode("utf-8"), quote=True)
        return f'<iframe srcdoc="{page}" style="width:100%;height:540px;border:0"></iframe>'


def draw(ask: Callable[..., Any], wishes: dict[str, Any]) -> Picture:
    result, maps = ask("Plot", **wishes)
    data = result["data"]
    if "fd" in data:
        content = bytes(maps[data["fd"]])
    elif "base64" in data:
        content = base64.b64decode(data["base64"])
    else:
        content = data["text"].encode("utf-8")
    return Picture(data["format"], content, result)
