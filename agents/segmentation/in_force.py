"""What is in force at a place of the log: for a portfolio its rules, model and cut-offs; for a client the overlays, too."""

from collections.abc import Mapping
from math import ceil
from typing import Any, Final
from zlib import crc32

import msgspec

from agents.segmentation.indicators.registry import Gates, gates, watched
from agents.segmentation.indicators.rule import Kind, Watched
from agents.segmentation.undoing import Reach
from online_models.expert import POINTS
from online_models.scorecard import Scorecard
from schemas.overlays import NEUTRAL
from schemas.policy import Policy, PortfolioPolicy

YEAR: Final = 365


class InForce(msgspec.Struct, frozen=True, gc=False):
    """Everything beside the client's own state that a decision depends on."""

    portfolio: str
    policy_version: str
    rules: PortfolioPolicy
    per_minor: Mapping[str, float]
    """Units of the reporting currency for a minor unit."""
    card: Scorecard
    cutoffs: tuple[float, float, float] | None
    """Lower bounds of diamond, gold, silver; None until a population is known."""
    cutoffs_version: str
    watched: Mapping[str, Watched]
    """Indicators with their thresholds, by code."""
    gates: Mapping[Kind, Gates]
    """What is read after each kind of fact."""
    treatments: Mapping[str, dict[str, Any]]
    """By segment, as they are published."""
    steps: tuple[int, ...]
    """Days after the oldest due date at which the close of a day finds something new, ascending."""
    tag: int
    """Of the policy, its overlays and the economy: what a client's appraisal was made by."""
    years: float
    """The horizon of the probability of default."""
    late_steps: tuple[int, ...]
    """Days after a period's end from which its statement is late, ascending."""
    reach: Reach
    """What points the features of the scorecard can have."""
    adjusted: dict[tuple[str, str, str, str], dict[str, Any]]
    """Treatments with their adjustments, by segment, lifecycle, section and size; found when first asked for."""
    regime: str = NEUTRAL
    """Of the macro regime where the client is."""
    regime_cell: str = "/"
    """The country and industry whose figures tell it."""
    macro_logit: float = 0.0
    """What the regime adds to the logit of the PD."""
    overlays: tuple[str, ...] = ()
    """Of the policy, those that are merged over the portfolio's rules, in their order."""
    macro_signal: float | None = None
    """What the macro figures say where the client is; None if none is known."""


class Standing(msgspec.Struct, frozen=True, gc=False):
    """What of a client chooses its overlays."""

    portfolio: str
    section: str = ""
    regime: str = NEUTRAL
    regime_cell: str = "/"
    segment: str = ""
    macro_signal: float | None = None


def in_force(
    standing: Standing,
    policy: Policy,
    card: Scorecard,
    population: tuple[int, tuple[float, float, float]] | None,
    alarm_pd: float | None = None,
) -> InForce:
    """The rules for a standing with the model, its alarm and the population's cut-offs; cut-offs of the policy go first."""
    portfolio = standing.portfolio
    rules = policy.of(portfolio, standing.section, standing.regime, standing.segment)
    cutoffs, version = rules.value.cutoffs, "policy"
    if cutoffs is None:
        cutoffs, version = (population[1], f"{portfolio}-{population[0]}") if population is not None else (None, "none")
    by_code = watched(rules, alarm_pd)
    overlays = _overlays(standing, policy.of(portfolio))
    economy = () if standing.macro_signal is None else (standing.regime, repr(standing.macro_signal))
    return InForce(
        portfolio=portfolio,
        policy_version=policy.version,
        rules=rules,
        per_minor=policy.per_minor,
        card=card,
        cutoffs=cutoffs,
        cutoffs_version=version,
        watched=by_code,
        gates=gates(by_code),
        treatments={name: treatment.model_dump(mode="json") for name, treatment in rules.segments.items()},
        steps=_steps(rules),
        tag=crc32("/".join((policy.version, *overlays, *economy)).encode()),
        years=rules.horizon_days / YEAR,
        reach=Reach(card),
        adjusted={},
        regime=standing.regime,
        regime_cell=standing.regime_cell,
        macro_logit=rules.regimes[standing.regime].logit if standing.regime in rules.regimes else 0.0,
        overlays=overlays,
        late_steps=_bounds(rules, "LATE-STATEMENT"),
        macro_signal=standing.macro_signal,
    )


def _overlays(standing: Standing, base: PortfolioPolicy) -> tuple[str, ...]:
    named = (
        ("industries", standing.section, standing.section in base.industries),
        ("regimes", standing.regime, standing.regime in base.regimes),
        ("by_segment", standing.segment, standing.segment in base.by_segment),
    )
    return tuple(f"{kind}.{name}" for kind, name, is_there in named if is_there)


def _steps(rules: PortfolioPolicy) -> tuple[int, ...]:
    days = {1, rules.grace_days + 1, rules.default.significant_increase_dpd_days + 1}
    days.update(int(edge) for edge in POINTS["days_past_due"].edges)
    if rules.default.dpd_days is not None:
        days.add(rules.default.dpd_days + 1)
    days.update(_bounds(rules, "DPD"))
    return tuple(sorted(days))


def _bounds(rules: PortfolioPolicy, code: str) -> tuple[int, ...]:
    """Thresholds of an indicator that counts days, ascending; a fraction of a day is reached on the next."""
    rule = rules.indicators.get(code)
    said = (rule.watch, rule.amber, rule.red) if rule is not None else ()
    return tuple(sorted({ceil(bound) for bound in said if bound is not None and bound > 0}))
