"""`make bench`: engines side by side on one broker and the same events, restore, memory and replay, as ratios in one table.

Nothing is asserted: a figure that is not reached says so. Every engine must have come to the same decisions, or the run
ends with 1. `python -m benchmarks.run --quick` takes about three minutes.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from rich.console import Console

from benchmarks import closing, many_clients, other_engines, our_worker, replaying, step
from benchmarks.decided import Decided
from benchmarks.events import SourceRecord, bank_events
from benchmarks.figures import Figure, show
from benchmarks.our_worker import Run
from benchmarks.place import BATCH, PARTITIONS, Place, publish, settings
from schemas.policy import Policy
from streams import settings as settings_of
from streams.brokers.embedded import EmbeddedBroker
from streams.policies.files import load_policy

WARM_UP: Final = 2_000


def main() -> None:
    """Options; the tables; exit code 1 if an engine has come to other decisions."""
    given = _options()
    console = Console(width=None if sys.stdout.isatty() else 130, highlight=False)
    policy = load_policy(settings_of.load(None))
    with (
        tempfile.TemporaryDirectory(prefix="tierwatch-bench-") as folder,
        EmbeddedBroker(Path(folder) / "broker", keeps=False) as broker,
    ):
        bench = Bench(Path(folder), broker.bootstrap, policy, given, console)
        bench.engines()
        bench.many()
        bench.closing()
        bench.files()
        show(bench.figures, console)
    console.print(f"load averages {', '.join(f'{one:.1f}' for one in os.getloadavg())} on {os.cpu_count()} cores")
    sys.exit(0 if bench.equal else 1)


class Bench:
    """One run of everything."""

    def __init__(self, folder: Path, brokers: str, policy: Policy, given: argparse.Namespace, console: Console) -> None:
        self.figures: list[Figure] = []
        self.equal = True
        self._folder, self._policy, self._given, self._console = folder, policy, given, console
        self._brokers = brokers
        self._events = list(bank_events(given.events, given.clients))

    def engines(self) -> None:
        """Rounds of every engine in turn, after a warm-up."""
        bank = self._bank()
        self._warm_up()
        steps: list[step.Step] = []
        engines = {"worker": our_worker.run, "quix": other_engines.quix, "faust": other_engines.faust}
        runs: dict[str, list[Run]] = {name: [] for name in engines}
        for number in range(1, self._given.rounds + 1):
            self._say(f"round {number} of {self._given.rounds}")
            steps.append(self._step(self._events))
            for name, engine in engines.items():
                if name not in self._given.without:
                    runs[name].append(self._run(name, engine, bank, steps[-1].came_to))
        self._compare(steps, runs)

    def many(self) -> None:
        """Restore and memory."""
        self._say(f"restore and memory with {self._given.many:,} clients")
        found = many_clients.run(Place(self._brokers, self._folder, "many."), self._policy, self._given.many)
        each, more = found.per_client / 1024, found.more_per_client / 1024
        self.figures += [
            Figure("restore: changelog into the table, states/s", found.restore_rate, 100_000),
            Figure("restore: into a ready segmenter (histograms, tallies), states/s", found.ready_rate, 100_000),
            Figure(f"memory: worker at {found.clients:,} clients, KB/client", each, 1.5, most=True),
            Figure("memory: of which more than an empty worker, KB/client", more),
            Figure("memory: an empty worker, MB", found.empty / 2**20),
            Figure("memory: one encoded state, bytes", found.state_bytes),
        ]

    def closing(self) -> None:
        """The close of a day."""
        self._say(f"the close of a day with {self._given.many:,} clients")
        found = closing.run(Place(self._brokers, self._folder, "closing."), self._policy, self._given.many)
        self.figures += [
            Figure("close of a day: the longest that others wait at a time, ms", found.longest * 1000, 200, most=True),
            Figure("  of it the worker's own processor time, ms", found.busy * 1000),
            Figure("  longest collection of garbage meanwhile, ms", found.garbage * 1000),
            Figure(f"close of a day that looks at all {found.clients:,} clients, s", found.first),
            Figure("close of a month's end, s", found.month_end),
        ]

    def files(self) -> None:
        """Replay of a file."""
        self._say("file replay")
        path = self._folder / "events.jsonl"
        replaying.write_file(path, self._events)
        runs = [replaying.run(path, self._policy) for _ in range(self._given.rounds)]
        self.figures += [
            Figure("file replay / the same agents without files", median(r.agents / r.files for r in runs), 0.8),
            Figure("file replay, events/s (closes every day, learns)", median(len(self._events) / r.files for r in runs)),
        ]

    def _bank(self) -> Place:
        """The place with the events of all engines."""
        place = Place(self._brokers, self._folder, "bank.")
        self._say(f"publishing {len(self._events):,} events to {place.source_prefix}*")
        publish(settings(place.environment("bank")), self._events, {})
        return place

    def _warm_up(self) -> None:
        self._say("warm-up")
        self._step(self._events[:WARM_UP])

    def _step(self, events: Sequence[SourceRecord]) -> step.Step:
        took = step.run(events, self._policy, PARTITIONS, BATCH)
        self._say(f"  pure step: {len(events) / took.seconds:,.0f} events/s, {took.came_to}")
        return took

    def _run(self, name: str, engine: Callable[[Place, int], Run], place: Place, expected: Decided) -> Run:
        run = engine(place, len(self._events))
        same = run.came_to == expected
        self.equal = self.equal and same
        said = "the same decisions" if same else f"OTHER DECISIONS: {run.came_to}"
        self._say(f"  {name}: {run.rate:,.0f} events/s, start-up {run.start_up:.1f} s, {run.rss >> 20} MB, {said}")
        return run

    def _compare(self, steps: Sequence[step.Step], runs: dict[str, list[Run]]) -> None:
        count, ours = len(self._events), runs["worker"]
        limits = [count / s.seconds for s in steps]
        self.figures += [
            Figure("pure step, events/s", median(limits)),
            Figure("  of it intake alone, events/s", median(count / s.intake for s in steps)),
            Figure("  of it segmenter alone, events/s", median(count / s.segmenter for s in steps)),
            Figure("  intake, and states read and written, no rule asked: events/s", median(count / s.bare for s in steps)),
            Figure("worker end to end, events/s", median(r.rate for r in ours)),
            Figure("worker / pure step", median(r.rate / limit for r, limit in zip(ours, limits, strict=True)), 0.6),
            Figure("worker: processor time for an event, microseconds", median(r.cpu / r.events * 1e6 for r in ours)),
            Figure("worker: start-up, seconds", median(r.start_up for r in ours)),
        ]
        for name, target in (("quix", 1.0), ("faust", 10.0)):
            if runs[name]:
                pairs = zip(ours, runs[name], strict=True)
                self.figures.append(Figure(f"{name}, events/s", median(r.rate for r in runs[name])))
                self.figures.append(Figure(f"worker / {name}", median(r.rate / other.rate for r, other in pairs), target))
                bound = median(limit / other.rate for limit, other in zip(limits, runs[name], strict=True))
                self.figures.append(Figure(f"  pure step / {name}: what no engine with this step can pass", bound))

    def _say(self, what: str) -> None:
        self._console.print(what)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--clients", type=int, default=20_000)
    parser.add_argument("--many", type=int, default=300_000, help="clients of the restore and of the memory")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without", nargs="*", default=[], choices=["quix", "faust"])
    parser.add_argument("--quick", action="store_true", help="20,000 events, 2,000 clients, 30,000 clients restored, one round")
    given = parser.parse_args()
    if given.quick:
        given.events, given.clients, given.many, given.rounds = 20_000, 2_000, 30_000, 1
    return given


if __name__ == "__main__":
    main()
