"""What a program has in its own memory, for the daemon to read."""

from __future__ import annotations

import os
from typing import Union

Bytes = Union[bytes, bytearray, memoryview]


class Memory:
    """A file in memory; closed when nobody needs it."""

    def __init__(self, content: Bytes) -> None:
        self.fd = -1
        self.fd = os.memfd_create("nairobi:given", os.MFD_CLOEXEC)
        left = memoryview(content).cast("B")
        while left:
            left = left[os.write(self.fd, left) :]

    def __del__(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
