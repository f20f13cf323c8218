"""The registry of indicators: all of them by code, and which of them a kind of fact moves.

A further one is: its code in `schemas.policy.INDICATORS`, its thresholds in the policy, and its `Indicator` in the tuple of
the module that groups what moves it.
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Final

from agents.segmentation.indicators import lending, payments, standing, statements
from agents.segmentation.indicators.rule import ANYTHING, Indicator, Kind, Read, Rests, Watched, scale_of
from schemas.policy import PortfolioPolicy

INDICATORS: Final[Mapping[str, Indicator]] = {
    indicator.code: indicator
    for group in (payments.INDICATORS, lending.INDICATORS, statements.INDICATORS, standing.INDICATORS)
    for indicator in group
}

ALARM: Final = "PD"
"""The indicator whose amber is learned: false alarms are bounded (see `online_models.alarms`)."""

Gate = tuple[Read, float, bool, str]
"""The fast test of a measure: its reading, its first threshold, whether it is falling, its indicator's code."""

Gates = tuple[tuple[Rests | None, tuple[Gate, ...]], ...]
"""In the order of the registry, those together that need no reading while all of them are at rest."""


def watched(rules: PortfolioPolicy, alarm_pd: float | None = None) -> dict[str, Watched]:
    """The indicators that a portfolio's policy has thresholds for, in the order of the registry.

    `alarm_pd` is the threshold of PD that came with the model.
    """
    by_code = {}
    for code, indicator in INDICATORS.items():
        rule = rules.indicators.get(code)
        if rule is not None and code == ALARM and alarm_pd is not None:
            rule = rule.model_copy(update={"amber": alarm_pd})
        if rule is not None:
            told = ((m, rule.also.get(m.name) if m.name else rule) for m in indicator.measures)
            by_code[code] = Watched(indicator, tuple((m, scale_of(t, m.falling)) for m, t in told if t is not None))
    return by_code


def gates(by_code: Mapping[str, Watched]) -> dict[Kind, Gates]:
    """What is read after each kind of fact."""
    return {kind: _gates(by_code, kind) for kind in ANYTHING}


def _gates(by_code: Mapping[str, Watched], kind: Kind) -> Gates:
    found = [
        (one.indicator.rests if scale.sleeps else None, (measure.read, scale.first, scale.falling, code))
        for code, one in by_code.items()
        if kind in one.indicator.moved_by
        for measure, scale in one.measures
        if scale.bounds
    ]
    return tuple((rests, tuple(gate for _, gate in together)) for rests, together in groupby(found, key=lambda f: f[0]))
