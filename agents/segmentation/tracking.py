"""Tracking: what the indicators remember of how a client pays and draws, a few numbers for each month."""

from typing import TYPE_CHECKING, Final
from zlib import crc32

from online_models.drift_detector import Detector
from schemas import log
from schemas.policy import PortfolioPolicy
from schemas.state import ClientState, Facility, Month, Project, Track

if TYPE_CHECKING:
    from agents.segmentation.in_force import InForce

INSTALMENTS: Final = 0b111111
"""The last six."""
YEAR: Final = 12
EXCESS_MONTHS: Final = (1 << YEAR) - 1
MAX_ROUNDS: Final = 4
MAX_PROJECTS: Final = 20


def paid(client: ClientState, fact: log.RepaymentReceived, day: int, facility: Facility, month: int, now: "InForce") -> None:
    """A payment that was settled: late or partial, from a drawdown, and what was due in the month.

    Several payments for one instalment are one: the last of them says whether it was late or partial.
    """
    track, due_day = client.track, fact.due_date.toordinal()
    if month > track.month:
        _begin(track, month)
    instalment = due_day << 8 | crc32(fact.facility_id.encode()) & 0xFF
    is_open = fact.amount_paid < fact.amount_due and bool(facility.dues) and facility.dues[0].day <= due_day
    bad = day - due_day > now.rules.grace_days or is_open
    rate = now.per_minor[fact.currency]
    if instalment == track.instalment:
        track.late = track.late & ~1 | bad
    else:
        track.instalment = instalment
        track.late = (track.late << 1 | bad) & INSTALMENTS
        if track.dues:
            track.dues[-1] += int(fact.amount_due * rate)
        else:
            track.dues.append(int(fact.amount_due * rate))
    amount = int(fact.amount_paid * rate * 100)
    track.paid_day, track.paid = day, amount
    if track.drawn and _pays(track.drawn_day, track.drawn, day, amount, now):
        _round(track, day)


def drew(client: ClientState, fact: log.DrawdownMade, day: int, facility: Facility, now: "InForce") -> None:
    """A drawdown, before the facility is changed by it: whether it shows that the line revolves, and what it pays."""
    track = client.track
    if fact.balance_after < fact.limit or (facility.limit > 0 and facility.balance < facility.limit):
        facility.revolving = True
    track.drawn_day, track.drawn = day, int(fact.amount * now.per_minor[fact.currency] * 100)
    if track.paid and _pays(day, track.drawn, track.paid_day, track.paid, now):
        _round(track, track.paid_day)


def level(client: ClientState, month: int, used: float, over: float) -> None:
    """The levels as they stand: drawn of revolving limits (negative without any), and above limits, as shares."""
    track = client.track
    if month > track.month:
        _begin(track, month)
    track.level, track.over = used, over
    if used >= 0:
        _put(track.used, min(1000, int(used * 1000 + 0.5)))
    if over > 0:
        track.excess |= 1


def cover(track: Track, covered: float) -> None:
    """What is covered now; without collateral nothing is remembered of it."""
    track.covered = covered
    if covered >= 0:
        now = covered_now(track)
        _put(track.cover, max(now, track.cover[-1]) if track.cover else now)
    elif track.cover:
        track.cover.clear()


def covered_now(track: Track) -> int:
    """In thousandths, at most the whole: more than that covers nothing."""
    return min(1000, int(track.covered * 1000 + 0.5))


def milestone(client: ClientState, fact: log.MilestoneReported) -> None:
    """A project's progress as it was last told; one that is done is no longer watched."""
    others = [project for project in client.projects if project.project_id != fact.project_id]
    if fact.actual < 1.0:
        costs = (float("nan") if cost is None else cost for cost in (fact.cost_planned, fact.cost_actual))
        others.append(Project(fact.project_id, fact.planned, fact.actual, *costs))
    client.projects = others[-MAX_PROJECTS:]


def close_month(client: ClientState, months: list[Month], rules: PortfolioPolicy) -> None:
    """Months that have closed, entered into what is normal for the client. `months`: those not yet entered, oldest first."""
    track, drift, bounds = client.track, client.track.drift, rules.drift
    lower = Detector("down", bounds.min_months, bounds.tolerance, bounds.bound)
    higher = lower._replace(direction="up")
    for month in months:
        drift.month, drift.score = month.number, 0.0
        if month.due > 0:
            drift.paid, drift.score = lower.update(drift.paid, max(0.0, min(1.0, month.paid / month.due)))
        back = track.month - month.number
        if 0 <= back < len(track.used):
            drift.used, score = higher.update(drift.used, track.used[-1 - back] / 1000)
            drift.score = max(drift.score, score)


def _pays(drawn_day: int, drawn: int, paid_day: int, amount: int, now: "InForce") -> bool:
    rules = now.rules.evergreen
    return 0 <= paid_day - drawn_day <= rules.days and amount > 0 and abs(drawn - amount) <= rules.similar * amount


def _round(track: Track, day: int) -> None:
    """One drawdown pays one instalment."""
    track.drawn = track.paid = 0
    track.rounds.append(day)
    del track.rounds[:-MAX_ROUNDS]


def _put(levels: list[int], newest: int) -> None:
    if levels:
        levels[-1] = newest
    else:
        levels.append(newest)


def _begin(track: Track, month: int) -> None:
    """A new month; in those without events since the last one the levels stayed as they were, and nothing was due."""
    gap = min(month - track.month, YEAR) if track.month else 1
    track.month = month
    track.excess = (track.excess << gap | ((1 << gap) - 1 if track.over > 0 else 0)) & EXCESS_MONTHS
    if track.used:
        _extend(track.used, track.used[-1], gap)
    if track.cover:
        _extend(track.cover, covered_now(track), gap)
    if track.dues:
        _extend(track.dues, 0, gap)


def _extend(months: list[int], by: int, count: int) -> None:
    if count == 1:
        months.append(by)
    else:
        months.extend([by] * count)
    if len(months) > YEAR:
        del months[:-YEAR]
