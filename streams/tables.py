"""Tables for people: clients by tier and grade, how well they were scored."""

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

TIERS: Final = ("diamond", "gold", "silver", "basic")
FILE_WIDTH: Final = 140
FIGURES: Final = (
    "examples", "defaults", "roc_auc", "pr_auc", "ks", "recall_at_5_percent", "brier", "mean_pd", "observed_rate",
)  # fmt: skip
GRADES: Final = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "D")


def console() -> Console:
    """Standard output: as wide as the terminal, and wide enough for our tables where there is none (CI, a file)."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(width=FILE_WIDTH, highlight=False)


def matrix_table(portfolio: str, cells: Mapping[str, int]) -> Table:
    """Clients of a portfolio; `cells`: "tier/grade" to their number."""
    table = Table(title=f"{portfolio}: clients by value tier and risk grade (1 best, D default)", title_justify="left")
    table.add_column("tier")
    for grade in (*GRADES, "all"):
        table.add_column(grade, justify="right")
    for tier in TIERS:
        row = [cells.get(f"{tier}/{grade}", 0) for grade in GRADES]
        table.add_row(tier, *(f"{n:,}" if n else "·" for n in row), f"{sum(row):,}")
    columns = [sum(cells.get(f"{tier}/{grade}", 0) for tier in TIERS) for grade in GRADES]
    table.add_section()
    table.add_row("all", *(f"{n:,}" if n else "·" for n in columns), f"{sum(columns):,}")
    return table


def learning_table(learning: Mapping[str, Mapping[str, Any]]) -> Table:
    """How well each portfolio's scores, as they were given, have told who would default."""
    table = _figures_table("scores against what came of them, horizons that are over (each before it was learned from)")
    for portfolio, figures in learning.items():
        table.add_row(portfolio, *_cells(figures))
    return table


def alarms_table(learning: Mapping[str, Mapping[str, Any]]) -> Table:
    """What bounds the PD warning's false alarms, and what they were."""
    table = Table(title="PD warnings: false alarms per 100 client-years against their bound", title_justify="left")
    for name in ("portfolio", "bound", "realised", "false", "true", "client-years", "PD from which is warned"):
        table.add_column(name, justify="left" if name == "portfolio" else "right")
    for portfolio, told in learning.items():
        alarms = told["alarms"]
        realised = alarms["realised_per_100_client_years"]
        table.add_row(
            portfolio,
            f"{alarms['bound_per_100_client_years']:.2f}",
            "-" if realised is None else f"{realised:.2f}",
            f"{alarms['false_alarms']:,}",
            f"{alarms['true_alarms']:,}",
            f"{alarms['client_years']:,.0f}",
            f"{alarms['threshold_pd']:.1%}",
        )
    return table


def contests_table(learning: Mapping[str, Mapping[str, Any]]) -> Table:
    """Champion and challenger on the same examples, and what has drifted."""
    table = Table(title="champion and challenger, the last twelve cohorts; drift of the model", title_justify="left")
    for name in ("portfolio", "side", "members", "log loss", "ROC-AUC", "evidence", "needed", "promotions", "drifts that stand"):
        table.add_column(name, justify="left" if name in ("portfolio", "side", "members") else "right")
    for portfolio, told in learning.items():
        standing = len(told["drift"]["standing"])
        contest = told.get("contest")
        if contest is None:
            table.add_row(portfolio, "champion", *["-"] * 6, f"{standing:,}")
            continue
        evidence, needed = contest["log_e_value"], contest["log_e_value_needed"]
        promotions = len(contest["promotions"])
        table.add_row(portfolio, "champion", *_side(contest["champion"]), "", "", f"{promotions:,}", f"{standing:,}")
        table.add_row("", "challenger", *_side(contest["challenger"]), f"{evidence:.2f}", f"{needed:.2f}", "", "")
    return table


def _side(told: Mapping[str, Any]) -> list[str]:
    figures = (told.get(name) for name in ("log_loss", "roc_auc"))
    return [", ".join(told["members"]), *("-" if figure is None else f"{figure:.4f}" for figure in figures)]


def by_the_end_table(portfolio: str, told: Mapping[str, Any]) -> Table:
    """The same by fiscal year, and for clients with a full history: as if every horizon were over at the end of the files."""
    table = _figures_table(f"{portfolio}: as scored, by the end of the files (no default known is none)")
    statements, months = told["statements"], told["months"]
    for year, figures in statements.get("by_fiscal_year", {}).items():
        table.add_row(f"fiscal year {year}", *_cells(figures))
    table.add_section()
    for span, figures in statements.get("fiscal_years", {}).items():
        each = {**figures, "recall_at_5_percent": figures.get("recall_at_5_percent_of_each")}
        table.add_row(f"fiscal years {span}", *_cells(each))
    for span, figures in months.get("longest_known", {}).items():
        table.add_row(f"full history, {span}", *_cells(figures))
    return table


def _figures_table(title: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in FIGURES:
        table.add_column(name.replace("_", " ").replace("percent", "%"), justify="right")
    return table


def _cells(figures: Mapping[str, Any]) -> list[str]:
    cells = [figures.get(name) for name in FIGURES]
    return ["-" if c is None else f"{c:.4f}" if isinstance(c, float) else f"{c:,}" for c in cells]
