"""The figures, what was wanted of them, and whether it was reached."""

from collections.abc import Iterable
from typing import NamedTuple

from rich.console import Console
from rich.table import Table


class Figure(NamedTuple):
    """One figure; without `wanted` it is told and no more. `most`: it should be no more than that."""

    name: str
    measured: float
    wanted: float | None = None
    most: bool = False

    @property
    def reached(self) -> str:
        if self.wanted is None:
            return ""
        return "yes" if (self.measured <= self.wanted if self.most else self.measured >= self.wanted) else "no"


def show(figures: Iterable[Figure], console: Console) -> None:
    """The table."""
    table = Table(title="tierwatch benchmarks", title_justify="left")
    table.add_column("figure")
    for name in ("measured", "wanted", "reached"):
        table.add_column(name, justify="right")
    for figure in figures:
        wanted = "" if figure.wanted is None else f"{'at most' if figure.most else 'at least'} {_said(figure.wanted)}"
        table.add_row(figure.name, _said(figure.measured), wanted, figure.reached)
    console.print(table)


def _said(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.2f}"
