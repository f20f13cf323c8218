"""The pure step under several interpreters: `python -m benchmarks.interpreters .venv/bin/python .venv-other/bin/python`.

Each is the Python of an environment with our dependencies (`make VENV=.venv-other PYTHON=/usr/bin/python3 .venv-other/.ready`).
They take turns; told is the median of each, and how many times as fast as the first it is, by the median of the ratios.
"""

import subprocess
import sys
from statistics import median
from typing import Final

from benchmarks import step
from benchmarks.events import bank_events
from benchmarks.place import BATCH, PARTITIONS
from streams import settings as settings_of
from streams.policies.files import load_policy

EVENTS: Final = 50_000
CLIENTS: Final = 10_000
ROUNDS: Final = 5
ONE: Final = "--one"


def main() -> None:
    """The interpreters named on the command line, or with `--one` this one's events per second and no more."""
    if sys.argv[1:] == [ONE]:
        took = step.run(bank_events(EVENTS, CLIENTS), load_policy(settings_of.load(None)), PARTITIONS, BATCH)
        print(EVENTS / took.seconds)
        return
    if not sys.argv[1:]:
        sys.exit(__doc__)
    rounds = [[_rate(python) for python in sys.argv[1:]] for _ in range(ROUNDS)]
    for number, python in enumerate(sys.argv[1:]):
        rate, ratio = median(r[number] for r in rounds), median(r[number] / r[0] for r in rounds)
        print(f"{python} (Python {_version(python)}): pure step {rate:,.0f} events/s, {ratio:.2f} times the first")


def _rate(python: str) -> float:
    return float(_said(python, "-m", "benchmarks.interpreters", ONE))


def _version(python: str) -> str:
    return _said(python, "-c", "import sys; print(sys.version.split()[0], sys.base_prefix)").strip()


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
