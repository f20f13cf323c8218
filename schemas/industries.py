"""Industries: the section of NACE Rev. 2 that a client's code belongs to, whichever of the two classifications it is of.

Sources: NACE Rev. 2, Regulation (EC) 1893/2006, annex I; NAICS 2022, sectors, by the correspondence of Eurostat.
"""

from bisect import bisect_right
from functools import lru_cache
from typing import Final

SECTIONS: Final = {
    "A": "agriculture", "B": "mining", "C": "manufacturing", "D": "energy", "E": "water and waste", "F": "construction",
    "G": "trade", "H": "transport", "I": "accommodation and food", "J": "information and communication", "K": "finance",
    "L": "real estate", "M": "professional services", "N": "support services", "O": "public administration", "P": "education",
    "Q": "health", "R": "arts and recreation", "S": "other services", "T": "households", "U": "extraterritorial bodies",
}  # fmt: skip
"""Sections of NACE Rev. 2 by their letter."""

_DIVISIONS: Final = (1, 5, 10, 35, 36, 41, 45, 49, 55, 58, 64, 68, 69, 77, 84, 85, 86, 90, 94, 97, 99)
"""The first division of each section, in their order."""
_NAICS: Final = {
    "11": "A", "21": "B", "22": "D", "2213": "E", "23": "F", "31": "C", "32": "C", "33": "C", "42": "G", "44": "G", "45": "G",
    "48": "H", "49": "H", "51": "J", "52": "K", "53": "L", "54": "M", "55": "M", "56": "N", "562": "E", "61": "P", "62": "Q",
    "71": "R", "72": "I", "81": "S", "92": "O",
}  # fmt: skip


@lru_cache(maxsize=4096)
def section_of(industry: str) -> str:
    """The section of an industry's code, "" if it is of none.

    A letter first is NACE (`C28.41`), a point after two digits as well (`28.41`); digits alone are NAICS (`332710`).
    """
    code = industry.strip().upper()
    if code[:1] in SECTIONS:
        return code[:1] if len(code) == 1 or code[1] in "0123456789." else ""
    if len(code) > 2 and code[:2].isdecimal() and code[2] == ".":
        place = bisect_right(_DIVISIONS, int(code[:2]))
        return "ABCDEFGHIJKLMNOPQRSTU"[place - 1] if place else ""
    if not code.isdecimal():
        return ""
    return next((_NAICS[code[:digits]] for digits in (4, 3, 2) if code[:digits] in _NAICS), "")
