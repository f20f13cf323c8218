"""Appraisal: what of a client's value and risk no payment moves. Made anew when a fact, a month or the policy has moved it."""

from collections.abc import Sequence
from typing import Final

from agents.segmentation.in_force import InForce
from agents.segmentation.ratings import worst_class
from agents.segmentation.standing import path_of, standing_logit, standing_x
from online_models.features import INDEX, packed, unpacked
from online_models.path import moved_on, path
from schemas.industries import section_of
from schemas.state import Appraisal, ClientState, Month
from schemas.value_rules import Value

YEAR_DAYS: Final = 365.25
MONTHS: Final = 12
"""The average balance is that of so many months, the last one as it stands now."""


def appraisal(client: ClientState, now: InForce) -> Appraisal:
    """The one in force; kept while nothing has moved it."""
    held = client.appraisal
    if held is None or held.policy != now.tag:
        held = client.appraisal = _appraised(client, now)
    months = client.months
    month = months[-1].number if months else 0
    if held.month != month:
        if 0 < held.month == month - 1:
            held.past_drawn, held.past_months = past_drawn_on(held, months)
            before = moved_on(path_of(held.standing), months)
        else:
            held.past_drawn, held.past_months = past_drawn(months)
            before = packed(path(months))
        held.month = month
        held.loyalty = loyalty(client, now.rules.value)
        held.standing = standing_x(client, held.covered, now, before)
        held.standing_logit = standing_logit(held.standing, now.card)
    return held


def _appraised(client: ClientState, now: InForce) -> Appraisal:
    value, points = now.rules.value, now.rules.risk_points
    covered, loss = _cover(client, now)
    return Appraisal(
        policy=now.tag,
        covered=covered,
        covered_lgd=loss / covered if covered > 0 else 0.0,
        loyalty=1.0,
        referral=1.0 + value.referral.each * min(client.referrals, value.referral.most),
        industry=points.industry.get(section_of(client.industry), 0.0),
        rating=points.rating.get(worst_class(client.ratings), 0.0),
        revenue_trend=_revenue_trend(client),
        past_drawn=0.0,
        past_months=0,
        month=-1,
    )


def _cover(client: ClientState, now: InForce) -> tuple[float, float]:
    """Collateral after haircut, and what would be lost of it."""
    covered = loss = 0.0
    for held in client.collateral:
        kind = now.rules.value.kind(held.kind)
        haircut = held.haircut if held.haircut >= 0 else kind.haircut
        worth = held.value * (1.0 - haircut) * now.per_minor[held.currency]
        covered += worth
        loss += worth * kind.lgd
    return covered, loss


def _revenue_trend(client: ClientState) -> float | None:
    if not client.statement_x:
        return None
    growth = unpacked(client.statement_x)[INDEX["revenue_growth"]]
    return growth if growth == growth else None


def loyalty(client: ClientState, value: Value) -> float:
    """The factor of a lasting relationship: years, facilities, and what people confirmed to be wrong. 1 adds nothing."""
    rules = value.loyalty
    since = client.relationship_day or client.first_day
    years = max(0.0, (client.last_day - since) / YEAR_DAYS)
    further = 0
    if len(client.facilities) > 1:
        further = max(0, sum(not facility.closed for facility in client.facilities) - 1)
    return max(
        0.0,
        1.0
        + rules.tenure * min(1.0, years / rules.tenure_years)
        + rules.facility * min(further, rules.most_facilities)
        - rules.confirmed * min(client.confirmed, rules.most_confirmed),
    )


def past_drawn_on(held: Appraisal, months: Sequence[Month]) -> tuple[float, int]:
    """The same of what was appraised a calendar month ago: the month that has ended comes in, the one of a year ago goes."""
    known, gone = held.past_months, 0
    if known == MONTHS - 1:
        if months[0].number != months[-1].number - MONTHS:  # there is a month without events: who goes must be looked for
            return past_drawn(months)
        known, gone = known - 1, max(0, months[0].balance)
    return (round(held.past_drawn * 100.0) - gone + max(0, months[-2].balance)) / 100.0, known + 1


def past_drawn(months: Sequence[Month]) -> tuple[float, int]:
    """What was drawn at the ends of the eleven months before the last, summed, and how many of them are known.

    A month without events ends as the one before it did. Units: of the reporting currency.
    """
    if not months:
        return 0.0, 0
    until = months[-1].number
    first = until - MONTHS + 1
    total = count = 0
    for month in months[-2::-1]:
        begins = month.number
        stood = until - (begins if begins > first else first)
        if stood <= 0:
            break
        if month.balance > 0:
            total += stood * month.balance
        count += stood
        until = begins
    return total / 100.0, count
