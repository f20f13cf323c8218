"""The letter scale of the agencies."""

import pytest

from agents.segmentation.ratings import class_of, worst_class
from schemas.state import Graded


@pytest.mark.parametrize(
    ("grade", "known"),
    [
        ("AAA", "AAA"), ("Aaa", "AAA"), ("AA-", "AA"), ("Aa3", "AA"), ("A+", "A"), ("A2", "A"), ("BBB", "BBB"), ("Baa1", "BBB"),
        ("BB+", "BB"), ("Ba2", "BB"), ("B-", "B"), ("B3", "B"), ("CCC+", "CCC"), ("Caa1", "CCC"), ("CC", "CCC"), ("C", "CCC"),
        ("SD", "D"), ("D", "D"), ("7", ""), ("good", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_grade_is_of_the_class_of_its_letters(grade: str, known: str) -> None:
    assert class_of(grade) == known


def test_the_worst_of_the_agencies_last_ratings_counts() -> None:
    told = [Graded("S&P", "B", 1), Graded("Fitch", "A", 2), Graded("S&P", "BBB+", 3), Graded("own", "n.r.", 4)]
    assert worst_class(told) == "BBB"
    assert worst_class(told[-1:]) == ""
