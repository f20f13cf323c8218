"""Limits: what one client adds to its segment, and the sums over clients, partitions and restarts."""

from datetime import date

import msgspec
import pytest

from agents.learner import Learner
from agents.segmentation.limits import Limits, granted, merged
from agents.segmentation.valuation import Contribution, Exposure
from agents.segmenter import Segmenter
from schemas import topics
from schemas.decisions import Segment
from schemas.learning import SegmentLimits
from schemas.portfolios import read_portfolio
from schemas.state import ClientState, Granted
from schemas.treatment_rules import SEGMENTS
from tests.builders import histogram, policy, rules_in_force, shipped
from tests.driver import Driver, learning_log, run_all

NOW = rules_in_force()
HELD = Exposure(drawn=1000.4, undrawn=499.6, margin=20.0, limit=1500.0)
PARTS = Contribution(20.0, 2.0, 7.6, 8.0)


def counted(segment: str, held: Exposure = HELD) -> Granted:
    said = granted(ClientState(stands=Segment("gold", "4", 1, "maturity", segment)), held, PARTS, NOW)
    assert said is not None
    return said


def part(segment: str, clients: int, drawn: int) -> SegmentLimits:
    others = {"limit": 9, "headroom": 4, "over_granted": 2, "room": 1, "expected_loss": 3}
    return SegmentLimits(segment=segment, clients=clients, drawn=drawn, **others)


def test_a_client_adds_whole_units_of_what_it_has_drawn_and_could_draw() -> None:
    said = counted("core")
    assert (said.drawn, said.limit, said.headroom, said.expected_loss) == (1000, 1500, 500, 8)
    assert (said.over_granted, said.room) == (0, 0)


@pytest.mark.parametrize(
    ("segment", "over", "room"),
    [("watch", 500, 0), ("exit", 500, 0), ("high-risk-high-return", 400, 0), ("star", 0, 1001), ("steady", 0, 0)],
)
def test_held_back_limits_are_at_risk_and_raised_ones_have_room(segment: str, over: int, room: int) -> None:
    assert (counted(segment).over_granted, counted(segment).room) == (over, room)


def test_a_limit_that_is_drawn_beyond_is_not_over_granted_any_more() -> None:
    assert counted("watch", Exposure(2000.0, 0.0, 20.0, 1500.0)).over_granted == 0


def test_who_has_left_adds_nothing() -> None:
    left = ClientState(left_day=1, stands=Segment("gold", "4", 1, "maturity", "star"))
    assert granted(left, HELD, PARTS, NOW) is None


def test_sums_move_with_what_their_clients_add() -> None:
    limits = Limits()
    star, core = counted("star"), counted("core")
    limits.move("corporate", None, star)
    limits.move("corporate", None, star)
    limits.move("corporate", star, core)
    assert [(one.segment, one.clients, one.drawn) for one in limits.of("corporate")] == [("star", 1, 1000), ("core", 1, 1000)]
    limits.move("corporate", star, None)
    limits.move("corporate", core, None)
    assert limits.of("corporate") == ()
    assert limits.portfolios == []


def test_partitions_add_up_in_the_order_of_the_segments() -> None:
    whole = merged([(part("watch", 1, 5),), (part("star", 2, 7), part("watch", 3, 11))])
    assert [(one.segment, one.clients, one.drawn, one.limit) for one in whole] == [("star", 2, 7, 9), ("watch", 4, 16, 18)]
    assert [SEGMENTS.index(one.segment) for one in whole] == sorted(SEGMENTS.index(one.segment) for one in whole)


def lending(policy_days: int = 5) -> Driver:
    driver = Driver(policy(value={"cutoffs_every_days": policy_days, "cutoffs_min_clients": 3}))
    for number in range(4):
        drawn = str(1000 * (number + 1))
        driver.send(topics.DRAWDOWNS, date(2024, 1, 1), client_id=f"C{number}", balance_after=drawn, limit="10000")
    driver.send(topics.REPAYMENTS, client_id="C0", balance_after="500")
    driver.send(topics.OUTCOMES, client_id="C1", outcome="defaulted")
    driver.send(topics.OUTCOMES, client_id="C2", outcome="repaid")
    return driver


def test_a_partition_sums_over_its_clients_and_after_a_restart_the_same() -> None:
    segmenter = lending().pipeline.segmenters[0]
    told = segmenter.sums.limits.of("corporate")
    assert [(one.segment, one.clients, one.drawn, one.limit, one.headroom) for one in told] == [
        ("steady", 2, 4500, 20000, 15500),
        ("exit", 1, 2000, 10000, 8000),
    ]
    assert Segmenter(0, dict(segmenter.states), shipped(), 1).sums.limits.of("corporate") == told


def test_value_curve_and_limits_are_told_of_the_whole_portfolio_when_cut_offs_are_drawn() -> None:
    driver = lending()
    driver.close(date(2024, 1, 3))
    driver.close(date(2024, 1, 11))
    (told,) = [read_portfolio(o.value) for o in driver.outcomes if o.topic == topics.PORTFOLIOS and o.key == b"corporate"][-1:]
    assert told.clients == 3
    assert [(one.segment, one.clients) for one in told.limits] == [("steady", 2), ("exit", 1)]
    assert told.value_curve[-1] == (1.0, 1.0)


def test_of_two_partitions_the_learner_tells_one_portfolio_also_of_too_few_clients_for_cut_offs() -> None:
    told = [
        histogram({200: 1}, partition=0, partitions=2, limits=(part("star", 1, 10),)),
        histogram({100: 1}, partition=1, partitions=2, limits=(part("star", 1, 20),)),
    ]
    outcomes, _ = run_all(Learner(0, {}, shipped()), learning_log(told))
    (only,) = outcomes
    whole = read_portfolio(only.value)
    assert (only.topic, only.key, whole.number, whole.clients) == (topics.PORTFOLIOS, b"corporate", 1, 2)
    assert [(one.clients, one.drawn) for one in whole.limits] == [(2, 30)]


def test_the_learner_waits_for_all_limits_through_a_restart() -> None:
    first = histogram({200: 1}, partition=0, partitions=2, limits=(part("star", 1, 10),))
    second = histogram({100: 1}, partition=1, partitions=2, limits=(part("star", 1, 20),))
    records = learning_log([first, second])
    _, states = run_all(Learner(0, {}, shipped()), records[:1])
    outcomes, _ = run_all(Learner(0, states, shipped()), records[1:])
    assert [one.drawn for one in read_portfolio(outcomes[0].value).limits] == [30]


def test_an_old_histogram_without_limits_is_read() -> None:
    plain = msgspec.json.decode(msgspec.json.encode(histogram({200: 1})))
    del plain["limits"]
    record = learning_log([histogram({200: 1})])[0]._replace(value=msgspec.json.encode(plain))
    outcomes, _ = run_all(Learner(0, {}, shipped()), [record])
    assert read_portfolio(outcomes[0].value).limits == ()
