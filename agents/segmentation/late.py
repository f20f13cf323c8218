"""Late, reversed and corrected movements: a client's dues, balances and months are as if all had come in time.

A journal of the client's last movements stands between two copies of what they changed (`Journal.older`, then `.newer`). One that
comes in order costs its entry. One that comes late, or undoes another, is put where it belongs, and the movements from the
copy before it on are folded again, in the order of their times. What was decided meanwhile stays as it was told.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import Any, Final, NamedTuple
from zlib import crc32

import msgspec

from agents.segmentation.in_force import InForce
from schemas import log, topics
from schemas.state import Checkpoint, ClientState, Journal, Month, encode, read_checkpoint

MOST: Final = 10
"""Movements after which a new copy is made, if the bound in days has not passed before: the journal holds up to twice as many."""
DAY: Final = 86_400
MILLENNIUM: Final = date(2000, 1, 1).toordinal() * DAY
ENDED: Final = frozenset(("repaid", "written-off"))
PAID, DREW, CLOSED = range(3)
BOOKED: Final = (log.RepaymentReceived, log.DrawdownMade)
"""What moves money."""
NOWHERE: Final = log.Source(topics.CLIENT_EVENTS, 0, 0)

Fold = Callable[[ClientState, Any, int, InForce], None]


class Movement(NamedTuple):
    """One movement, as far as it changes facilities and months. Units: seconds; days relative to its own; minor units."""

    moment: int
    """Local seconds since the first day of all."""
    digest: int
    """Of the event's id."""
    kind: int
    facility_id: str
    """Empty: all of them."""
    currency: str = ""
    amount: int = 0
    """Paid, or drawn."""
    due: int = 0
    """What was due, or the limit."""
    day: int = 0
    """When that was due, or when the facility matures (0: not told)."""
    balance: int | None = None
    next_day: int = 0
    next_amount: int | None = None
    undoes: int | None = None
    """The digest of the movement that it reverses."""
    found: bool = False
    """The reversed one is known and folded as if it had not been: there is nothing left to be undone by amounts."""
    margin: float | None = None


def is_movement(fact: log.Fact) -> bool:
    """Whether a fact changes facilities and months."""
    kind = type(fact)
    return (
        kind is log.RepaymentReceived
        or kind is log.DrawdownMade
        or (isinstance(fact, log.OutcomeReported) and fact.outcome in ENDED)
    )


def moment_of(fact: log.Fact, day: int) -> int:
    """When it happened, by the clock of who says so."""
    when = fact.occurred_at
    return day * DAY + when.hour * 3600 + when.minute * 60 + when.second


def enter(client: ClientState, fact: log.Fact, moment: int, now: InForce, folds: Mapping[type, Fold]) -> bool:
    """A movement that has been folded on arrival, into the journal; whether that was the wrong place and all was folded again."""
    entry = _entry(fact, moment)
    journal = client.journal
    if journal is None:
        journal = client.journal = Journal(last=moment, middle=moment)
    again = (moment < journal.last or _reverses(fact)) and _folded_again(client, journal, _parsed(entry)[0], now, folds)
    if not again:
        journal.entries += entry
        journal.last = moment
    journal.count += 1
    if journal.count > MOST or journal.last - journal.middle > now.rules.late_days * DAY:
        _turn(client, journal)
    return again


def begin(client: ClientState) -> None:
    """A journal of a client that an earlier release knew: what came before is only known as it stands."""
    moment = client.last_day * DAY
    copied = _copy(client)
    client.journal = Journal(last=moment, middle=moment, floor=moment, older=copied, newer=copied)


def _turn(client: ClientState, journal: Journal) -> None:
    """A new copy; the journal begins at the one before."""
    if journal.mark:
        journal.floor = journal.middle
    journal.entries = journal.entries[journal.mark :]
    journal.mark, journal.count, journal.middle = len(journal.entries), 0, journal.last
    journal.older, journal.newer = journal.newer, _copy(client)


def _folded_again(client: ClientState, journal: Journal, move: Movement, now: InForce, folds: Mapping[type, Fold]) -> bool:
    """Puts a movement in its place; False if it is the last of all and undoes nothing that is known."""
    if move.moment < journal.floor:  # within the bound of days, but the journal is full: it stays folded on arrival
        copied = _copy(client)
        client.journal = Journal(last=journal.last, middle=journal.last, floor=journal.last, older=copied, newer=copied)
        return True
    moves = _parsed(journal.entries[: journal.mark])
    boundary = len(moves)
    moves += _parsed(journal.entries[journal.mark :])
    place = bisect_right(moves, move.moment, key=attrgetter("moment"))
    boundary += place < boundary
    moves.insert(place, move)
    undone = _matched(moves)
    if place == len(moves) - 1 and not moves[place].found:
        return False
    begins = 0 if min((place, *undone)) < boundary else boundary
    scratch = _restored(client, journal.newer if begins else journal.older)
    for at, one in enumerate(islice(moves, begins, None), begins):
        if at == boundary > begins:
            journal.newer = _copy(scratch)
        _apply(scratch, one, at in undone, now, folds)
    if begins < boundary == len(moves):
        journal.newer = _copy(scratch)
    _take_over(client, scratch)
    packed = [_packed(one) for one in moves]
    journal.mark = sum(map(len, packed[:boundary]))
    journal.entries = b"".join(packed)
    journal.last = moves[-1].moment
    return True


def _matched(moves: list[Movement]) -> set[int]:
    """Marks the reversals whose movement is known; the places of what is undone. One that is undone itself undoes nothing."""
    undone: set[int] = set()
    for at in range(len(moves) - 1, -1, -1):
        move = moves[at]
        if move.undoes is None or at in undone:
            continue
        known = [k for k in range(at) if moves[k].digest == move.undoes and moves[k].kind == move.kind]
        if known:
            undone.add(known[-1])
            moves[at] = move._replace(found=True)
    return undone


def _apply(client: ClientState, move: Movement, undone: bool, now: InForce, folds: Mapping[type, Fold]) -> None:
    day = move.moment // DAY
    if move.kind == CLOSED:
        close(client, move.facility_id or None, day)
    elif not (undone and move.undoes is not None):
        fact = _repayment(move, undone) if move.kind == PAID else _drawdown(move, undone)
        folds[type(fact)](client, fact, day, now)


def close(client: ClientState, facility_id: str | None, day: int) -> None:
    """A facility has ended; without one, the relationship."""
    client.appraisal = None
    for facility in client.facilities:
        if facility_id in (None, facility.facility_id):
            facility.closed = True
            facility.dues.clear()
            facility.settled.clear()
            facility.balance = facility.limit = 0
    if facility_id is None:
        client.left_day = day


def _reverses(fact: log.Fact) -> bool:
    return isinstance(fact, BOOKED) and fact.reverses is not None


def _entry(fact: log.Fact, moment: int) -> bytes:
    """A movement as the journal has it; every payment makes one, so no `Movement` is made on the way."""
    day, digest = moment // DAY, crc32(fact.event_id.encode())
    if isinstance(fact, log.OutcomeReported):
        return _framed((moment - MILLENNIUM, digest, CLOSED, fact.facility_id or ""))
    assert isinstance(fact, BOOKED)
    undoes = None if fact.reverses is None else crc32(fact.reverses.encode())
    next_day, amount = 0, None
    if fact.next_due_date is not None:
        next_day, amount = fact.next_due_date.toordinal() - day, fact.next_amount_due
    when, where, money = moment - MILLENNIUM, fact.facility_id, fact.currency
    if isinstance(fact, log.RepaymentReceived):
        due, paid, due_day = fact.amount_due, fact.amount_paid, fact.due_date.toordinal() - day
        return _framed((when, digest, PAID, where, money, paid, due, due_day, fact.balance_after, next_day, amount, undoes))
    matures = fact.maturity_date.toordinal() if fact.maturity_date is not None else 0
    told = (fact.amount, fact.limit, matures, fact.balance_after, next_day, amount, undoes, False, fact.margin)
    return _framed((when, digest, DREW, where, money, *told))


def _repayment(move: Movement, undone: bool) -> log.RepaymentReceived:
    """As the fact it was; undone, as if nothing had been paid; a reversal of what is known only tells the balance."""
    balance = move.balance + move.amount if undone and move.balance is not None else move.balance
    nothing = undone or move.found
    return log.RepaymentReceived(
        **_common(move),
        due_date=_date(move, move.day),
        amount_due=0 if move.found else move.due,
        amount_paid=0 if nothing else move.amount,
        balance_after=balance,
        reverses="" if move.undoes is not None else None,
    )


def _drawdown(move: Movement, undone: bool) -> log.DrawdownMade:
    balance = move.balance or 0
    common = _common(move)
    if undone:
        common["next_due_date"] = None
    return log.DrawdownMade(
        **common,
        amount=0 if undone or move.found else move.amount,
        limit=move.due,
        balance_after=balance - move.amount if undone else balance,
        margin=move.margin,
        maturity_date=date.fromordinal(move.day) if move.day else None,
        reverses="" if move.undoes is not None else None,
    )


def _common(move: Movement) -> dict[str, Any]:
    return {
        "source": NOWHERE,
        "event_id": "",
        "client_id": "",
        "occurred_at": datetime.fromordinal(move.moment // DAY).replace(tzinfo=UTC) + timedelta(seconds=move.moment % DAY),
        "facility_id": move.facility_id,
        "currency": move.currency,
        "next_due_date": None if move.next_amount is None else _date(move, move.next_day),
        "next_amount_due": move.next_amount,
    }


def _date(move: Movement, day: int) -> date:
    return date.fromordinal(move.moment // DAY + day)


def _copy(client: ClientState) -> bytes:
    return encode(Checkpoint(client.facilities, client.months[-1:], client.left_day))


def _restored(client: ClientState, copied: bytes) -> ClientState:
    """A client as the copy has it, with the months before it; only facilities, months and `left_day` count."""
    if not copied:
        return ClientState(portfolio=client.portfolio)
    held = read_checkpoint(copied)
    months: list[Month] = []
    if held.months:
        months = [month for month in client.months if month.number < held.months[0].number] + held.months
    return ClientState(portfolio=client.portfolio, facilities=held.facilities, months=months, left_day=held.left_day)


def _take_over(client: ClientState, folded: ClientState) -> None:
    """What was found past due by decisions of a month stays found."""
    found = {month.number: month.dpd for month in client.months}
    for month in folded.months:
        month.dpd = max(month.dpd, found.get(month.number, 0))
    client.facilities, client.months, client.left_day = folded.facilities, folded.months, folded.left_day
    client.appraisal = None


def _packed(move: Movement) -> bytes:
    return _framed((move.moment - MILLENNIUM, *move[1:]))


def _framed(fields: tuple[Any, ...]) -> bytes:
    """Behind a byte with its length; moments from 2000 on take five bytes."""
    body = encode(fields)
    return len(body).to_bytes(1, "big") + body


def _parsed(entries: bytes) -> list[Movement]:
    moves: list[Movement] = []
    at = 0
    while at < len(entries):
        moment, *rest = read_entry(entries[at + 1 : at + 1 + entries[at]])
        moves.append(Movement(moment + MILLENNIUM, *rest))
        at += 1 + entries[at]
    return moves


read_entry: Final[Callable[[bytes], list[Any]]] = msgspec.msgpack.Decoder(list[Any]).decode
