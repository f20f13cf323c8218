"""Rating scales: the notch of a grade, 1 the best. Letters of S&P and Fitch, of Moody's, or plain numbers."""

from typing import Final

LETTERS: Final = (
    "AAA", "AA+", "AA", "AA-", "A+", "A", "A-", "BBB+", "BBB", "BBB-", "BB+", "BB", "BB-", "B+", "B", "B-",
    "CCC+", "CCC", "CCC-", "CC", "C", "D",
)  # fmt: skip
MOODYS: Final = (
    "Aaa", "Aa1", "Aa2", "Aa3", "A1", "A2", "A3", "Baa1", "Baa2", "Baa3", "Ba1", "Ba2", "Ba3", "B1", "B2", "B3",
    "Caa1", "Caa2", "Caa3", "Ca", "C",
)  # fmt: skip
_NOTCHES: Final = {
    **{grade: notch for notch, grade in enumerate(LETTERS, start=1)},
    **{grade: notch for notch, grade in enumerate(MOODYS, start=1)},
    "CCC": 18, "SD": 22, "RD": 22, "DDD": 22, "DD": 22,
}  # fmt: skip


def notch_of(grade: str) -> int | None:
    """The notch; None of a grade that is on no scale (withdrawn, not rated)."""
    said = grade.strip()
    if said.isascii() and said.isdigit():
        return int(said[:4])
    return _NOTCHES.get(said)
