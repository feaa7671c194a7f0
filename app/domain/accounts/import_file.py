"""Reads the lines of an import file one at a time, however long they or the file are."""

from collections.abc import Iterator
from typing import BinaryIO

LONGEST_LINE = 65_536
"""Bytes, without the line's end."""
_CHUNK = LONGEST_LINE + len(b"\r\n")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def numbered_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Each line that is not blank with its number, from 1; `None` stands for one that is too long to be held."""
    number = 0
    while chunk := stream.readline(_CHUNK):
        number += 1
        content = chunk.rstrip(b"\r\n")
        if _goes_on(chunk) or len(content) > LONGEST_LINE:
            while _goes_on(chunk):
                chunk = stream.readline(_CHUNK)
            yield number, None
            continue
        if number == 1:
            content = content.removeprefix(_BYTE_ORDER_MARK)
        if content.strip():
            yield number, content


def _goes_on(chunk: bytes) -> bool:
    return len(chunk) == _CHUNK and not chunk.endswith(b"\n")
