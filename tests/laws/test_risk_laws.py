"""Laws of value, grade, tier, stage and default: over all numbers, and over all histories."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from agents.segmentation import arrears
from agents.segmentation.defaulting import NO_ARREARS, Arrears, default_step
from agents.segmentation.grading import TIERS, grade_of, migration_of, tier_of
from agents.segmentation.in_force import InForce
from agents.segmentation.limits import SUMMED, Limits
from agents.segmentation.place import Place
from agents.segmentation.valuation import Exposure, contribution, exposure, lgd_of, yearly
from agents.segmenter import Segmenter
from online_models.cutoffs import value_curve
from schemas import log
from schemas.state import Appraisal, ClientState, is_client, read_client
from tests.builders import policy, rules_in_force
from tests.driver import run_all
from tests.laws.histories import POLICY, History, histories

NOW = rules_in_force(cutoffs=(1000.0, 500.0, 100.0))
SCALE = NOW.rules.grades
pds = st.floats(0, 1)
amounts = st.floats(0, 1e12)
factors = st.floats(0, 3)
PORTFOLIOS = ("corporate", "sme", "project-finance")


appraisals = st.builds(
    Appraisal, st.just(0), amounts, st.floats(0, 0.45), factors, factors, st.just(0.0), st.just(0.0), st.none(), amounts,
    st.integers(0, 11),
)  # fmt: skip
lent = st.builds(lambda drawn, undrawn, margin: Exposure(drawn, undrawn, margin * drawn), amounts, amounts, st.floats(0, 0.2))


@given(pds, lent, appraisals)
def test_the_parts_of_a_value_add_up_and_loyalty_makes_no_loss_larger(pd: float, held: Exposure, kept: Appraisal) -> None:
    parts = contribution(ClientState(), held, kept, pd, NOW)
    before = parts.income + parts.fees - parts.expected_loss - parts.capital
    assert parts.total == parts.income + parts.fees - parts.expected_loss - parts.capital + parts.loyalty + parts.referral
    assert min(parts.income, parts.fees, parts.expected_loss, parts.capital) >= 0
    assert before > 0 or parts.total == before


@given(amounts, amounts, amounts, st.floats(0, 0.45))
def test_lgd_never_rises_with_coverage(ead: float, one: float, other: float, secured: float) -> None:
    less, more = sorted((one, other))

    def lgd(covered: float) -> float:
        return lgd_of(ead, Appraisal(0, covered, secured, 1.0, 1.0, 0.0, 0.0, None, 0.0, 0), 0.45)

    assert lgd(more) <= lgd(less) + 1e-12


@given(pds, pds, st.floats(0.08, 5))
def test_a_pd_of_a_year_is_a_pd_and_keeps_the_order(one: float, other: float, years: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= yearly(low, years) <= yearly(high, years) <= 1.0


@given(pds, st.sampled_from("123456789"), st.integers(0, 400))
def test_a_grade_that_was_given_stands_for_the_same_pd(pd: float, was: str, days: int) -> None:
    now = grade_of(pd, was, days, SCALE)
    assert grade_of(pd, now, days, SCALE) == now


@given(st.floats(-1e6, 1e6), st.sampled_from(TIERS), st.integers(0, 400))
def test_a_tier_that_was_given_stands_for_the_same_value(value: float, was: str, days: int) -> None:
    now = tier_of(value, was, days, NOW)
    assert tier_of(value, now, days, NOW) == now


@given(st.lists(st.floats(0.0201, 0.0259), min_size=1, max_size=20))
def test_a_pd_that_stays_within_the_hysteresis_moves_no_grade(path: list[float]) -> None:
    assert {grade_of(pd, "5", 400, SCALE) for pd in path} == {"5"}


@given(pds, st.sampled_from("123456789"))
def test_chances_of_migration_are_chances(pd: float, grade: str) -> None:
    chances = migration_of(pd, grade, SCALE)
    assert chances is not None
    assert all(0.0 <= chance <= 1.0 for chance in chances.values())
    assert abs(sum(chances.values()) - 1.0) < 3e-4


@given(st.dictionaries(st.integers(-2000, 2000), st.integers(0, 50), max_size=30))
def test_the_best_bring_at_least_their_share(histogram: dict[int, int]) -> None:
    curve = value_curve(histogram)
    assert all(value >= share - 1e-3 for share, value in curve)
    assert [value for _, value in curve] == sorted(value for _, value in curve)
    assert not curve or curve[-1][0] == 1.0


class Seen:
    """Shown each client after each of its events: what must hold of it there."""

    def __init__(self, must: Callable[[ClientState, InForce], None]) -> None:
        self._must = must

    def __call__(self, fact: log.Fact, client: ClientState, now: InForce) -> None:
        self._must(client, now)


def _staged(client: ClientState, now: InForce) -> None:
    assert client.segment is not None
    rules = now.rules.default
    dpd = arrears.days_past_due(client.facilities, client.scored_day)
    owed = sum(arrears.overdue(f, client.scored_day) * now.per_minor[f.currency] for f in client.facilities)
    bounds = rules.materiality
    material = owed > bounds.absolute and owed > bounds.relative * exposure(client, now).drawn
    if material and rules.dpd_days is not None and dpd > rules.dpd_days:
        assert client.segment.stage == 3
    elif material and dpd > rules.significant_increase_dpd_days:
        assert client.segment.stage >= 2
    assert (client.segment.stage == 3) == (client.segment.risk_grade == "D") == bool(client.defaulted_day)
    assert (client.segment.segment == "exit") == bool(client.defaulted_day)
    assert not client.clean_day or client.default_by_days
    assert not client.default_by_days or client.defaulted_day


@given(histories)
def test_stages_agree_with_arrears_grade_and_default_after_every_event(history: History) -> None:
    outcomes, _ = run_all(Segmenter(0, {}, POLICY, 1, Seen(_staged)), history.log)
    assert not [o for o in outcomes if any(text == b"unhandled" for _, text in o.headers)]


@given(histories)
def test_limits_are_the_sums_over_the_clients_and_the_same_after_a_restart(history: History) -> None:
    segmenter = Segmenter(0, {}, POLICY, 1)
    _, states = run_all(segmenter, history.log)
    anew = Limits()
    for key, value in segmenter.states.items():
        if is_client(key):
            client = read_client(value)
            anew.move(client.portfolio, None, client.granted)
    restarted = Segmenter(0, dict(states), POLICY, 1)
    for portfolio in PORTFOLIOS:
        told = segmenter.sums.limits.of(portfolio)
        assert told == anew.of(portfolio) == restarted.sums.limits.of(portfolio)
        assert all(getattr(one, name) >= 0 for one in told for name in SUMMED)


@given(st.integers(1, 5), st.integers(10, 200))
def test_a_cured_client_can_default_again_and_cure_again(times: int, cure: int) -> None:
    now = rules_in_force(policy(default={"cure_days": cure}))
    client, day = ClientState(), 738_000
    for _ in range(times):
        default_step(client, Arrears(91, 1e6, 3, True), Place("C", "e", "t", 0, 0, day, day), now)
        assert client.defaulted_day == day
        for passed in (1, cure, cure + 1):
            default_step(client, NO_ARREARS, Place("C", "e", "t", 0, 0, day + passed, day + passed), now)
            assert bool(client.defaulted_day) == (passed <= cure)
        assert client.probation_day > day
        day += cure + 400
