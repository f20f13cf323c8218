"""Plots of how well each portfolio was scored: ROC, precision and recall, reliability, rolling ROC-AUC, drift of the scores.

Drawn by matplotlib (extra `plots`), without a display and to the same bytes for the same figures.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from online_models.evaluation import MONTH, STATEMENT, Evaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EXTRA: Final = "plots"
KINDS: Final = {STATEMENT: "at statements", MONTH: "at months' ends"}
INCHES: Final = (7.0, 5.0)
DPI: Final = 110
SHIFTED: Final = 0.25
"""From this PSI on a population counts as shifted (Siddiqi 2006)."""


def available() -> bool:
    """Whether there is something to draw with."""
    return find_spec("matplotlib") is not None


def draw(evaluations: Mapping[str, Evaluation], folder: Path) -> list[Path]:
    """Every plot that there is something to show on; the files, `PORTFOLIO-PLOT.png`. Raises: OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    return [path for name, told in sorted(evaluations.items()) for path in _portfolio(name, told, folder)]


def _portfolio(name: str, told: Evaluation, folder: Path) -> Iterator[Path]:
    from matplotlib.figure import Figure

    kinds = [kind for kind in KINDS if 0 < told.whole(kind).defaults < told.whole(kind).examples]
    for plot, (title, draw_one) in (PLOTS.items() if kinds else ()):
        figure = Figure(figsize=INCHES, dpi=DPI, layout="constrained")
        axes = figure.subplots()
        axes.set_title(f"{name}: {title}")
        axes.grid(alpha=0.3)
        for kind in kinds:
            draw_one(axes, told, kind)
        axes.legend()
        path = folder / f"{name}-{plot}.png"
        figure.savefig(path, metadata={"Software": None})
        yield path


def _roc(axes: "Axes", told: Evaluation, kind: str) -> None:
    counts = told.whole(kind)
    curve = counts.curve()
    good, bad = curve[-1]
    label = f"{KINDS[kind]}: ROC-AUC {counts.figures()['roc_auc']:.3f}"
    axes.plot([g / good for g, _ in curve], [b / bad for _, b in curve], label=label)
    axes.set(xlabel="share of the others scored as high", ylabel="share of the defaults scored as high")
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle="--")


def _precision(axes: "Axes", told: Evaluation, kind: str) -> None:
    counts = told.whole(kind)
    curve = counts.curve()[1:]
    bad = curve[-1][1]
    label = f"{KINDS[kind]}: PR-AUC {counts.figures()['pr_auc']:.3f} (rate {counts.figures()['observed_rate']:.2%})"
    axes.plot([b / bad for _, b in curve], [b / (g + b) for g, b in curve], label=label)
    axes.set(xlabel="recall", ylabel="precision")


def _reliability(axes: "Axes", told: Evaluation, kind: str) -> None:
    bands = [band for band in told.whole(kind).reliability() if band["defaults"]]
    pds, rates = [band["mean_pd"] for band in bands], [band["observed_rate"] for band in bands]
    errors = [2 * (rate * (1 - rate) / band["examples"]) ** 0.5 for rate, band in zip(rates, bands, strict=True)]
    axes.errorbar(pds, rates, yerr=errors, marker="o", capsize=2, label=f"{KINDS[kind]} (two standard errors)")
    axes.set(xlabel="mean PD of the band, as scored", ylabel="observed rate", xscale="log", yscale="log")
    if pds:
        ends = [min(pds), max(pds)]
        axes.plot(ends, ends, color="grey", linewidth=0.8, linestyle="--")


def _rolling(axes: "Axes", told: Evaluation, kind: str) -> None:
    history = [(month, figures["roc_auc"]) for month, figures in told.history(kind) if "roc_auc" in figures]
    axes.plot([_year(month) for month, _ in history], [area for _, area in history], marker=".", label=KINDS[kind])
    axes.set(xlabel="month that was scored", ylabel="ROC-AUC of twelve months of scores")


def _drift(axes: "Axes", told: Evaluation, kind: str) -> None:
    drift = told.drift(kind)
    axes.plot([_year(month) for month, _ in drift], [psi for _, psi in drift], marker=".", label=KINDS[kind])
    axes.axhline(SHIFTED, color="grey", linewidth=0.8, linestyle="--")
    axes.set(xlabel="month that was scored", ylabel="PSI of the scores against the first twelve months")


def _year(month: str) -> float:
    year, number = month.split("-")
    return int(year) + (int(number) - 1) / 12


PLOTS: Final[Mapping[str, tuple[str, Callable[[Any, Evaluation, str], None]]]] = {
    "roc": ("receiver operating characteristic", _roc),
    "pr": ("precision and recall", _precision),
    "reliability": ("reliability of the PD", _reliability),
    "rolling-auc": ("rolling ROC-AUC", _rolling),
    "drift": ("drift of the scores", _drift),
}
