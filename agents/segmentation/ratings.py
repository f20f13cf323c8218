"""Ratings: the letter scale that the large agencies share, and Moody's beside it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from schemas.risk_rules import RATING_CLASSES
from schemas.state import Graded

_MOODYS: Final = {"AAA": "AAA", "AA": "AA", "A": "A", "BAA": "BBB", "BA": "BB", "B": "B", "CAA": "CCC", "CA": "CCC"}
_WORST: Final = {"CC": "CCC", "C": "CCC", "SD": "D", "RD": "D"}


@lru_cache(maxsize=256)
def class_of(grade: str) -> str:
    """The class of a grade without its notch: `BB+` and `Ba1` are BB, "" if the scale does not know it."""
    letters = grade.strip().rstrip("+-123")
    notched = grade.strip()[len(letters) :]
    if notched.isdigit() or (not letters.isupper() and letters):  # Moody's: Baa1, Aaa
        return _MOODYS.get(letters.upper(), "")
    letters = _WORST.get(letters, letters)
    return letters if letters in RATING_CLASSES else ""


def worst_class(ratings: Sequence[Graded]) -> str:
    """The worst class among the last rating of each agency, "" without one that the letter scale knows; oldest first."""
    if not ratings:
        return ""
    last = {rated.agency: rated.grade for rated in ratings}
    classes = [RATING_CLASSES.index(known) for known in map(class_of, last.values()) if known]
    return RATING_CLASSES[max(classes)] if classes else ""
