"""The oversight in the learner: a promotion goes into the log, a drift to its topic, both into the report."""

from collections import Counter
from datetime import date, timedelta
from math import log, nan
from random import Random
from typing import Any

import msgspec
import pytest

from agents.learner import Learner
from online_models.features import AMOUNTS, NAMES
from online_models.mixing import scorecard
from online_models.scorecard import sigmoid
from schemas import topics
from schemas.learner_state import FROZEN_PREFIX, MODEL_PREFIX, read_taught
from schemas.learning import LabelledExample, ModelSnapshot
from schemas.log import ModelPublished, read_control
from schemas.model_warnings import ModelWarning, read_model_warning
from schemas.policy import Policy
from schemas.records import EVERY, Batch, Outcome, PlainRecord
from tests.builders import N, example, policy
from tests.driver import headers, learning_log, write

HORIZON = 30
CHAMPION, CHALLENGER = ("amounts",), ("bins", "tails", "smooth")
RULES: dict[str, Any] = {
    "warm_up": 200, "publish_every": 200, "publish_days": 30, "bins": 8, "champion": CHAMPION, "challenger": CHALLENGER,
    "drift": {"least_examples": 200}, "rate": 0.2,
}  # fmt: skip
SEED = Random().randrange(2**32)


def ours(**learning: Any) -> Policy:
    return policy(horizon_days=HORIZON, learning={**RULES, **learning})


@pytest.fixture
def chance() -> Random:
    """Random, and repeatable by the seed it prints."""
    print(f"SEED={SEED}")
    return Random(SEED)


class Bank:
    """Clients whose first feature tells who defaults, which members that see only amounts cannot know; scored as published."""

    def __init__(self, chance: Random, policy: Policy) -> None:
        self.chance, self.policy = chance, policy
        self.learner = Learner(0, {}, policy)
        self.outcomes: list[Outcome] = []
        self.counts: Counter[str] = Counter()
        self.states: dict[bytes, bytes] = {}
        self.last: ModelSnapshot | None = None
        self._end = 0

    def months(self, first: int, last: int, shift: float = 0.0, count: int = 60) -> None:
        """Cohorts of so many clients, each labelled a horizon later; `shift` moves their first feature."""
        for month in range(first, last):
            as_of = date(2020, 1, 15) + timedelta(days=30 * month)
            records = learning_log([self._client(as_of, shift) for _ in range(count)])
            self.run([record._replace(offset=self._end - count + record.offset) for record in records])

    def run(self, records: list[PlainRecord]) -> None:
        for batch in self.learner.run(records):
            assert isinstance(batch, Batch)
            self.outcomes += batch.outcomes
            self.counts.update(batch.counts)
            write(self.states, batch)
            self.last = next(reversed(snapshots(batch.outcomes)), self.last)

    def restarts(self, policy: Policy) -> None:
        """Another worker goes on."""
        self.learner, self.policy = Learner(0, dict(self.states), policy), policy

    @property
    def report(self) -> dict[str, Any]:
        return self.learner.report()["corporate"]

    def _client(self, as_of: date, shift: float) -> LabelledExample:
        self._end += 1
        x = [nan] * N
        x[0], x[AMOUNTS[0]] = self.chance.gauss(shift, 1), self.chance.gauss(0, 1)
        card = scorecard(self.last, self.policy.of("corporate"))
        return example(
            self._end, client_id=f"C{self._end % 500}", x=tuple(None if v != v else v for v in x),
            y=self.chance.random() < (0.5 if x[0] - shift > 1 else 0.03), pd=sigmoid(card.intercept + sum(card.points(x))),
            as_of=as_of, labelled_on=as_of + timedelta(days=HORIZON + 15), model_version=card.version,
        )  # fmt: skip


def snapshots(outcomes: list[Outcome]) -> list[ModelSnapshot]:
    return [msgspec.json.decode(o.value, type=ModelSnapshot) for o in outcomes if o.topic == topics.MODELS]


def warnings(outcomes: list[Outcome]) -> list[ModelWarning]:
    return [read_model_warning(o.value) for o in outcomes if o.topic == topics.MODEL_WARNINGS]


def test_a_challenger_that_knows_more_becomes_champion_by_a_record_of_the_log(chance: Random) -> None:
    bank = Bank(chance, ours())
    bank.months(0, 40)
    (promoted,) = [snapshot for snapshot in snapshots(bank.outcomes) if snapshot.was_members]
    assert (promoted.members, promoted.was_members) == (CHALLENGER, CHAMPION)
    assert promoted.log_e_value >= log(20)
    controls = [o for o in bank.outcomes if o.topic == topics.CLIENT_EVENTS and b"was_members" in o.value]
    (control,) = [read_control(o.value) for o in controls]
    assert isinstance(control, ModelPublished)
    assert (control.snapshot, controls[0].partition) == (promoted, EVERY)
    assert {s.members for s in snapshots(bank.outcomes) if s.number < promoted.number} == {CHAMPION}
    assert {s.members for s in snapshots(bank.outcomes) if s.number >= promoted.number} == {CHALLENGER}


def test_both_histories_and_the_promotions_stand_in_the_report(chance: Random) -> None:
    bank = Bank(chance, ours())
    bank.months(0, 40)
    told = bank.report["contest"]
    assert (tuple(told["champion"]["members"]), tuple(told["challenger"]["members"])) == (CHALLENGER, CHAMPION)
    assert told["champion"]["log_loss"] < told["challenger"]["log_loss"]
    assert told["champion"]["roc_auc"] > told["challenger"]["roc_auc"] + 0.1
    (promotion,) = told["promotions"]
    assert promotion["number"] == told["champion"]["since_model"]
    assert promotion["log_e"] >= told["log_e_value_needed"]
    assert len(told["by_month"]) == 12


def test_a_champion_that_is_its_own_challenger_has_no_contest(chance: Random) -> None:
    bank = Bank(chance, ours(challenger=CHAMPION))
    bank.months(0, 10)
    assert "contest" not in bank.report
    assert [key for key in bank.states if key.startswith(FROZEN_PREFIX)] == []


def test_a_drift_is_told_to_its_topic_and_counted(chance: Random) -> None:
    bank = Bank(chance, ours(warm_up=800, drift={"least_examples": 800}, challenger=CHAMPION))
    bank.months(0, 12, count=160)
    assert warnings(bank.outcomes) == []
    bank.months(12, 24, shift=1.5, count=160)
    first, *_ = told = warnings(bank.outcomes)
    assert (first.status, first.severity, first.kind, first.feature) == ("raised", "watch", "feature", NAMES[0])
    assert (first.warning_id, first.first_raised_at) == (f"corporate/{NAMES[0]}/1", first.as_of)
    assert first.value >= first.threshold == 0.1
    assert (first.evidence.reference_examples, first.evidence.source) == (800, "Siddiqi 2006, ch. 9")
    assert len({warning.decision_id for warning in told}) == len(told)
    (outcome, *_) = [o for o in bank.outcomes if o.topic == topics.MODEL_WARNINGS]
    assert (outcome.key, headers(outcome)["ce_id"]) == (b"corporate", first.decision_id)
    assert headers(outcome)["ce_type"] == "tierwatch.model-warning.v1"
    assert bank.counts["model-warning/feature/raised"] >= 1
    assert bank.report["drift"]["standing"][NAMES[0]]["since"] == str(first.first_raised_at)


def test_a_learner_that_wakes_up_reports_and_goes_on_the_same(chance: Random) -> None:
    bank = Bank(chance, ours())
    bank.months(0, 20)
    before = bank.report
    bank.restarts(bank.policy)
    assert bank.report == before
    bank.months(20, 40)
    assert [s.members for s in snapshots(bank.outcomes) if s.was_members] == [CHALLENGER]


def test_published_models_are_kept_to_score_by_as_long_as_their_labels_come(chance: Random) -> None:
    bank = Bank(chance, ours())
    bank.months(0, 30)
    held = {int(key.rpartition(b"/")[2]) for key in bank.states if key.startswith(FROZEN_PREFIX)}
    in_force = read_taught(bank.states[MODEL_PREFIX + b"corporate"]).oversight["contest"]["in_force"]
    assert held == set(in_force)
    assert len(held) < len(snapshots(bank.outcomes)) / 2


def test_other_recipes_in_the_policy_begin_anew(chance: Random) -> None:
    bank = Bank(chance, ours())
    bank.months(0, 40)
    other = ("bins", "amounts")
    bank.restarts(ours(champion=CHAMPION, challenger=other))
    told = bank.report["contest"]
    assert (tuple(told["champion"]["members"]), tuple(told["challenger"]["members"])) == (CHAMPION, other)
    assert (told["examples"], told["promotions"]) == (0, [])
    before = {key for key in bank.states if key.startswith(FROZEN_PREFIX)}
    bank.months(40, 42)
    assert before.isdisjoint(bank.states)
    assert snapshots(bank.outcomes)[-1].members == CHAMPION
