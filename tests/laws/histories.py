"""Histories of clients as a strategy: days on which they draw, pay, report and default, with all that may come between."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from agents.intake import Intake, day_passed
from schemas import log, topics
from schemas.policy import Policy
from schemas.records import EVERY, Outcome, PlainRecord
from streams.replaying.pipeline import Pipeline
from tests.builders import at, event, model, policy, source_record

CLIENTS = (("C1", None), ("C2", None), ("S1", "sme"), ("P1", "project-finance"), ("C3", None))
START = date(2024, 1, 1)
POLICY: Policy = policy(
    horizon_days=20,
    grace_days=2,
    value={"cutoffs_every_days": 5, "cutoffs_min_clients": 2, "dwell_days": 3},
    watchlist={"cure_days": [2, 4, 6], "dwell_days": [1, 2, 5], "turn_around_days": 3, "probation_days": 5},
    default={"dpd_days": 12, "significant_increase_dpd_days": 6},
)
"""The shipped one in quick motion: horizons, cures and cut-offs within weeks."""
OTHER_POLICY: Policy = policy(
    horizon_days=15, grace_days=1, value={"cutoffs_every_days": 3, "cutoffs_min_clients": 1, "dwell_days": 0}
)

KINDS = (
    "pay", "pay", "pay", "part", "miss", "reverse", "draw", "draw", "statement", "outcome", "profile", "rating", "collateral",
    "milestone", "answer", "answer", "macro", "pass", "pass", "pass", "jump", "model", "cutoffs", "policy", "same-event",
    "same-record", "garbage", "no-rate",
)  # fmt: skip

Op = tuple[str, int, int]
"""What happens, to which client, and a number that the kind makes something of."""

ops: st.SearchStrategy[list[Op]] = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, len(CLIENTS) - 1), st.integers(0, 9)), min_size=1, max_size=60
)


@dataclass
class History:
    """A log being written: through intake, with control records in between."""

    log: list[PlainRecord]
    sources: list[PlainRecord]
    """The source records behind it that were no control records."""


class _Writer:
    """Turns operations into events that fit together: an instalment of 100 falls due every third day."""

    def __init__(self) -> None:
        self.day = START
        self.outcomes: list[Outcome] = []
        self.sources: list[PlainRecord] = []
        self.offsets: dict[str, int] = {}
        self.balance = [5000] * len(CLIENTS)
        self.numbers: dict[str, int] = {}
        self.count = 0

    def write(self, op: Op) -> None:
        kind, i, n = op
        method = getattr(self, "_" + kind.replace("-", "_"), None)
        if method is not None:
            method(i, n)

    def _says(self, topic: str, i: int, **fields: Any) -> None:
        self.count += 1
        client_id, portfolio = CLIENTS[i]
        whole = {
            "event_id": f"e{self.count}",
            "client_id": client_id,
            "portfolio": portfolio,
            "occurred_at": at(self.day),
            **fields,
        }
        self._publishes(topic, msgspec.json.encode(event(topic, **whole)))

    def _publishes(self, topic: str, value: bytes) -> None:
        offset = self.offsets[topic] = self.offsets.get(topic, -1) + 1
        record = source_record(topic, value, offset)
        self.sources.append(record)
        self.outcomes += Intake(topic, {"file": 1}).run([record]).outcomes

    def _due(self, back: int = 0) -> date:
        return self.day + timedelta(days=-self.day.toordinal() % 3 - 3 * back)

    def _repays(self, i: int, n: int, paid: int, **fields: Any) -> None:
        self.balance[i] -= paid
        due = self._due(back=n % 3)
        upcoming = {"next_due_date": self._due(back=-1).isoformat(), "next_amount_due": "600"} if n % 2 else {}
        self._says(topics.REPAYMENTS, i, due_date=due.isoformat(), amount_due="600", amount_paid=str(paid),
                   balance_after=str(self.balance[i]) if n % 4 else None, **upcoming, **fields)  # fmt: skip

    def _pay(self, i: int, n: int) -> None:
        self._repays(i, n, 600)

    def _part(self, i: int, n: int) -> None:
        self._repays(i, n, 60 * n)

    def _miss(self, i: int, n: int) -> None:
        self._repays(i, n, 0)

    def _reverse(self, i: int, n: int) -> None:
        self._repays(i, n, 600, reverses="e1")

    def _draw(self, i: int, n: int) -> None:
        self.balance[i] += 700 * n
        self._says(topics.DRAWDOWNS, i, amount=str(700 * n), limit="10000", balance_after=str(self.balance[i]),
                   next_due_date=self._due(back=-(n % 3)).isoformat(), next_amount_due="600",
                   currency="USD" if i == 2 else "EUR")  # fmt: skip

    def _statement(self, i: int, n: int) -> None:
        end = date(2018 + n // 2, 12, 31)
        self._says(topics.STATEMENTS, i, period_end=end.isoformat(), equity=str(n * 100_000 - 200_000), revenue=str(n * 90_000),
                   net_income=str(n * 10_000 - 30_000), ebit="1000", interest_expense="900", current_assets="5000",
                   current_liabilities=str(n * 1000), retained_earnings="0", total_debt="70000", ebitda="20000")  # fmt: skip

    def _outcome(self, i: int, n: int) -> None:
        said = ("defaulted", "cured", "repaid", "written-off", "defaulted")[n % 5]
        self._says(topics.OUTCOMES, i, outcome=said, facility_id="L1" if n > 6 else None)

    def _profile(self, i: int, n: int) -> None:
        industry, country = ("F41.20", "C28", "332710", None)[n % 4], ("DE", "FR", None)[n % 3]
        group_id = ("G1", "G1", "G2", "")[n % 4] if n < 8 else None
        ties = {"group_id": group_id, "referred_by": CLIENTS[n % 3][0] if n % 2 else None}
        self._says(topics.PROFILES, i, employees=n, industry=industry, country=country, **ties)

    def _rating(self, i: int, n: int) -> None:
        self._says(topics.RATINGS, i, grade=("A", "BBB+", "BB", "B", "NR")[n % 5])

    def _milestone(self, i: int, n: int) -> None:
        self._says(topics.MILESTONES, i, planned=n / 9, actual=n / 18, cost_planned=10.0, cost_actual=8.0 + n / 2)

    def _answer(self, i: int, n: int) -> None:
        """What a person says of a warning that is open or may be, or a signal of their own."""
        verdict = ("confirmed", "false-alarm", "snoozed", "suppressed", "raised")[n % 5]
        code = ("UTIL", "DPD", "EXCESS", "LEVERAGE", "PROJECT")[n * 3 % 5]
        until = (self.day + timedelta(days=n)).isoformat() if n % 2 or verdict == "suppressed" else None
        own = {"warning_id": None, "indicator": code if n > 4 else None, "severity": ("amber", "red", None)[n % 3]}
        named = own if verdict == "raised" else {"warning_id": f"{CLIENTS[i][0]}/{code}/{1 + n % 3}"}
        if verdict == "suppressed":
            named = {**named, "indicator": code}
        self._says(topics.FEEDBACK, i, verdict=verdict, until=until, **named)

    def _collateral(self, i: int, n: int) -> None:
        self._says(topics.COLLATERAL, i, value=str(1000 * n))

    def _macro(self, i: int, n: int) -> None:
        figure = event(topics.MACRO, value=(n - 5) / 50, event_id=f"m{n}", country="DE" if i % 2 else None, as_of=str(self.day))
        self._publishes(topics.MACRO, msgspec.json.encode(figure))

    def _no_rate(self, i: int, n: int) -> None:
        self._says(topics.COLLATERAL, i, currency="THB")

    def _garbage(self, i: int, n: int) -> None:
        key = CLIENTS[i][0].encode() if n % 3 else None
        self.outcomes.append(Outcome(topics.CLIENT_EVENTS, key, b'{"record":"repayment-received"}' if n % 2 else b"{"))

    def _same_event(self, i: int, n: int) -> None:
        """The bank sends one of its last events again: a new record with the same event id."""
        if len(self.sources) > n:
            again = self.sources[-1 - n]
            if again.topic != topics.MACRO:
                self._publishes(again.topic, again.value or b"")

    def _same_record(self, i: int, n: int) -> None:
        """Intake runs again from one of its last records: the same source offsets a second time."""
        for record in self.sources[-1 - n :] if n < 9 else self.sources:
            self.outcomes += Intake(record.topic, {"file": 1}).run([record]).outcomes

    def _pass(self, i: int, n: int) -> None:
        passed = day_passed(log.Source("file", 0, 0), self.day, {"file": 1})
        self.outcomes.append(passed)
        if n != 9:  # else the day has passed, and more of it comes
            self.day += timedelta(days=1)

    def _jump(self, i: int, n: int) -> None:
        self.day += timedelta(days=n)
        self._pass(i, 0)

    def _control(self, record: log.Control) -> None:
        self.outcomes.append(Outcome(topics.CLIENT_EVENTS, None, log.write(record), (), EVERY))

    def _number(self, name: str, n: int) -> int:
        number = self.numbers[name] = self.numbers.get(name, 0) + (n > 0)  # now and then one that is in force already
        return max(1, number)

    def _model(self, i: int, n: int) -> None:
        portfolio = CLIENTS[i][1] or "corporate"
        snapshot = model(self._number(f"model/{portfolio}", n), portfolio, shift=n / 2 - 2)
        self._control(log.ModelPublished(source=log.Source(topics.LEARNING, 0, 0), snapshot=snapshot))

    def _cutoffs(self, i: int, n: int) -> None:
        portfolio = CLIENTS[i][1] or "corporate"
        bounds = (20.0 * n, 10.0 * n, 1.0 * n - 4.0)
        number, source = self._number(f"cutoffs/{portfolio}", n), log.Source(topics.LEARNING, 0, 0)
        self._control(
            log.CutoffsPublished(source=source, portfolio=portfolio, number=number, as_of=self.day, clients=5, cutoffs=bounds)
        )

    def _policy(self, i: int, n: int) -> None:
        chosen = OTHER_POLICY if n % 2 else POLICY
        document = chosen.model_dump(mode="json")
        self._control(log.PolicyPublished(source=log.Source("policy", 0, 0), version=chosen.version, policy=document))


def told(operations: list[Op]) -> tuple[list[list[Outcome]], list[PlainRecord]]:
    """What intake writes for the log, by operation, and the source records behind it."""
    writer = _Writer()
    said: list[list[Outcome]] = []
    for op in operations:
        begun = len(writer.outcomes)
        writer.write(op)
        said.append([outcome for outcome in writer.outcomes[begun:] if outcome.topic == topics.CLIENT_EVENTS])
    return said, writer.sources


def written(operations: list[Op]) -> History:
    """The log that operations lead to, with what segmenters tell one another."""
    said, sources = told(operations)
    records: list[PlainRecord] = []
    pipeline = Pipeline(POLICY, 1, lambda _: None, records.append, learning=False)
    for outcomes in said:
        pipeline.append(outcomes)
    return History(records, sources)


histories = ops.map(written)
cuts = st.lists(st.floats(0, 1), max_size=6)
"""Places, as fractions of a log, between two batches."""


def places(fractions: list[float], length: int) -> list[int]:
    """The places as indices, ascending."""
    return sorted(int(fraction * length) for fraction in fractions)
