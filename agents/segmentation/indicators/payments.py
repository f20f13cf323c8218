"""Indicators that payments and the passing of days move."""

from typing import Final

from agents.segmentation.indicators.rule import PASSING, PAYING, Indicator, Measure, Seen

MOST: Final = 1e6
YEAR_DAYS: Final = 365


def owes_nothing(seen: Seen) -> bool:
    """As of the last close."""
    owed = seen.owed
    return not (owed.days or owed.missed or owed.material)


def pays_well(seen: Seen) -> bool:
    """Each of the last instalments in time, in full, and not from a drawdown."""
    track = seen.client.track
    return not (track.late or track.rounds)


def days_past_due(seen: Seen) -> float:
    """As of the last close. Source: SAMA node 4036; IFRS 9 5.5.11."""
    return seen.owed.days


def missed(seen: Seen) -> float:
    """Instalments of which nothing was received within the days of grace."""
    return seen.owed.missed


def material(seen: Seen) -> float:
    """Arrears over the higher of the two bounds; 0 unless they are above both. Source: RTS 2018/171, art. 2."""
    owed = seen.owed
    if not owed.material:
        return 0.0
    bounds = seen.now.rules.default.materiality
    bound = max(bounds.absolute, bounds.relative * seen.held.drawn)
    return owed.amount / bound if bound > 0 else MOST


def late_or_partial(seen: Seen) -> float:
    """Of the last six instalments: paid after the days of grace, or not in full."""
    return seen.client.track.late.bit_count()


def evergreened(seen: Seen) -> float:
    """Payments of the last year that a drawdown of similar size had paid for. Source: RBI."""
    rounds = seen.client.track.rounds
    return sum(day > seen.day - YEAR_DAYS for day in rounds) if rounds else 0


INDICATORS: Final[tuple[Indicator, ...]] = (
    Indicator(
        "DPD", PASSING, (Measure(days_past_due, "{value:.0f} days past due (from {threshold:.0f})", "days"),), owes_nothing
    ),
    Indicator("MATERIAL", PASSING, (Measure(material, "arrears are {value:.1f} times what is material", "ratio"),), owes_nothing),
    Indicator(
        "MISSED",
        PASSING,
        (Measure(missed, "{value:.0f} instalments unpaid past the days of grace (from {threshold:.0f})", "instalments"),),
        owes_nothing,
    ),
    Indicator(
        "PARTIAL",
        PAYING,
        (Measure(late_or_partial, "{value:.0f} of the last six instalments late or partial", "instalments"),),
        pays_well,
    ),
    Indicator(
        "EVERGREEN",
        PAYING,
        (Measure(evergreened, "{value:.0f} instalments in a year paid from drawdowns (from {threshold:.0f})", "instalments"),),
        pays_well,
    ),
)
