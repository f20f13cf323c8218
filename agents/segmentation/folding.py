"""Folding: what each fact changes in what is known of a client. Nothing is decided here."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

import msgspec

from agents.dead_letters import INVALID, TOO_LATE
from agents.segmentation import defaulting, groups, late, tracking
from agents.segmentation.arrears import owe, settle, undo
from agents.segmentation.in_force import InForce
from online_models import statements
from schemas import log
from schemas.state import ClientState, Collateral, Facility, Graded, Month

RECENT: Final = 16
"""Event ids remembered of a client, to drop what the bank sent twice."""
MAX_FACILITIES: Final = 200
MAX_RATINGS: Final = 12
MAX_COLLATERAL: Final = 100
MONTHS_KEPT: Final = 13
"""A year, and the month before it."""
FIGURES_KEPT: Final = 5
"""Statements kept: five quarters reach the same quarter of the year before."""


class Unusable(Exception):
    """A fact that cannot be entered: its currency has no rate in the policy, or is not its facility's."""

    cause = INVALID


class TooLate(Unusable):
    """A movement that is older than the client's newest one by more than the policy's bound."""

    cause = TOO_LATE


def is_repeat(client: ClientState, event_id: str) -> bool:
    """Whether the client has had this event already; if not, it is remembered."""
    digest = int.from_bytes(blake2b(event_id.encode(), digest_size=8).digest(), "big")
    if digest in client.recent:
        return True
    client.recent.append(digest)
    if len(client.recent) > RECENT:
        del client.recent[0]
    return False


def fold(client: ClientState, fact: log.Fact, day: int, now: InForce) -> None:
    """The fact, entered into the client's state. Raises: Unusable; what it had changed by then is the caller's to undo."""
    currency = getattr(fact, "currency", None)
    if currency is not None and currency not in now.per_minor:
        raise Unusable(f"currency: the policy has no rate for {currency!r}; add it under fx, publish the policy and redrive")
    if not client.first_day or day < client.first_day:
        client.first_day = day
    if late.is_movement(fact):
        _move(client, fact, day, now)
    else:
        client.appraisal = None
        _FOLDS[type(fact)](client, fact, day, now)
    if day > client.last_day:
        client.last_day = day


def _move(client: ClientState, fact: log.Fact, day: int, now: InForce) -> None:
    """A payment, a drawdown, the end of a facility: folded as if it had come in time. Raises: TooLate."""
    moment = late.moment_of(fact, day)
    if client.journal is None:
        if client.facilities:
            late.begin(client)
    elif moment < client.journal.last and not isinstance(fact, log.OutcomeReported):
        days = client.journal.last // late.DAY - day
        if days > now.rules.late_days:
            bound = f"the policy takes {now.rules.late_days} (late_days)"
            raise TooLate(f"occurred_at: {days} days before the client's newest payment or drawdown; {bound}")
    _FOLDS[type(fact)](client, fact, day, now)
    if late.enter(client, fact, moment, now, _FOLDS) and client.months:
        _tracked(client, client.months[-1].number, now)


def repayment(client: ClientState, fact: log.RepaymentReceived, day: int, now: InForce) -> None:
    """Owed, settled oldest first, and entered in the month's behaviour; a reversal takes the payment back."""
    facility = facility_of(client, fact.facility_id, fact.currency, day)
    due_day = fact.due_date.toordinal()
    rate = now.per_minor[fact.currency] * 100
    paid = -fact.amount_paid if fact.reverses is not None else fact.amount_paid
    if fact.reverses is not None:
        undo(facility, due_day, fact.amount_due, fact.amount_paid)
    else:
        owe(facility, due_day, fact.amount_due)
        settle(facility, fact.amount_paid)
    if fact.next_due_date is not None and fact.next_amount_due is not None:
        owe(facility, fact.next_due_date.toordinal(), fact.next_amount_due)
    facility.balance = fact.balance_after if fact.balance_after is not None else facility.balance - paid
    month = month_of(client, day)
    month.paid += round(paid * rate)
    if fact.reverses is None:
        month.due += round(fact.amount_due * rate)
        month.payments += 1
        month.short += fact.amount_paid < fact.amount_due
        month.late_days = max(month.late_days, day - due_day)
        tracking.paid(client, fact, day, facility, month.number, now)
    _level(client, now)


def drawdown(client: ClientState, fact: log.DrawdownMade, day: int, now: InForce) -> None:
    """The facility's limit, balance and terms as the drawdown left them."""
    facility = facility_of(client, fact.facility_id, fact.currency, day)
    if fact.reverses is None and fact.amount > 0:
        tracking.drew(client, fact, day, facility, now)
    facility.limit = fact.limit
    facility.balance = fact.balance_after
    if facility.closed:
        facility.closed, client.appraisal = False, None
    if client.collateral:
        client.appraisal = None  # what it covers has grown
    client.left_day = 0
    if fact.margin is not None:
        facility.margin = fact.margin
    if fact.maturity_date is not None:
        facility.maturity_day = fact.maturity_date.toordinal()
    if fact.next_due_date is not None and fact.next_amount_due is not None:
        owe(facility, fact.next_due_date.toordinal(), fact.next_amount_due)
    month = month_of(client, day)
    month.drawn += round((-fact.amount if fact.reverses is not None else fact.amount) * now.per_minor[fact.currency] * 100)
    _level(client, now)


def statement(client: ClientState, fact: log.StatementPublished, day: int, now: InForce) -> None:
    """The statement's features; one for an earlier period than the last is only kept to compare with."""
    rate = now.per_minor[fact.currency]
    figures = msgspec.structs.replace(statements.figures(fact, rate), day=day)
    if any(f.period_end_day == figures.period_end_day and f.day > day for f in client.figures):
        return  # it has been restated since
    earlier = [f for f in client.figures if f.period_end_day < figures.period_end_day]
    later = [f for f in client.figures if f.period_end_day > figures.period_end_day]
    if not later:
        client.statement_x = statements.features(fact, earlier, rate)
        client.scored_by = ""
        client.reported = statements.reported(fact, rate)
        client.expected_day = period_after(fact.period_end, fact.period_months)
    client.figures = [*earlier, figures, *later][-FIGURES_KEPT:]


def profile(client: ClientState, fact: log.ProfileUpdated, day: int, now: InForce) -> None:
    """What the event tells overwrites what was known; an older one than the last fills in what nobody has told."""
    if day < client.profile_day:
        fact = _blanks(client, fact)
    client.profile_day = max(day, client.profile_day)
    client.industry = fact.industry or client.industry
    client.country = fact.country or client.country
    groups.bind(client, fact)
    if fact.relationship_since is not None:
        client.relationship_day = fact.relationship_since.toordinal()
    if fact.employees is not None:
        client.employees = fact.employees


def _blanks(client: ClientState, fact: log.ProfileUpdated) -> log.ProfileUpdated:
    known = {
        "industry": client.industry,
        "country": client.country,
        "group_id": client.ties,
        "referred_by": client.ties,
        "relationship_since": client.relationship_day,
        "employees": client.employees >= 0,
    }
    return msgspec.structs.replace(fact, **{name: None for name, value in known.items() if value})


def rating(client: ClientState, fact: log.RatingAssigned, day: int, now: InForce) -> None:
    """The history of grades, newest last."""
    grades = [*client.ratings, Graded(fact.agency, fact.grade, day)]
    client.ratings = sorted(grades, key=lambda grade: grade.day)[-MAX_RATINGS:]


def collateral(client: ClientState, fact: log.CollateralValued, day: int, now: InForce) -> None:
    """The last value of each collateral; a value of 0 releases it."""
    others = [c for c in client.collateral if c.collateral_id != fact.collateral_id]
    if fact.value > 0:
        others.append(Collateral(fact.collateral_id, fact.value, fact.currency, _said(fact.haircut), fact.kind or ""))
    else:
        client.track.cover.clear()  # the bank has given it back: what it covered is no longer what is to be covered
    client.collateral = others[-MAX_COLLATERAL:]


def outcome(client: ClientState, fact: log.OutcomeReported, day: int, now: InForce) -> None:
    """Default, cure and forbearance of the client; `repaid` and `written-off` end a facility, or without one the relationship.

    What is written off is lost: a default, if none was told before.
    """
    if fact.outcome in ("defaulted", "written-off"):
        defaulting.report(client, day)
    elif fact.outcome == "cured":
        defaulting.end(client, day, now.rules.default)
    elif fact.outcome == "forborne":
        defaulting.forbear(client, day, now.rules.default)
    if fact.outcome in late.ENDED:
        late.close(client, fact.facility_id, day)
        if client.months:
            _tracked(client, client.months[-1].number, now)


def feedback(client: ClientState, fact: log.FeedbackGiven, day: int, now: InForce) -> None:
    """A warning that a person confirms counts against the relationship."""
    client.confirmed += fact.verdict == "confirmed"


def milestone(client: ClientState, fact: log.MilestoneReported, day: int, now: InForce) -> None:
    """A project's progress and cost."""
    tracking.milestone(client, fact)


_FOLDS: Final[dict[type, Callable[[ClientState, Any, int, InForce], None]]] = {
    log.RepaymentReceived: repayment,
    log.DrawdownMade: drawdown,
    log.StatementPublished: statement,
    log.ProfileUpdated: profile,
    log.RatingAssigned: rating,
    log.CollateralValued: collateral,
    log.OutcomeReported: outcome,
    log.MilestoneReported: milestone,
    log.FeedbackGiven: feedback,
}


def facility_of(client: ClientState, facility_id: str, currency: str, day: int) -> Facility:
    """The client's facility, opened by the first event that names it, in that event's currency. Raises: Unusable."""
    for facility in client.facilities:
        if facility.facility_id == facility_id:
            if facility.currency != currency:
                raise Unusable(f"currency: {currency!r}, but facility {facility_id} is in {facility.currency}")
            return facility
    facility = Facility(facility_id, currency, opened_day=day)
    client.facilities.append(facility)
    client.appraisal = None
    if len(client.facilities) > MAX_FACILITIES:
        idle = next((f for f in client.facilities if f.closed), client.facilities[0])
        client.facilities.remove(idle)
    return facility


def month_of(client: ClientState, day: int) -> Month:
    """The calendar month of a day, begun by its first event; an event of an earlier month counts in the newest."""
    number = month_number(day)
    months = client.months
    if months and months[-1].number >= number:
        return months[-1]
    months.append(Month(number))
    if len(months) > MONTHS_KEPT:
        del months[0]
    return months[-1]


@lru_cache(maxsize=512)
def period_after(period_end: date, months: int) -> int:
    """The last day of the next period, as an ordinal."""
    begins = period_end + timedelta(days=1)
    month = begins.year * 12 + begins.month - 1 + months
    return date(month // 12, month % 12 + 1, min(begins.day, 28)).toordinal() - 1


@lru_cache(maxsize=512)
def month_number(day: int) -> int:
    """Year * 12 + month - 1."""
    when = date.fromordinal(day)
    return when.year * 12 + when.month - 1


def _level(client: ClientState, now: InForce) -> None:
    """The newest month's balance and limit over all facilities, as they stand."""
    month = client.months[-1]
    balance, limit = _tracked(client, month.number, now)
    month.balance, month.limit = round(balance * 100), round(limit * 100)
    client.moved = True


def _tracked(client: ClientState, month: int, now: InForce) -> tuple[float, float]:
    """Balance and limit over all facilities; what of them revolves, is too much is entered in the track."""
    balance = limit = line = used = over = 0.0
    for facility in client.facilities:
        rate = now.per_minor[facility.currency]
        balance += facility.balance * rate
        limit += facility.limit * rate
        if facility.revolving and not facility.closed:
            line += facility.limit * rate
            used += facility.balance * rate
        if facility.balance > facility.limit > 0:
            over += (facility.balance - facility.limit) * rate
    tracking.level(client, month, max(0.0, used / line) if line > 0 else -1.0, over / limit if over else 0.0)
    return balance, limit


def _said(haircut: float | None) -> float:
    return -1.0 if haircut is None else haircut
