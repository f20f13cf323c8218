"""What a risk officer wants to see of a run: what came in, what was decided, where clients stand, what was told in time."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table

from schemas import log, topics
from schemas.decisions import Severity
from streams.brokers.log_reading import LogReader
from streams.settings import Settings
from streams.tables import matrix_table

MOST: Final = 10
MOST_ALIKE: Final = 2
"""Stories of one portfolio and one indicator."""
LOOK_BACK_DAYS: Final = 730
"""A warning is held to tell of a default that follows within two years."""


class Standing(msgspec.Struct, frozen=True, gc=False):
    """Of a tier change's segment, what the matrix shows."""

    value_tier: str
    risk_grade: str


class Change(msgspec.Struct, frozen=True, gc=False):
    """Of a tier change, what is summed up."""

    decision_id: str
    client_id: str
    portfolio: str
    sequence: int
    direction: str
    now: Standing


class Warned(msgspec.Struct, frozen=True, gc=False):
    """Of an early warning, what is summed up and shown."""

    decision_id: str
    client_id: str
    portfolio: str
    sequence: int
    as_of: date
    status: str
    severity: str
    indicator: str
    text: str


read_change: Final = msgspec.json.Decoder(Change).decode
read_warned: Final = msgspec.json.Decoder(Warned).decode


class Story(NamedTuple):
    """A default, and the first lasting warning before it."""

    warning: Warned
    defaulted: date
    signs: int
    """Indicators that had been raised by then."""

    @property
    def lead_days(self) -> int:
        return (self.defaulted - self.warning.as_of).days


class Decisions:
    """What stands in the decision topics, each decision once."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.standing: dict[str, Change] = {}
        self.raised: dict[str, list[Warned]] = {}
        self.defaults: dict[str, date] = {}
        self.events: Counter[str] = Counter()
        self._entered: set[log.Source] = set()

    def change(self, change: Change) -> None:
        """One tier change; the last of a client says where it stands."""
        self.kinds[f"tier change: {change.direction}"] += 1
        known = self.standing.get(change.client_id)
        if known is None or known.sequence < change.sequence:
            self.standing[change.client_id] = change

    def warning(self, warning: Warned) -> None:
        """One early warning."""
        self.kinds[f"warning: {warning.status}, {warning.severity}"] += 1
        if warning.status != "cleared":
            self.raised.setdefault(warning.client_id, []).append(warning)

    def fact(self, fact: log.Fact) -> None:
        """One event of the log; what was taken from its source twice counts once, as it does for the segmenter."""
        if type(fact) in log.DERIVED or fact.source in self._entered:
            return
        self._entered.add(fact.source)
        self.events[fact.source.topic] += 1
        if isinstance(fact, log.OutcomeReported) and fact.outcome == "defaulted":
            self.defaults.setdefault(fact.client_id, fact.occurred_at.date())

    def matrices(self) -> dict[str, Counter[str]]:
        """Clients by portfolio, tier and grade."""
        cells: dict[str, Counter[str]] = {}
        for change in self.standing.values():
            cells.setdefault(change.portfolio, Counter())[f"{change.now.value_tier}/{change.now.risk_grade}"] += 1
        return cells

    def stories(self) -> list[Story]:
        """The defaults of which most was seen beforehand: the worst warning, then the most signs, then the longest lead;
        of one portfolio and one indicator no more than two.
        """
        told = [story for client, day in self.defaults.items() if (story := self._story(client, day)) is not None]
        told.sort(key=lambda s: (-Severity[s.warning.severity.upper()], -s.signs, -s.lead_days, s.warning.client_id))
        alike: Counter[tuple[str, str]] = Counter()
        picked = []
        for story in told:
            kind = (story.warning.portfolio, story.warning.indicator)
            alike[kind] += 1
            if alike[kind] <= MOST_ALIKE:
                picked.append(story)
        return picked[:MOST]

    def capture(self, portfolio: str) -> tuple[int, int]:
        """Defaults with a warning of amber or worse in the two years before, and all of them."""
        defaults = {c: d for c, d in self.defaults.items() if c in self.standing and self.standing[c].portfolio == portfolio}
        return sum(self._story(client, day) is not None for client, day in defaults.items()), len(defaults)

    def _story(self, client: str, day: date) -> Story | None:
        before = [w for w in self.raised.get(client, ()) if 0 < (day - w.as_of).days <= LOOK_BACK_DAYS]
        serious = [w for w in before if w.severity != "watch"]
        if not serious:
            return None
        worst = max(serious, key=lambda w: (Severity[w.severity.upper()], -w.sequence))
        return Story(worst, day, len({w.indicator for w in before}))


def decisions(settings: Settings) -> Decisions:
    """Reads the log and the decision topics; a decision that stands twice (after a restart) counts once."""
    found = Decisions()
    with LogReader(settings) as reader:
        for value in _values(reader, topics.CLIENT_EVENTS, keyed=True):
            found.fact(log.read_fact(value))
        seen: set[str] = set()
        for value in _values(reader, topics.TIER_CHANGES):
            change = read_change(value)
            if change.decision_id not in seen:
                seen.add(change.decision_id)
                found.change(change)
        for value in _values(reader, topics.EARLY_WARNINGS):
            warning = read_warned(value)
            if warning.decision_id not in seen:
                seen.add(warning.decision_id)
                found.warning(warning)
    return found


def show(found: Decisions, seconds: float, console: Console) -> None:
    """Prints it."""
    console.print(_counts("events in", found.events), _counts("decisions out", found.kinds))
    for portfolio, cells in sorted(found.matrices().items()):
        console.print(matrix_table(portfolio, cells))
        warned, defaults = found.capture(portfolio)
        if defaults:
            share = f"{warned:,} of {defaults:,} defaults were preceded by an amber or red warning"
            console.print(f"{share} within two years ({warned / defaults:.0%})\n")
    console.print(_told(found.stories()))
    total = sum(found.events.values())
    console.print(f"{total:,} events from topic to decision in {seconds:.1f} s: {total / seconds:,.0f} a second")


def _values(reader: LogReader, topic: str, keyed: bool = False) -> Iterable[bytes]:
    for span in reader.spans(topic):
        for key, value in reader.contents(span):
            if value is not None and (key is not None or not keyed):
                yield value


def _counts(title: str, counts: Mapping[str, int]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("kind")
    table.add_column("number", justify="right")
    for kind, number in sorted(counts.items()):
        table.add_row(kind, f"{number:,}")
    table.add_section()
    table.add_row("all", f"{sum(counts.values()):,}")
    return table


def _told(stories: Iterable[Story]) -> Table:
    table = Table(title="ten warnings that told of a default", title_justify="left")
    for name in ("client", "raised", "severity", "indicator", "what was seen", "signs", "defaulted", "days before"):
        table.add_column(name, justify="right" if name in ("signs", "days before") else "left")
    for story in stories:
        w = story.warning
        cells = (w.client_id, str(w.as_of), w.severity, w.indicator, w.text, str(story.signs), str(story.defaulted))
        table.add_row(*cells, f"{story.lead_days:,}")
    return table
