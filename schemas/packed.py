"""A client's state as table and changelog keep it: two of its days and a glance in front, the rest compressed (LZ4, a block).

Half the memory; whom a day's close has to look at is found by the first bytes, and what a partition adds up is rebuilt from
the glance, without reading states. LZ4 because it costs about what the shorter copy saves; zlib made states an eighth
smaller, and was ten times slower.
"""

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import Final

from cramjam import lz4

MARK: Final = 1
"""The first byte. What an earlier release wrote begins as a MessagePack array: from 0x90."""
HEAD: Final = Struct(">BIIHH")
SIZE: Final = HEAD.size
NEVER: Final = 0xFFFFFFFF
LOOK: Final = slice(1, 5)
"""Where the next day to look at the client stands."""
TURN: Final = slice(5, 9)
"""Where the month's end stands at which time alone changes its tallies."""


def pack(look_day: int, turn_day: int, glance: bytes, tail: int, body: bytes) -> bytes:
    """A state's bytes; days of 0 are none. `tail`: so many of the glance's last bytes are not in the body."""
    head = HEAD.pack(MARK, look_day or NEVER, turn_day or NEVER, len(glance), tail)
    return b"".join((head, glance, lz4.compress_block(body, mode="fast")))


def unpack(value: bytes) -> tuple[bytes, bytes]:
    """The state as MessagePack, whoever wrote it, and what of it only its glance has."""
    if value[0] != MARK:
        return value, b""
    _, _, _, glance, tail = HEAD.unpack_from(value)
    end = SIZE + glance
    return bytes(lz4.decompress_block(value[end:])), value[end - tail : end]


def glance_of(value: bytes) -> bytes:
    """The glance of a packed state."""
    return value[SIZE : SIZE + (value[9] << 8 | value[10])]


def with_glance(value: bytes, glance: bytes) -> bytes:
    """A packed state with another glance that ends as the one it had."""
    mark, look, turn, length, tail = HEAD.unpack_from(value)
    return b"".join((HEAD.pack(mark, look, turn, len(glance), tail), glance, value[SIZE + length :]))


def is_packed(value: bytes) -> bool:
    """Whether this release has written it."""
    return value[0] == MARK


def due_by(states: Iterable[tuple[bytes, bytes]], where: slice, day: int) -> list[bytes]:
    """Keys of the clients whose day (`LOOK` or `TURN`) is not after `day`. `states`: keys and values."""
    last = day.to_bytes(4, "big")
    return [key for key, value in states if value[where] <= last and value[0] == MARK]


def looks(states: Iterable[tuple[bytes, bytes]], first: int, last: int) -> Iterator[tuple[int, bytes]]:
    """The next days to look at clients, as far as they lie between two days, and the clients' keys."""
    since, until = first.to_bytes(4, "big"), last.to_bytes(4, "big")
    for key, value in states:
        if since <= value[LOOK] <= until and value[0] == MARK:
            yield int.from_bytes(value[LOOK], "big"), key
