"""Whatever happens to a client, its features stay within what the registry says, and the score is made of all of them."""

from hypothesis import given
from hypothesis import strategies as st

from agents.segmentation.appraising import past_drawn
from agents.segmentation.in_force import InForce
from agents.segmentation.standing import path_of
from agents.segmenter import Segmenter
from online_models import statements
from online_models.features import FEATURES, NAMES, STATEMENT, UNKNOWN_STATEMENT, packed, unpacked, whole
from online_models.path import path
from schemas import log
from schemas.learning import FeaturePoints, ModelSnapshot
from schemas.money import MAX_MAJOR
from schemas.state import ClientState, Figures
from streams.auditing.explaining import scored
from tests.builders import statement
from tests.driver import run_all
from tests.laws.histories import POLICY, History, histories

KNOWING = ModelSnapshot(
    portfolio="corporate",
    number=1,
    examples=1000,
    defaults=20,
    credibility=0.5,
    intercept=-3.0,
    features=tuple(FeaturePoints(name, (0.5, 2.0), (-0.1, 0.2, 0.3), 0.05 * (i % 7)) for i, name in enumerate(NAMES)),
)
"""A model that has learned of every feature, missing ones too."""

amounts = st.none() | st.integers(-int(MAX_MAJOR) * 100, int(MAX_MAJOR) * 100)
REPORTED = (
    "revenue", "ebitda", "ebit", "net_income", "interest_expense", "current_assets", "inventory", "total_liabilities",
    "current_liabilities", "total_debt", "equity", "retained_earnings", "market_value", "gross_profit",
)  # fmt: skip
reports = st.fixed_dictionaries({}, optional=dict.fromkeys(REPORTED, amounts))
told = st.floats(-1e18, 1e18) | st.just(float("nan"))


@given(histories)
def test_the_logit_is_the_sum_of_the_points_of_all_features_after_each_event(history: History) -> None:
    """What of it is kept between events is what would be found anew. Raises: RuntimeError if it is not."""
    seen = []

    def watch(_: log.Fact, client: ClientState, now: InForce) -> None:
        seen.append(scored(client, now, client.scored_day))

    segmenter = Segmenter(0, {}, POLICY, 1, watch)
    segmenter.resolver.models["corporate"] = KNOWING
    run_all(segmenter, history.log)
    assert all(len(one.features) == len(FEATURES) + 3 for one in seen)


@given(histories)
def test_what_is_kept_of_path_and_drawings_is_what_the_months_tell_after_each_event(history: History) -> None:
    """Also after movements that came late, were reversed or sent twice."""
    seen = []

    def watch(_: log.Fact, client: ClientState, now: InForce) -> None:
        held = client.appraisal
        assert held is not None
        seen.append(path_of(held.standing) == packed(path(client.months)))
        seen.append((held.past_drawn, held.past_months) == past_drawn(client.months))

    run_all(Segmenter(0, {}, POLICY, 1, watch), history.log)
    assert all(seen)


@given(histories)
def test_every_feature_stays_within_its_range(history: History) -> None:
    segmenter = Segmenter(0, {}, POLICY, 1)
    run_all(segmenter, history.log)
    for client in map(segmenter.live.client, ("C1", "C2", "C3", "S1", "P1")):
        for taken in client.snapshots:
            assert outside(list(whole(taken.x))) == []


@given(reports, st.integers(0, int(MAX_MAJOR) * 100), st.integers(1, 24), told, told)
def test_no_statement_leads_out_of_a_range(
    fields: dict[str, int | None], assets: int, months: int, revenue: float, equity: float
) -> None:
    now = statement(**fields, total_assets=assets, period_months=months)
    before = Figures(now.period_end.toordinal() - 365, 12, revenue, 1.0, -revenue, abs(equity), equity, 1.0, 0, abs(revenue))
    x = list(unpacked(statements.features(now, [before], 0.01)))
    assert len(x) == len(unpacked(UNKNOWN_STATEMENT)) == len(STATEMENT)
    assert outside(x) == []


def outside(x: list[float]) -> list[tuple[str, float]]:
    """Features of an example that lie outside their range; missing ones do not."""
    return [(f.name, v) for f, v in zip(FEATURES, x, strict=False) if v == v and not f.low <= v <= f.high]
