"""Transition matrices of grades and tiers over twelve months, from tallies: by cohorts and by durations.

Cohort: of the client-days on which a client had been observed twelve months before, the share by class then and class now;
the mean over cohorts formed on every day. Duration: moves over time spent give a generator, whose exponential is the matrix;
it knows rare ways that no cohort went. Source: Lando and Skodeberg (2002); Jafry and Schuermann (2004).
"""

from collections.abc import Sequence
from operator import mul
from typing import Any, Final

from online_models.tallies import GRADE_DAYS, GRADE_MOVES, GRADE_PAIRS, TIER_DAYS, TIER_MOVES, TIER_PAIRS, Tallies

YEAR: Final = 365
GRADES: Final = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "D")
TIERS: Final = ("diamond", "gold", "silver", "basic")
GRADE_NUMBER: Final = {name: number for number, name in enumerate(GRADES)}
TIER_NUMBER: Final = {name: number for number, name in enumerate(TIERS)}

Matrix = list[list[float]]


def figures(tallies: Tallies, as_of: int) -> dict[str, Any]:
    """Both scales, both methods. A class in which nobody was has no row (None)."""
    return {
        "grades": _scale(tallies, as_of, GRADES, (GRADE_DAYS, GRADE_MOVES, GRADE_PAIRS)),
        "tiers": _scale(tallies, as_of, TIERS, (TIER_DAYS, TIER_MOVES, TIER_PAIRS)),
    }


def _scale(tallies: Tallies, as_of: int, classes: Sequence[str], keys: tuple[int, int, int]) -> dict[str, Any]:
    days_key, moves_key, pairs_key = keys
    n = len(classes)
    spent = [tallies.days(days_key + i, as_of) for i in range(n)]
    moves = [[tallies.closed[moves_key + 10 * i + j] for j in range(n)] for i in range(n)]
    pairs = [[tallies.days(pairs_key + 10 * i + j, as_of) for j in range(n)] for i in range(n)]
    forecast = exponential(generator(moves, spent))
    return {
        "classes": list(classes),
        "client_years": [round(days / YEAR, 2) for days in spent],
        "moves": moves,
        "cohort": [[round(days / sum(row), 6) for days in row] if sum(row) > 0 else None for row in pairs],
        "duration": [[round(share, 6) for share in row] if spent[i] > 0 else None for i, row in enumerate(forecast)],
    }


def generator(moves: Sequence[Sequence[int]], spent: Sequence[int]) -> Matrix:
    """Moves a year from class to class; on the diagonal what leaves. Rows sum to 0."""
    rates: Matrix = []
    for i, row in enumerate(moves):
        rate = [YEAR * count / spent[i] if spent[i] > 0 and j != i else 0.0 for j, count in enumerate(row)]
        rate[i] = -sum(rate)
        rates.append(rate)
    return rates


def exponential(rates: Matrix) -> Matrix:
    """The matrix exponential, by scaling and squaring of its Taylor series; rows of a generator come to sum 1."""
    n = len(rates)
    largest = max((-rates[i][i] for i in range(n)), default=0.0)
    halvings = 0
    while largest > 0.5:
        largest /= 2
        halvings += 1
    scaled = [[rate / 2**halvings for rate in row] for row in rates]
    result = term = [[float(i == j) for j in range(n)] for i in range(n)]
    for k in range(1, 16):
        term = [[value / k for value in row] for row in product(term, scaled)]
        result = [[a + b for a, b in zip(x, y, strict=True)] for x, y in zip(result, term, strict=True)]
    for _ in range(halvings):
        result = product(result, result)
    return result


def product(a: Matrix, b: Matrix) -> Matrix:
    """Of two square matrices."""
    columns = list(zip(*b, strict=True))
    return [[sum(map(mul, row, column)) for column in columns] for row in a]
