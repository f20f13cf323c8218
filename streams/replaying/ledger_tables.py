"""Tables for risk officers: what came of the warnings, and how two policies differ."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table


def ledger_table(ledgers: Mapping[str, Mapping[str, Any]]) -> Table:
    """What of each portfolio's defaults was warned of, how long before, and how many warnings were false."""
    title = "the ledger: what came of the warnings (per 100: false ones in a hundred client-years)"
    table = Table(title=title, title_justify="left")
    for name in (
        "portfolio", "client-years", "defaults", "captured", "at amber", "lead days", "false per 100", "at amber",
        "right: watch", "amber", "red",
    ):  # fmt: skip
        table.add_column(name, justify="left" if name == "portfolio" else "right", no_wrap=True)
    for portfolio, told in ledgers.items():
        leads = told["lead_days"]["amber"] or told["lead_days"]["any"]
        table.add_row(
            portfolio,
            f"{told['client_years']:,.0f}",
            f"{told['defaults']:,}",
            *(_share(told["capture"][severity]) for severity in ("any", "amber")),
            "-" if leads is None else f"{leads['p25']} · {leads['median']} · {leads['p75']}",
            *(_figure(told["false_alarms_per_100_client_years"][severity]) for severity in ("any", "amber")),
            *(_share(told["precision"][severity]) for severity in ("watch", "amber", "red")),
        )
    return table


def difference_table(portfolio: str, told: Mapping[str, Any]) -> Table:
    """How two policies differ in what they decide of a portfolio's clients."""
    clients = told["clients"]
    title = (
        f"{portfolio}: {clients['up']:,} clients up, {clients['down']:,} down, {clients['sideways']:,} sideways"
        f" of {clients['all']:,}; {clients['exposure_affected']:,.0f} of {clients['exposure']:,.0f} drawn is affected"
    )
    table = Table(title=title, title_justify="left")
    for name in ("what", "old", "new", "gained", "lost"):
        table.add_column(name, justify="left" if name == "what" else "right")
    old, new = (headline(told["ledger"][name]) for name in ("old", "new"))
    for name in old:
        table.add_row(name, _figure(old[name]), _figure(new[name]))
    table.add_section()
    for code, counts in told["warnings"].items():
        table.add_row(f"{code} raised", *(f"{counts[name]:,}" for name in ("old", "new", "gained", "lost")))
    return table


def headline(ledger: Mapping[str, Any]) -> dict[str, float | None]:
    """The figures of a ledger that two policies are compared by, at amber or worse; None where nothing tells."""
    leads = ledger.get("lead_days", {}).get("amber") or {}
    return {
        "capture": ledger.get("capture", {}).get("amber"),
        "median lead, days": leads.get("median"),
        "false alarms per 100 client-years": ledger.get("false_alarms_per_100_client_years", {}).get("amber"),
    }


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
