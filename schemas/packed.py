"""A client's state as table and changelog keep it: two of its days in front, the rest compressed (LZ4, a block).

Half the memory, and whom a day's close has to look at is found by the first bytes alone. LZ4 because it costs about what
the shorter copy saves; zlib made states an eighth smaller, and was ten times slower.
"""

from collections.abc import Iterator, Mapping
from struct import Struct
from typing import Final

from cramjam import lz4

MARK: Final = 1
"""The first byte. What an earlier release wrote begins as a MessagePack array: from 0x90."""
FIRST: Final = b"%c" % MARK
HEAD: Final = Struct(">BII")
SIZE: Final = HEAD.size
NEVER: Final = 0xFFFFFFFF
LOOK: Final = slice(1, 5)
"""Where the next day to look at the client stands."""
TURN: Final = slice(5, 9)
"""Where the month's end stands at which time alone changes its tallies."""


def pack(look_day: int, turn_day: int, body: bytes) -> bytes:
    """A state's bytes; days of 0 are none."""
    return HEAD.pack(MARK, look_day or NEVER, turn_day or NEVER) + lz4.compress_block(body, mode="fast", acceleration=4)


def unpack(value: bytes) -> bytes:
    """The state as MessagePack, whoever wrote it."""
    return bytes(lz4.decompress_block(value[SIZE:])) if value[0] == MARK else value


def is_packed(value: bytes) -> bool:
    """Whether this release has written it."""
    return value[0] == MARK


def due_by(states: Mapping[bytes, bytes], where: slice, day: int) -> list[bytes]:
    """Keys of the clients whose day (`LOOK` or `TURN`) is not after `day`."""
    last = day.to_bytes(4, "big")
    return [key for key, value in states.items() if value[where] <= last and value[0] == MARK]


def looks(states: Mapping[bytes, bytes], first: int, last: int) -> Iterator[tuple[int, bytes]]:
    """The next days to look at clients, as far as they lie between two days, and the clients' keys."""
    since, until = first.to_bytes(4, "big"), last.to_bytes(4, "big")
    for key, value in states.items():
        if since <= value[LOOK] <= until and value[0] == MARK:
            yield int.from_bytes(value[LOOK], "big"), key
