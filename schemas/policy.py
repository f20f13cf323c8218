"""The policy: every threshold and weight of a decision, typed, versioned, one YAML file (`schemas/policy.yaml`).

A portfolio's rules are the `defaults` with what its own entry overrides, key by key; over them come the overlays of the
client's industry, of the macro regime there and of the client's segment, in this order (`schemas.overlays`).
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Self

import msgspec
from pydantic import AfterValidator, Field, model_validator

from schemas.money import EXPONENTS
from schemas.overlays import NEUTRAL, OVERLAY_ONLY, Effect, Macro, Overlay, Regime, Section, Shift, forbidden, merged, overlays
from schemas.oversight_rules import Contest, ModelDrift
from schemas.risk_rules import DefaultDefinition, Grades, Lifecycle, RiskPoints, Staging
from schemas.strict import Days, Strict
from schemas.treatment_rules import SEGMENTS, Adjustment, SegmentName, Treatment
from schemas.value_rules import Value
from schemas.watch_rules import Drift, Evergreen, Peers, Watchlist

INDICATORS: Final = (
    "DPD", "MATERIAL", "MISSED", "PARTIAL", "EVERGREEN", "UTIL", "EXCESS", "UNDRAWN", "COVERAGE", "DRIFT", "PROJECT",
    "LEVERAGE", "LOSS", "TURNOVER", "MARGIN", "ICR", "DSCR", "DEBT", "LIQUIDITY", "ALTMAN", "LATE-STATEMENT",
    "RATING", "PD-RISE", "PD", "PD-PEER", "GROUP", "MACRO",
)  # fmt: skip
"""Codes of the indicators that have a rule, as in DOMAIN.md."""
MANUAL: Final = "MANUAL"
"""Code of a warning that a person raises without naming an indicator."""
CODES: Final = (*INDICATORS, MANUAL)
"""Codes of all warnings."""
MEASURES: Final = {
    "UTIL": ("rise",), "EXCESS": ("months",), "LOSS": ("streak",), "LIQUIDITY": ("fallen",), "COVERAGE": ("fall",),
    "PROJECT": ("overrun",),
}  # fmt: skip
"""Further measures of an indicator, each with thresholds of its own under `also`."""



class Thresholds(Strict):
    """Thresholds of one measure; a severity without a threshold is never reached by it."""

    watch: float | None = None
    amber: float | None = None
    red: float | None = None
    source: str = Field(min_length=1, description="where the thresholds come from")


class Rule(Thresholds):
    """Thresholds of one indicator, and of its further measures: it is as bad as the worst of them."""

    also: dict[str, Thresholds] = Field(default={}, description="further measures by name")

    def shifted(self, by: Shift | None) -> "Rule":
        """The rule as a macro regime has it; further measures are as they were."""
        if by is None:
            return self
        return self.model_copy(update={name: by.of(getattr(self, name)) for name in ("watch", "amber", "red")})


MEMBERS: Final = ("bins", "tails", "smooth", "amounts")
"""The learned models that an ensemble may be made of (`online_models/members.py`)."""


def _known_members(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names or len(set(names)) < len(names) or not set(names) <= set(MEMBERS):
        raise ValueError(f"must name each of its members once; allowed: {', '.join(MEMBERS)}")
    return names


Recipe = Annotated[tuple[str, ...], AfterValidator(_known_members)]


class Learning(Strict):
    """How the River model is taught and trusted."""

    credibility: Annotated[float, Field(gt=0)] = Field(description="defaults learned from at which it weighs one half")
    publish_every: Annotated[int, Field(ge=1)] = Field(description="examples between two published models")
    warm_up: Annotated[int, Field(ge=100)] = Field(description="examples from which the bin edges are drawn")
    bins: Annotated[int, Field(ge=2, le=64)] = Field(description="quantile bins of a feature")
    publish_days: Annotated[int, Field(ge=1)] = Field(description="days of log time after which what was learned is published")
    rate: Annotated[float, Field(gt=0, le=1)] = Field(default=0.2, description="how far an example moves what is learned")
    averaged: Annotated[int, Field(ge=100)] = Field(default=2000, description="examples over which the weights are averaged")
    champion: Recipe = Field(description="members whose mean scores, until a challenger is promoted")
    challenger: Recipe = Field(description="members whose mean is measured beside it")
    contest: Contest = Contest()
    drift: ModelDrift = ModelDrift()


class Alarms(Strict):
    """How many false alarms the warning of the PD may give; its threshold follows from it."""

    false_alarms_per_100_client_years: Annotated[float, Field(gt=0, le=1200)] = Field(description="bound of the long-run rate")
    step: Annotated[float, Field(gt=0, le=1)] = Field(description="logits by which a false alarm raises the threshold")


class Ledger(Strict):
    """How warnings are judged by what came of them."""

    look_back_days: Annotated[int, Field(ge=1, le=1830)] = Field(
        default=730, description="a warning is right if a default follows within so many days, else it is false"
    )


class PortfolioPolicy(Strict):
    """Every rule of one portfolio."""

    horizon_days: Annotated[int, Field(ge=1, le=1830)] = Field(description="of the probability of default")
    prior_pd: Annotated[float, Field(gt=0, lt=1)] = Field(description="share that defaults within the horizon, by experience")
    grace_days: Days = Field(description="after the due date before an instalment counts as missed")
    late_days: Annotated[int, Field(ge=0, le=366)] = Field(description="a payment may come this much later than a newer one")
    default: DefaultDefinition
    staging: Staging
    risk_points: RiskPoints
    value: Value
    grades: Grades
    learning: Learning
    alarms: Alarms
    watchlist: Watchlist
    ledger: Ledger = Ledger()
    evergreen: Evergreen
    drift: Drift
    peers: Peers
    lifecycle: Lifecycle
    indicators: dict[str, Rule]
    segments: dict[str, Treatment]
    adjustments: tuple[Adjustment, ...] = Field(description="of treatments; the first goes first, a later one over it")
    industries: dict[Section, Overlay] = Field(default={}, description="overlays by NACE section of the client's industry")
    by_segment: dict[SegmentName, Overlay] = Field(default={}, description="overlays by the segment a client stands in")
    regimes: dict[Regime, Effect] = Field(default={}, description="what the macro regime of country and industry changes")

    @model_validator(mode="after")
    def _known(self) -> Self:
        for code, rule in self.indicators.items():
            if code not in INDICATORS:
                raise ValueError(f"indicators: {code!r} is no indicator; allowed: {', '.join(INDICATORS)}")
            allowed = MEASURES.get(code, ())
            for name in rule.also:
                if name not in allowed:
                    raise ValueError(f"indicators.{code}.also: {name!r} is no measure; allowed: {', '.join(allowed) or 'none'}")
        for regime, effect in self.regimes.items():
            for code in effect.indicators:
                if code not in self.indicators:
                    raise ValueError(f"regimes.{regime}.indicators: {code!r} has no rule; allowed: {', '.join(self.indicators)}")
        missing = [name for name in SEGMENTS if name not in self.segments]
        if missing:
            raise ValueError(f"segments: no treatment for {', '.join(missing)}")
        return self


class Policy(Strict):
    """The whole policy."""

    name: str = Field(min_length=1, max_length=80)
    reporting_currency: str
    fx: dict[str, Annotated[float, Field(gt=0)]] = Field(description="units of the reporting currency for one unit")
    macro: Macro = Field(default=Macro(up_from=1, down_from=-1, hysteresis=0, figures={}, sections={}))
    defaults: dict[str, Any]
    portfolios: dict[str, dict[str, Any]]

    @model_validator(mode="after")
    def _resolves(self) -> Self:
        for code in (self.reporting_currency, *self.fx):
            if code not in EXPONENTS:
                raise ValueError(f"fx: {code!r} is no ISO 4217 currency with minor units")
        for name in ("", *self.portfolios):
            rules = self._rules(name)
            _validated(rules)
            for place, overlay in overlays(rules):
                for key in forbidden(overlay):
                    raise ValueError(f"{'.'.join(place)}.{key}: is the whole portfolio's; {OVERLAY_ONLY}")
                _validated(merged(rules, overlay))
        return self

    def _rules(self, portfolio: str) -> dict[str, Any]:
        return merged(self.defaults, self.portfolios.get(portfolio, {}))

    @cached_property
    def _resolved(self) -> dict[tuple[str, str, str, str], PortfolioPolicy]:
        return {}

    def of(self, portfolio: str, section: str = "", regime: str = NEUTRAL, segment: str = "") -> PortfolioPolicy:
        """The rules of a portfolio's clients of an industry's section, in a macro regime, in a segment; none are plain.

        A portfolio without an entry has the defaults.
        """
        key = (portfolio, section, regime, segment)
        rules = self._resolved.get(key)
        if rules is None:
            rules = self._resolved[key] = self._overlaid(*key)
        return rules

    def _overlaid(self, portfolio: str, section: str, regime: str, segment: str) -> PortfolioPolicy:
        rules = self._rules(portfolio)
        rules = merged(rules, (rules.get("industries") or {}).get(section, {}))
        effect = Effect.model_validate((rules.get("regimes") or {}).get(regime, {}))
        rules = merged(rules, effect.rules, (rules.get("by_segment") or {}).get(segment, {}))
        resolved = _validated(rules)
        if not effect.indicators:
            return resolved
        shifted = {code: rule.shifted(effect.indicators.get(code)) for code, rule in resolved.indicators.items()}
        return resolved.model_copy(update={"indicators": shifted})

    @cached_property
    def version(self) -> str:
        """Name and content."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return f"{self.name}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"

    @cached_property
    def per_minor(self) -> dict[str, float]:
        """Units of the reporting currency for one minor unit of each known currency."""
        rates = {**self.fx, self.reporting_currency: 1.0}
        return {code: rate / 10 ** EXPONENTS[code] for code, rate in rates.items()}


def read_policy(text: bytes | str) -> Policy:
    """A policy from YAML. Raises: msgspec.DecodeError, pydantic.ValidationError (every error, with its path)."""
    return Policy.model_validate(msgspec.yaml.decode(text))


def _validated(rules: Mapping[str, Any]) -> PortfolioPolicy:
    return PortfolioPolicy.model_validate_json(json.dumps(rules), strict=True)
