"""`tierwatch explain`: one decision, and all that it was made from."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.console import Console
from rich.table import Table

from schemas import topics
from streams.auditing.decision_sources import DecisionSource, FolderSource, KafkaSource
from streams.auditing.explaining import Explanation, Scored, explain
from streams.brokers.log_reading import LogReader
from streams.commands.errors import user_errors
from streams.commands.options import FILE, loaded, settings_option
from streams.policies.files import load_policy
from streams.settings import Settings

MOST_EVENTS: Final = 25
"""Events that a terminal is shown, the last ones; `--json` has them all."""
FOLDER: Final = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("explain")
@click.argument("name", metavar="ID")
@click.option("--from", "folder", type=FOLDER, help="Folder of a replay, instead of Kafka.")
@click.option("--each", is_flag=True, help="Of a warning: each of its decisions, not the last alone.")
@click.option("--json", "as_json", is_flag=True, help="For machines: one JSON object a decision and line.")
@click.option("--policy", "policy_file", type=FILE, help="Policy that decided before the log's first one.")
@settings_option
@user_errors
def explain_command(
    name: str, folder: Path | None, each: bool, as_json: bool, policy_file: Path | None, settings_file: Path | None
) -> None:
    """Explain a decision: the events behind it, features, points, thresholds, versions.

    ID is the decision_id of a tier change or of an early warning, or a warning_id.
    """
    settings = loaded(settings_file, policy_file)
    policy = load_policy(settings)
    with _source(folder, settings) as source:
        explanations = explain(source, policy, name)
    for explanation in explanations if each else explanations[-1:]:
        if as_json:
            click.echo(msgspec.json.encode(explanation).decode())
        else:
            show(explanation, Console())


@contextmanager
def _source(folder: Path | None, settings: Settings) -> Iterator[DecisionSource]:
    if folder is not None:
        yield FolderSource(folder)
        return
    with LogReader(settings) as reader:
        yield KafkaSource(reader, settings)


def show(explanation: Explanation, console: Console) -> None:
    """An explanation for people."""
    decision = msgspec.json.decode(explanation.decision)
    console.print(f"[bold]{explanation.decision_id}[/bold]", highlight=False)
    for line in in_words(explanation.topic, decision):
        console.print(line, markup=False, highlight=False)
    if explanation.standing != "identical":
        console.print(f"In its topic it is {explanation.standing}: run tierwatch verify", style="bold red")
    console.print(_events(explanation))
    console.print(_points(explanation.scored))
    console.print(_sum(explanation.scored), highlight=False)
    console.print(_bounds(explanation))
    console.print(f"macro regime {explanation.regime} · overlays {', '.join(explanation.overlays) or 'none'}", highlight=False)
    versions = (explanation.model_version, explanation.policy_version, explanation.cutoffs_version)
    console.print("model {} · policy {} · cut-offs {}".format(*versions), highlight=False)


def in_words(topic: str, decision: dict[str, Any]) -> Iterator[str]:
    """What was decided, and why."""
    about = f"{decision['as_of']} · {decision['client_id']} ({decision['portfolio']}), decision {decision['sequence']}"
    if topic == topics.EARLY_WARNINGS:
        yield f"{about}: early warning {decision['status']}, {decision['severity']}"
        yield f"{decision['indicator']}: {decision['text']}; first raised on {decision['first_raised_at']}"
        for reason in decision["reasons"]:
            yield f"  {reason['text']}: beyond it by {reason['contribution']:.4g}"
        yield undoing(decision["counterfactual"])
        return
    yield f"{about}: tier change, {decision['direction']}"
    if decision["was"] is not None:
        yield f"was {_standing(decision['was'])}"
    yield f"now {_standing(decision['now'])}; PD {decision['pd']:.4%}, value {decision['value']:,.2f} a year"
    for reason in decision["reasons"]:
        yield f"  {reason['contribution']:+.4g}  {reason['text']}"
    yield undoing(decision["counterfactual"])
    yield "treatment: " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in decision["treatment"].items())


def undoing(counterfactual: dict[str, Any] | None) -> str:
    """What would have undone the decision."""
    if counterfactual is None:
        return "undone by: not told"
    if not counterfactual["possible"]:
        return f"undone by: {counterfactual['why']}"
    return f"undone {counterfactual['text']}: {counterfactual['then']}"


def _standing(segment: dict[str, Any]) -> str:
    return "{segment}: {value_tier}, grade {risk_grade}, stage {stage}, {lifecycle}".format(**segment)


def _events(explanation: Explanation) -> Table:
    events = explanation.events
    of = f" (the last {MOST_EVENTS} of {len(events)})" if len(events) > MOST_EVENTS else ""
    table = Table(title=f"events behind it{of}", title_justify="left")
    for column in ("offset", "date", "kind", "what"):
        table.add_column(column, justify="right" if column == "offset" else "left", overflow="fold")
    for event in events[-MOST_EVENTS:]:
        what = event.what if event.effect == "folded" else f"{event.what} ({event.effect})"
        table.add_row(str(event.offset), str(event.on), event.kind, what)
    return table


def _points(scored: Scored) -> Table:
    table = Table(title="features as scored, by what they added to the logit", title_justify="left")
    for column in ("feature", "value", "points"):
        table.add_column(column, justify="left" if column == "feature" else "right")
    told = [feature for feature in scored.features if feature.value is not None or feature.points]
    for feature in sorted(told, key=lambda f: -abs(f.points)):
        value = "not known" if feature.value is None else f"{feature.value:.6g}"
        table.add_row(f"{feature.text} ({feature.unit})", value, f"{feature.points:+.4f}")
    return table


def _sum(scored: Scored) -> str:
    points = sum(feature.points for feature in scored.features)
    total = f"intercept {scored.intercept:+.4f}, points {points:+.4f}: logit {scored.logit:+.4f}"
    if scored.in_default_since is not None:
        return f"{total}; in default since {scored.in_default_since}: PD 100 %"
    return f"{total}: PD {scored.pd:.4%}"


def _bounds(explanation: Explanation) -> Table:
    table = Table(title="thresholds in force", title_justify="left")
    for column in ("threshold", "value", "source"):
        table.add_column(column, justify="right" if column == "value" else "left")
    for bound in explanation.bounds:
        table.add_row(bound.name, "-" if bound.value is None else f"{bound.value:,}", bound.source)
    return table
