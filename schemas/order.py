"""The order in which a partition looks at its clients when a day closes: also the order in which it tells of them."""

from zlib import crc32


def digest_of(client_id: str) -> int:
    """32 bits that spread clients evenly."""
    return crc32(client_id.encode())


def place_of(client_id: str) -> str:
    """Ascends in the order of looks, however many clients are looked at: by digest, then by name."""
    return f"{digest_of(client_id):08x}/{client_id}"
