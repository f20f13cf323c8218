"""The ledger: which defaults were warned of and how long before, and how many warnings were false. Figures from tallies.

A default is captured by a warning that was raised within the look-back before it. A warning is false once it was rejected,
cleared, or grew older than the look-back without a default; a default within the look-back still makes it right. Precision is
of the warnings that are judged: (right + confirmed) / (right + confirmed + false).
"""

from collections.abc import Mapping
from typing import Any, Final

from online_models.tallies import CAUGHT, CAUGHT_BY, DEFAULTS, LEAD_SPAN, LEADS, WATCHED, Tallies, episode_key
from schemas.history import CODES, CONFIRMED, FALSE, HIT, VERDICTS

YEAR: Final = 365.25
SEVERITIES: Final = ("watch", "amber", "red")


def figures(tallies: Tallies, as_of: int) -> dict[str, Any]:
    """The ledger of a portfolio at the close of a day: for the whole, and for each indicator that was ever raised."""
    defaults = tallies.closed[DEFAULTS]
    years = tallies.days(WATCHED, as_of) / YEAR
    whole = _of(tallies, 0, tuple(range(1, len(CODES))), defaults, years)
    indicators = {code: _of(tallies, i, (i,), defaults, years) for i, code in enumerate(CODES) if i and _raised(tallies, i)}
    return {"client_years": round(years, 2), "defaults": defaults, **whole, "indicators": indicators}


def _of(tallies: Tallies, code: int, counted: tuple[int, ...], defaults: int, years: float) -> dict[str, Any]:
    episodes = {
        severity: {verdict: sum(tallies.closed[episode_key(c, level, v)] for c in counted) for v, verdict in enumerate(VERDICTS)}
        for level, severity in enumerate(SEVERITIES, start=1)
    }
    false = {severity: counts[VERDICTS[FALSE]] for severity, counts in episodes.items()}
    falsely = {"any": sum(false.values()), "amber": false["amber"] + false["red"]}
    captured = {name: _captured(tallies, code, amber) for name, amber in (("any", False), ("amber", True))}
    return {
        "captured": captured,
        "capture": {name: _share(count, defaults) for name, count in captured.items()},
        "lead_days": {"any": _leads(tallies, code, amber=False), "amber": _leads(tallies, code, amber=True)},
        "false_alarms": falsely,
        "false_alarms_per_100_client_years": {name: _share(100 * count, years) for name, count in falsely.items()},
        "precision": {severity: _precision(counts) for severity, counts in episodes.items()},
        "episodes": episodes,
    }


def _raised(tallies: Tallies, code: int) -> bool:
    return any(tallies.closed[episode_key(code, level, verdict)] for level in (1, 2, 3) for verdict in range(len(VERDICTS)))


def _captured(tallies: Tallies, code: int, amber: bool) -> int:
    return tallies.closed[CAUGHT_BY + 2 * code + amber if code else CAUGHT + amber]


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole > 0 else None


def _precision(counts: Mapping[str, int]) -> float | None:
    right = counts[VERDICTS[HIT]] + counts[VERDICTS[CONFIRMED]]
    return _share(right, right + counts[VERDICTS[FALSE]])


def _leads(tallies: Tallies, code: int, amber: bool) -> dict[str, int] | None:
    """Quartiles of the days from the first warning to the default; of each, the least day that so many had at most."""
    first = LEADS + (2 * code + amber) * LEAD_SPAN
    spread = sorted((key - first, count) for key, count in tallies.closed.items() if first <= key < first + LEAD_SPAN and count)
    defaults = sum(count for _, count in spread)
    if not defaults:
        return None
    quartiles: dict[str, int] = {}
    for name, share in (("p25", 0.25), ("median", 0.5), ("p75", 0.75)):
        seen = 0
        for days, count in spread:
            seen += count
            if seen >= share * defaults:
                quartiles[name] = days
                break
    return quartiles
