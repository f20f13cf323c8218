"""Compares a replay's own figures with ones made from its files alone: `python -m benchmarks.ews.check DIR EVENTS`.

Scores come from scores.jsonl, fiscal years and outcomes from the events: nothing of the learner's evaluation is used. A
statement defaulted if its client did within 365 days after it; whoever has no default by the end of the file has none.
"""

import gzip
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any, Final

from benchmarks.ews.figures import figures

HORIZON_DAYS: Final = 365
ALLOWED: Final = {
    "examples": 0.0, "defaults": 0.0, "roc_auc": 5e-4, "pr_auc": 2e-3, "ks": 3e-3, "brier": 1e-9, "log_loss": 1e-9,
    "mean_pd": 1e-9, "observed_rate": 1e-12, "recall_at_5_percent_of_each": 5e-3,
}  # fmt: skip
"""How far apart they may be: the learner counts scores in bins of 1/50 logit."""


def main(folder: Path, path: Path) -> int:
    """Prints both; how many figures do not agree."""
    report = json.loads((folder / "report.json").read_text())
    (told,) = report["learning"].values()
    ((span, mine),) = told["by_the_end"]["statements"]["fiscal_years"].items()
    first, last = (int(year) for year in span.split("-"))
    theirs = from_files(folder, path, range(first, last + 1))
    theirs["mean_pd"], theirs["recall_at_5_percent_of_each"] = theirs["mean_score"], theirs["recall_at_5_percent"]
    wrong = 0
    print(f"fiscal years {span}      report.json   scores.jsonl")
    for name, allowed in ALLOWED.items():
        agrees = abs(mine[name] - theirs[name]) <= allowed
        wrong += not agrees
        print(f"{name:>28} {mine[name]:>12.6g} {theirs[name]:>14.6g}{'' if agrees else '  differs'}")
    return wrong


def from_files(folder: Path, path: Path, years: range) -> dict[str, Any]:
    """The figures of the statements of these fiscal years."""
    fiscal_years: dict[str, int] = {}
    defaults: dict[str, date] = {}
    with gzip.open(path, "rb") as stream:
        for line in stream:
            event = json.loads(line)
            if event["topic"] == "statements":
                fiscal_years[event["event_id"]] = int(event["period_end"][:4])
            elif event["topic"] == "outcomes" and event["outcome"] == "defaulted":
                defaults[event["client_id"]] = date.fromisoformat(event["occurred_at"][:10])
    scores, ys, groups = [], [], []
    with (folder / "scores.jsonl").open() as lines:
        for score in lines:
            said = json.loads(score)
            year = fiscal_years.get(said["event_id"], 0)
            if year in years:
                default = defaults.get(said["client_id"], date.max)
                scores.append(said["pd"])
                ys.append(0 <= (default - date.fromisoformat(said["as_of"])).days <= HORIZON_DAYS)
                groups.append(year)
    return figures(scores, ys, groups)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])) > 0)
