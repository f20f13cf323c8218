"""Laws of the watchlist: whatever is read and said, only transitions of the table happen; no close is looked past."""

from collections.abc import Iterator

from hypothesis import given, note
from hypothesis import strategies as st

from agents.segmentation import watchlist
from agents.segmentation.agenda import Agenda
from agents.segmentation.watchlist import CLEARED, RAISED, TABLE, Cause, Transition
from agents.segmenter import Segmenter
from schemas.decisions import EarlyWarning, Severity
from schemas.order import place_of
from schemas.packed import LOOK
from schemas.state import ClientState
from schemas.watch_rules import Watchlist
from tests.driver import decided, run_all
from tests.laws.histories import POLICY, History, histories

CODES = ("UTIL", "DPD", "ICR")
LEGAL = {(row.was, row.cause, now): row.status for row in TABLE for now in row.now}
RULES = st.builds(
    Watchlist,
    cure_days=st.tuples(*[st.integers(0, 9)] * 3),
    dwell_days=st.tuples(*[st.integers(0, 9)] * 3),
    forborne_cure_days=st.integers(0, 20),
    probation_days=st.integers(0, 9),
    turn_around_days=st.one_of(st.none(), st.integers(0, 9)),
)
acts = st.lists(
    st.tuples(
        st.sampled_from(["read", "read", "read", "raise", "answer", "snooze", "reject", "suppress", "default", "wait", "wait"]),
        st.sampled_from(CODES),
        st.sampled_from(list(Severity)),
        st.integers(0, 9),
    ),
    max_size=80,
)


def happens(client: ClientState, act: tuple[str, str, Severity, int], day: int, rules: Watchlist) -> Transition | None:
    """One act of a person or of the bank's figures."""
    kind, code, severity, n = act
    alert = watchlist.alert_of(client, code)
    if kind == "read":
        return watchlist.step(client, code, severity, day, rules)
    if kind == "raise" and severity:
        return watchlist.raise_by_hand(client, code, severity, day, day + n)
    if kind == "suppress":
        return watchlist.suppress(client, code, day + n, day, rules)
    if kind == "default":
        client.defaulted_day = 0 if client.defaulted_day else day
        client.probation_day = day + n
    if alert is None:
        return None
    if kind == "reject":
        return watchlist.reject(client, alert, day, rules)
    if kind == "answer":
        watchlist.answer(alert)
    if kind == "snooze":
        watchlist.snooze(alert, day + n)
    return None


def closes(client: ClientState, day: int, rules: Watchlist) -> list[Transition]:
    """The close of a day."""
    watchlist.spoken_again(client, day)
    moved = (watchlist.close(client, alert, day, rules) for alert in list(client.alerts))
    return [transition for transition in moved if transition is not None]


@given(acts, RULES)
def test_only_transitions_of_the_table_happen(said: list[tuple[str, str, Severity, int]], rules: Watchlist) -> None:
    client, day, unanswered = ClientState(), 100, set()
    for act in said:
        was = {alert.code: Severity(alert.severity) for alert in client.alerts}
        told: list[Transition | None] = [happens(client, act, day, rules)]
        if act[0] == "wait":
            day += act[3]
            told = [*closes(client, day, rules)]
        for one in told:
            if one is None:
                continue
            before = was.get(one.alert.code, Severity.NORMAL)
            now = Severity.NORMAL if one.status == CLEARED else one.severity
            assert LEGAL[before, one.cause, now] == one.status
            assert (one.status == RAISED) is (before == Severity.NORMAL)
            if one.cause is Cause.UNANSWERED:
                assert one.alert.episode not in unanswered, "once an episode"
                unanswered.add(one.alert.episode)
        now_open = {alert.code: Severity(alert.severity) for alert in client.alerts}
        untold = {one.alert.code for one in told if one is not None}
        assert {c: s for c, s in was.items() if c not in untold} == {c: s for c, s in now_open.items() if c not in untold}
        assert watchlist.enlist(client, day) == max(now_open.values(), default=Severity.NORMAL)
        assert len(client.quiet) <= len(CODES)


@given(acts, RULES)
def test_a_close_moves_nothing_before_the_day_that_the_agenda_has(
    said: list[tuple[str, str, Severity, int]], rules: Watchlist
) -> None:
    client, day = ClientState(), 100
    for act in said:
        happens(client, act, day, rules)
        due = [d for d in (watchlist.next_day(client, alert, rules) for alert in client.alerts) if d]
        for _ in range(act[3]):
            day += 1
            moved = closes(client, day, rules)
            assert not moved or (due and day >= min(due))
            if moved:
                break


class Everyday(Agenda):
    """Has everybody for each day."""

    def __init__(self, states: dict[bytes, bytes]) -> None:
        super().__init__(states)
        self._all: set[str] = set()

    def move(self, client_id: str, was: int, now: int) -> None:
        self._all.add(client_id)

    def due(self, day: int) -> Iterator[list[str]]:
        yield sorted(self._all, key=place_of)

    def due_by(self, day: int, where: slice = LOOK) -> Iterator[list[str]]:
        return self.due(day) if where is LOOK else super().due_by(day, where)


@given(histories)
def test_what_the_agenda_finds_is_all_that_looking_every_day_would_find(history: History) -> None:
    """But for a new policy, model or macro regime: those meet a client at its next event or look."""
    kept = [record for record in history.log if record.key is not None or b'"day-passed"' in (record.value or b"")]
    history = History(kept, [])
    by_agenda, by_day = Segmenter(0, {}, POLICY, 1), Segmenter(0, {}, POLICY, 1)
    by_day.agenda = Everyday(by_day.states)
    found, looked = told(by_agenda, history), told(by_day, history)
    note(f"only by looking every day: {[w for w in looked if w not in found]}")
    note(f"only by the agenda: {[w for w in found if w not in looked]}")
    assert found == looked


def told(segmenter: Segmenter, history: History) -> list[tuple[str, str, str, str, str]]:
    """The warnings of all clients."""
    warnings = [d for d in decided(run_all(segmenter, history.log)[0]) if isinstance(d, EarlyWarning)]
    return sorted((w.client_id, str(w.as_of), w.warning_id.rsplit("/", 2)[1], w.status, w.cause) for w in warnings)
