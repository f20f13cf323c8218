"""Indicators: what is said of several figures at one glance holds for each of them."""

from math import inf, isnan

from hypothesis import given
from hypothesis import strategies as st

from agents.segmentation.defaulting import Arrears
from agents.segmentation.indicators.registry import INDICATORS, gates, watched
from agents.segmentation.indicators.rule import Seen
from agents.segmentation.valuation import Exposure
from schemas import log
from schemas.state import ClientState, Track
from tests.builders import policy, rules_in_force

NOW = rules_in_force()
shares = st.lists(st.integers(0, 1000), max_size=12)
counts = st.sampled_from((0, 0, 1, 3))
tracks = st.builds(
    Track,
    late=counts,
    rounds=st.lists(st.integers(738_000, 739_000), max_size=2),
    used=shares,
    excess=counts,
    level=st.sampled_from((-1.0, -1.0, 0.0, 0.97)),
    over=st.sampled_from((0.0, 0.0, 0.1)),
    cover=st.one_of(st.just([]), shares),
    covered=st.sampled_from((-1.0, -1.0, 0.0, 0.4)),
)
arrears = st.builds(Arrears, days=counts, amount=st.just(900.0), missed=counts, material=st.booleans())


@given(tracks, arrears)
def test_a_figure_at_rest_reads_nothing_or_what_is_good_without_end(track: Track, owed: Arrears) -> None:
    seen = Seen(ClientState(track=track), 738_500, 738_500, owed, Exposure(1000.0, 0.0, 10.0, 1000.0), NOW)
    resting = [one for one in INDICATORS.values() if one.rests is not None and one.rests(seen)]
    for one in resting:
        for measure in one.measures:
            value = measure.read(seen)
            assert isnan(value) or value == (inf if measure.falling else 0.0), measure.text


def test_what_is_wrong_even_at_rest_is_always_read() -> None:
    def resting(rules: dict[str, object]) -> set[str]:
        found = gates(watched(policy(indicators=rules).of("corporate")))[log.RepaymentReceived]
        return {code for rests, together in found if rests is not None for _, _, _, code in together}

    assert {"DPD", "MATERIAL", "MISSED", "PARTIAL", "UTIL", "EXCESS", "COVERAGE"} <= resting({})
    assert "EXCESS" not in resting({"EXCESS": {"watch": 0.0, "source": "a test", "also": {"months": {"amber": 0}}}})
