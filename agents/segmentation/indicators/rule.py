"""What an indicator is: figures that are watched, what moves them, and the policy's thresholds.

Thresholds are the policy's (DOMAIN.md: Early-warning indicators). A rule reads the client's state and nothing else, so it
gives the same whenever it is asked; a reading is NaN where nothing is known, and then it raises, keeps and clears nothing.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from online_models.statements import EXTREME
from schemas import log
from schemas.decisions import Severity
from schemas.policy import Thresholds
from schemas.state import ClientState

if TYPE_CHECKING:
    from agents.segmentation.defaulting import Arrears
    from agents.segmentation.in_force import InForce
    from agents.segmentation.valuation import Exposure

NAN: Final = float("nan")
NO_BOUND: Final = float("inf")
"""Of what is good without end."""


class Seen(msgspec.Struct, frozen=True, gc=False):
    """A client as the rules see it. Days are ordinals."""

    client: ClientState
    day: int
    """Of the fact, or of the close."""
    closed_day: int
    owed: "Arrears"
    """As of the last close."""
    held: "Exposure"
    now: "InForce"


Read = Callable[[Seen], float]


class Measure(NamedTuple):
    """One figure of an indicator. The texts are filled with its value and the threshold it passed."""

    read: Read
    text: str
    unit: str
    falling: bool = False
    """Whether lower is worse."""
    name: str = ""
    """Where its thresholds stand: the indicator's own, or those under `also.<name>`."""
    without: str = ""
    """What is said of a ratio to nothing: its value is a bound, and no figure to tell."""

    def said(self, value: float, threshold: float | None) -> str:
        """What a value says."""
        text = self.without if self.without and value >= EXTREME else self.text
        return text.format(value=value, threshold=threshold)


Kind = type[log.Fact] | type[None]
"""A kind of fact; None is the close of a day."""

PAYING: Final[tuple[Kind, ...]] = (log.RepaymentReceived, log.DrawdownMade, log.OutcomeReported)
"""What moves dues, balances and limits."""
PASSING: Final[tuple[Kind, ...]] = (*PAYING, type(None))
"""And the passing of days."""
ANYTHING: Final[tuple[Kind, ...]] = (
    *PASSING, log.StatementPublished, log.ProfileUpdated, log.RatingAssigned, log.CollateralValued, log.MilestoneReported,
    log.FeedbackGiven, log.GroupStanding, log.Referred,
)  # fmt: skip


Rests = Callable[[Seen], bool]
"""Whether figures are at rest, several at one glance: 0, without bound where lower is worse, or not known."""


class Indicator(NamedTuple):
    """What is watched under one code: as bad as the worst of its measures. Any of `moved_by` moves all of them."""

    code: str
    moved_by: tuple[Kind, ...]
    measures: tuple[Measure, ...]
    rests: Rests | None = None
    """None: there is no telling without reading them."""


class Scale(msgspec.Struct, frozen=True, gc=False):
    """Thresholds of one measure, the worst first."""

    falling: bool
    first: float
    """The threshold of the least severity: on its good side nothing is wrong."""
    bounds: tuple[tuple[Severity, float], ...]
    source: str

    def severity_of(self, value: float) -> tuple[Severity, float | None]:
        """How bad a value is and the threshold it passed; rising ones are reached, falling ones fallen below."""
        for severity, bound in self.bounds:
            if value < bound if self.falling else value >= bound:
                return severity, bound
        return Severity.NORMAL, None

    @property
    def sleeps(self) -> bool:
        """Whether nothing is wrong with a figure at rest."""
        return self.severity_of(NO_BOUND if self.falling else 0.0)[0] is Severity.NORMAL


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What an indicator says now: the worst of its measures."""

    severity: Severity
    value: float
    threshold: float | None
    measure: Measure
    source: str


class Watched(msgspec.Struct, frozen=True, gc=False):
    """An indicator with the thresholds of a portfolio."""

    indicator: Indicator
    measures: tuple[tuple[Measure, Scale], ...]

    def reading(self, seen: Seen) -> Reading | None:
        """None if none of its figures is known."""
        worst: Reading | None = None
        for measure, scale in self.measures:
            value = measure.read(seen)
            if value == value:
                severity, threshold = scale.severity_of(value)
                if worst is None or severity > worst.severity:
                    worst = Reading(severity, value, threshold, measure, scale.source)
        return worst


def scale_of(rule: Thresholds, falling: bool) -> Scale:
    """The thresholds of a rule, ready to be asked often."""
    said = ((Severity.RED, rule.red), (Severity.AMBER, rule.amber), (Severity.WATCH, rule.watch))
    bounds = tuple((severity, bound) for severity, bound in said if bound is not None)
    never = float("-inf") if falling else float("inf")
    return Scale(falling, bounds[-1][1] if bounds else never, bounds, rule.source)
