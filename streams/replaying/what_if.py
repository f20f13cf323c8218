"""What if: the same events decided by two policies, and how the decisions differ."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from agents.segmentation.changes import direction
from agents.segmentation.valuation import exposure
from schemas import topics
from schemas.decisions import Segment, read_early_warning
from schemas.policy import Policy
from schemas.records import PlainRecord
from schemas.state import is_client, read_client
from streams.policies.publishing import policy_record
from streams.replaying.event_files import lines
from streams.replaying.replay import FILES, Progress, Replay, log_records

WHAT_IF: Final = "what-if.json"
DIRECTIONS: Final = ("up", "down", "sideways")
_POLICY_TAG: Final = b'"record":"policy-published"'


class Stand(NamedTuple):
    """Where a client stands in the end. `drawn` is in units of the reporting currency."""

    portfolio: str
    segment: Segment
    drawn: float


class Run(NamedTuple):
    """What one policy led to."""

    version: str
    standing: dict[str, Stand]
    raised: Counter[tuple[str, str, str]]
    """Warnings by portfolio, indicator and client."""
    report: dict[str, Any]


def what_if(
    files: Sequence[Path], log_file: Path | None, policies: tuple[Policy, Policy], out: Path, partitions: int, progress: Progress
) -> dict[str, Any]:
    """Decides by the old policy and by the new one (`policies`) into OUT/old and OUT/new; the comparison, written as well.

    A log is decided as it stands but for its policy: models and cut-offs are those it holds. Raises: OSError, ValueError.
    """
    old = _run(files, log_file, policies[0], out / "old", partitions, progress)
    new = _run(files, log_file, policies[1], out / "new", partitions, progress)
    compared = compare(old, new)
    (out / WHAT_IF).write_text(json.dumps(compared, indent=2, sort_keys=True) + "\n")
    return compared


def compare(old: Run, new: Run) -> dict[str, Any]:
    """How the decisions of two runs over the same events differ, by portfolio."""
    portfolios = sorted({stand.portfolio for stand in (*old.standing.values(), *new.standing.values())})
    return {
        "policies": {"old": old.version, "new": new.version},
        "portfolios": {
            name: {
                "clients": _moved(old, new, name),
                "warnings": _warnings(old, new, name),
                "ledger": {kind: run.report["ledger"].get(name, {}) for kind, run in (("old", old), ("new", new))},
            }
            for name in portfolios
        },
    }


def _moved(old: Run, new: Run, portfolio: str) -> dict[str, Any]:
    """Clients that end in another grade, tier or stage, and what they have drawn."""
    counts: Counter[str] = Counter()
    affected = drawn = 0.0
    for client_id, now in new.standing.items():
        was = old.standing.get(client_id)
        if now.portfolio != portfolio or was is None:
            continue
        counts["all"] += 1
        drawn += now.drawn
        if _place(was.segment) != _place(now.segment):
            counts[direction(was.segment, now.segment)] += 1
            counts["segment"] += was.segment.segment != now.segment.segment
            affected += now.drawn
    return {
        "all": counts["all"],
        **{way: counts[way] for way in DIRECTIONS},
        "other_segment": counts["segment"],
        "exposure": round(drawn, 2),
        "exposure_affected": round(affected, 2),
    }


def _place(segment: Segment) -> tuple[str, str, int]:
    return segment.value_tier, segment.risk_grade, segment.stage


def _warnings(old: Run, new: Run, portfolio: str) -> dict[str, dict[str, int]]:
    """Warnings raised, and how many more and fewer of them, client by client."""
    told: dict[str, Counter[str]] = {}
    for place in sorted(old.raised.keys() | new.raised.keys()):
        if place[0] == portfolio:
            was, now = old.raised[place], new.raised[place]
            counts = told.setdefault(place[1], Counter())
            counts.update(old=was, new=now, gained=max(0, now - was), lost=max(0, was - now))
    return {code: dict(counts) for code, counts in told.items()}


def _run(files: Sequence[Path], log_file: Path | None, policy: Policy, out: Path, partitions: int, progress: Progress) -> Run:
    if log_file is not None:
        count = 1 + max((record.partition for record in log_records(log_file)), default=0)
        replay = Replay(out, policy, count, [log_file.name], learning=False)
        replay.from_log(_decided_by(policy, log_records(log_file)), progress)
    else:
        replay = Replay(out, policy, partitions, [path.name for path in files])
        replay.from_files(lines(files), progress)
    report = replay.close()
    return Run(policy.version, _standing(replay), _raised(out), report)


def _decided_by(policy: Policy, records: Iterator[PlainRecord]) -> Iterator[PlainRecord]:
    """The log with this policy wherever it held one."""
    for record in records:
        if record.key is None and _POLICY_TAG in (record.value or b""):
            record = record._replace(value=policy_record(policy))
        yield record


def _standing(replay: Replay) -> dict[str, Stand]:
    standing: dict[str, Stand] = {}
    for segmenter in replay.pipeline.segmenters:
        for key, value in segmenter.states.items():
            if is_client(key) and (client := read_client(value)).segment is not None:
                drawn = exposure(client, segmenter.resolver.in_force(client.portfolio)).drawn
                standing[key.decode()] = Stand(client.portfolio, client.segment, drawn)
    return standing


def _raised(out: Path) -> Counter[tuple[str, str, str]]:
    raised: Counter[tuple[str, str, str]] = Counter()
    with (out / FILES[topics.EARLY_WARNINGS]).open("rb") as told:
        for line in told:
            warning = read_early_warning(line)
            if warning.status == "raised":
                raised[warning.portfolio, warning.indicator, warning.client_id] += 1
    return raised
