"""What is told of a portfolio as a whole: its value curve and its limits (JSON, topic `portfolios`, key: the portfolio)."""

from datetime import date
from typing import Final

import msgspec

from schemas.learning import SegmentLimits


class PortfolioTold(msgspec.Struct, frozen=True, kw_only=True):
    """A portfolio over all partitions, as of the close of a day on which cut-offs are drawn."""

    portfolio: str
    number: int
    """Counts up within the portfolio."""
    as_of: date
    clients: int
    value_curve: tuple[tuple[float, float], ...]
    """Share of the clients, the best-valued first, and the share of all value that they bring; empty where nobody brings any."""
    limits: tuple[SegmentLimits, ...]
    """By segment, those with clients. Units: of the policy's reporting currency."""


read_portfolio: Final = msgspec.json.Decoder(PortfolioTold).decode
write_portfolio: Final = msgspec.json.Encoder().encode
