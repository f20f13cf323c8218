"""History: what a client's decisions add to the ledger and to the transition matrices, kept in its own state.

A partition's figures are the sum over its clients: whatever a crash interrupts, they follow from the states. Nothing here
reaches a decision.
"""

from collections.abc import Sequence
from typing import Final

from agents.segmentation.agenda import month_end
from agents.segmentation.watchlist import CLEARED, RAISED
from online_models.tallies import (
    CAUGHT,
    CAUGHT_BY,
    DEFAULTS,
    GRADE_DAYS,
    GRADE_MOVES,
    GRADE_PAIRS,
    TIER_DAYS,
    TIER_MOVES,
    TIER_PAIRS,
    WATCHED,
    episode_key,
    lead_key,
)
from online_models.transitions import GRADE_NUMBER, TIER_NUMBER, YEAR
from schemas import log
from schemas.decisions import EarlyWarning, Severity
from schemas.history import CONFIRMED, FALSE, HIT, NUMBERS, OPEN, Episode, History, Passage, encode, read_history
from schemas.state import ClientState

MOST_EPISODES: Final = 24
"""Of a client, waiting for their verdict; of more, the oldest is judged as it stands."""
MOST_RECENT: Final = 32
"""Places of `Passage.recent`: sixteen changes of class in twelve months."""
GRADE_KEYS: Final = (GRADE_DAYS, GRADE_MOVES, GRADE_PAIRS)
TIER_KEYS: Final = (TIER_DAYS, TIER_MOVES, TIER_PAIRS)


def record(client: ClientState, told: Sequence[EarlyWarning], fact: log.Fact | None, day: int, look_back: int) -> None:
    """A step's decisions, entered: warnings and what a person thinks of them, default, cure, leaving, class."""
    history = read_history(client.history) if client.history else History()
    for warning in told:
        _enter(history, warning, defaulted=bool(client.defaulted_day))
    if isinstance(fact, log.FeedbackGiven):
        _judge(history, fact)
    if client.defaulted_day and not history.defaulted:
        _default(history, client.defaulted_day, look_back)
    history.defaulted = bool(client.defaulted_day)
    _observe(client, history, day)
    advance(history, day, look_back)
    _keep(client, history, look_back)


def pass_time(client: ClientState, closed_day: int, look_back: int) -> None:
    """What time alone has changed by the close of a day: warnings too old to be right, classes of twelve months ago."""
    history = read_history(client.history)
    advance(history, closed_day, look_back)
    _keep(client, history, look_back)


def advance(history: History, day: int, look_back: int) -> None:
    """The same in the tallies."""
    for passage, keys in ((history.grades, GRADE_KEYS), (history.tiers, TIER_KEYS)):
        _catch_up(passage, day, keys[2], history.closed)
    old = [e for e in history.episodes if e.raised_day + look_back < day]
    for episode in old or history.episodes[: max(0, len(history.episodes) - MOST_EPISODES)]:
        _close_episode(history, episode)


def _keep(client: ClientState, history: History, look_back: int) -> None:
    client.history = encode(history)
    days = [passage.recent[0] + YEAR for passage in (history.grades, history.tiers) if passage.recent]
    days.extend(e.raised_day + look_back + 1 for e in history.episodes)
    client.history_day = month_end(min(days)) if days else 0


# warnings


def _enter(history: History, warning: EarlyWarning, defaulted: bool) -> None:
    code = NUMBERS.get(warning.indicator, 0)
    number = int(warning.warning_id.rsplit("/", 1)[1])
    severity = Severity[warning.severity.upper()]
    if warning.status == RAISED:
        if not defaulted and code:
            raised = warning.first_raised_at.toordinal()
            history.episodes.append(Episode(number, code, raised, severity, raised if severity > Severity.WATCH else 0))
        return
    episode = next((e for e in history.episodes if e.number == number), None)
    if episode is None:
        return
    if severity > episode.severity:
        episode.severity = severity
        if severity > Severity.WATCH and not episode.amber_day:
            episode.amber_day = warning.as_of.toordinal()
    if warning.status == CLEARED and episode.verdict == OPEN:
        episode.verdict = FALSE


def _judge(history: History, fact: log.FeedbackGiven) -> None:
    verdict = {"false-alarm": FALSE, "confirmed": CONFIRMED}.get(fact.verdict)
    for episode in history.episodes:
        if verdict is not None and (fact.warning_id or "").endswith(f"/{episode.number}"):
            episode.verdict = verdict


def _close_episode(history: History, episode: Episode) -> None:
    verdict = FALSE if episode.verdict == OPEN else episode.verdict
    _count(history.closed, episode_key(episode.code, episode.severity, verdict), 1)
    history.episodes.remove(episode)


def _default(history: History, day: int, look_back: int) -> None:
    """Every warning of the look-back before it was right; one that came with the default or after it is none."""
    if not history.watched_since or history.watched_since >= day:
        history.episodes.clear()
        return  # it was in default when it was first seen: nobody could warn of it
    closed = history.closed
    _count(closed, DEFAULTS, 1)
    before = [e for e in history.episodes if 0 < day - e.raised_day <= look_back]
    for episode in before:
        episode.verdict = HIT
    history.episodes = [e for e in history.episodes if e.raised_day < day]
    for amber, name in ((False, "raised_day"), (True, "amber_day")):
        leads: dict[int, int] = {}
        for episode in before:
            raised = getattr(episode, name)
            if 0 < raised < day:
                leads[episode.code] = max(leads.get(episode.code, 0), day - raised)
        for code, lead in sorted(leads.items()):
            _count(closed, CAUGHT_BY + 2 * code + amber, 1)
            _count(closed, lead_key(code, amber, lead), 1)
        if leads:
            _count(closed, CAUGHT + amber, 1)
            _count(closed, lead_key(0, amber, max(leads.values())), 1)
    for episode in list(history.episodes):
        _close_episode(history, episode)


# time under observation, and classes


def _observe(client: ClientState, history: History, day: int) -> None:
    watched = not client.defaulted_day and not client.left_day
    if history.watched_since and not watched:
        until = client.defaulted_day or client.left_day
        _count(history.closed, WATCHED, max(0, until - history.watched_since))
        history.watched_since = 0
    elif watched and not history.watched_since:
        history.watched_since = day
    if client.left_day:
        _end(history.grades, client.left_day, GRADE_KEYS, history.closed)
        _end(history.tiers, client.left_day, TIER_KEYS, history.closed)
    elif (stands := client.segment) is not None:
        _move(history.grades, day, GRADE_NUMBER[stands.risk_grade], GRADE_KEYS, history.closed)
        _move(history.tiers, day, TIER_NUMBER[stands.value_tier], TIER_KEYS, history.closed)


def _move(passage: Passage, day: int, now: int, keys: tuple[int, int, int], closed: dict[int, int]) -> None:
    if passage.now == now:
        return
    day = max(day, passage.since)
    if passage.now >= 0:
        _catch_up(passage, day, keys[2], closed)
        _leave(passage, day, keys, closed)
        _count(closed, keys[1] + 10 * passage.now + now, 1)
    passage.now, passage.since, passage.pair_since = now, day, day
    passage.recent = [*passage.recent, day, now]
    if len(passage.recent) > MOST_RECENT:
        del passage.recent[2:4]


def _end(passage: Passage, day: int, keys: tuple[int, int, int], closed: dict[int, int]) -> None:
    if passage.now < 0:
        return
    day = max(day, passage.since)
    _catch_up(passage, day, keys[2], closed)
    _leave(passage, day, keys, closed)
    passage.now, passage.origin, passage.recent = -1, -1, []


def _leave(passage: Passage, day: int, keys: tuple[int, int, int], closed: dict[int, int]) -> None:
    _count(closed, keys[0] + passage.now, day - passage.since)
    if passage.origin >= 0:
        _count(closed, keys[2] + 10 * passage.origin + passage.now, max(0, day - passage.pair_since))


def _catch_up(passage: Passage, day: int, pairs: int, closed: dict[int, int]) -> None:
    """The class of twelve months ago follows the changes of then."""
    while passage.recent and passage.recent[0] + YEAR <= day:
        turned = max(passage.recent[0] + YEAR, passage.pair_since)
        if passage.origin >= 0:
            _count(closed, pairs + 10 * passage.origin + passage.now, turned - passage.pair_since)
        passage.origin, passage.pair_since = passage.recent[1], turned
        passage.recent = passage.recent[2:]


def _count(closed: dict[int, int], key: int, by: int) -> None:
    if by:
        closed[key] = closed.get(key, 0) + by
