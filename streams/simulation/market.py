"""Where the bank's clients live and what they do. All shares and levels are assumptions, set to look like a European bank."""

from typing import Final, NamedTuple

from streams.simulation.chance import Choice


class Sector(NamedTuple):
    """An industry. `cyclical` is its load on the economy, `margin` EBITDA / revenue, `turnover` revenue / assets."""

    code: str
    cyclical: float
    margin: float
    turnover: float


MANUFACTURING: Final = Sector("C25.62", 1.2, 0.12, 1.1)
FOOD: Final = Sector("C10.71", 0.6, 0.10, 1.4)
MACHINERY: Final = Sector("C28.29", 1.3, 0.11, 1.0)
CONSTRUCTION: Final = Sector("F41.20", 1.6, 0.08, 1.2)
WHOLESALE: Final = Sector("G46.90", 1.0, 0.05, 2.2)
RETAIL: Final = Sector("G47.11", 0.9, 0.06, 2.0)
TRANSPORT: Final = Sector("H49.41", 1.1, 0.11, 1.2)
HOTELS: Final = Sector("I55.10", 1.5, 0.16, 0.7)
SOFTWARE: Final = Sector("J62.01", 0.8, 0.18, 1.1)
PROPERTY: Final = Sector("L68.20", 1.3, 0.45, 0.2)
ENGINEERING: Final = Sector("M71.12", 0.9, 0.13, 1.3)
FARMING: Final = Sector("A01.11", 0.5, 0.17, 0.6)
POWER: Final = Sector("D35.11", 0.4, 0.40, 0.25)
CARE: Final = Sector("Q86.10", 0.3, 0.10, 0.9)
WASTE: Final = Sector("E38.11", 0.6, 0.18, 0.7)
ROADS: Final = Sector("F42.11", 0.9, 0.35, 0.2)

SECTORS: Final[tuple[Sector, ...]] = (
    MANUFACTURING, FOOD, MACHINERY, CONSTRUCTION, WHOLESALE, RETAIL, TRANSPORT, HOTELS, SOFTWARE, PROPERTY,
    ENGINEERING, FARMING, POWER, CARE, WASTE, ROADS,
)  # fmt: skip
"""Codes: section letter and class of NACE Rev. 2 (Regulation (EC) 1893/2006)."""

COMPANY_SECTOR: Final = Choice[Sector](
    [(MANUFACTURING, 10), (FOOD, 7), (MACHINERY, 8), (CONSTRUCTION, 12), (WHOLESALE, 14), (RETAIL, 12), (TRANSPORT, 7),
     (HOTELS, 6), (SOFTWARE, 6), (PROPERTY, 6), (ENGINEERING, 5), (FARMING, 3), (CARE, 3), (WASTE, 1)]
)  # fmt: skip
PROJECT_SECTOR: Final = Choice[Sector]([(POWER, 5), (ROADS, 2), (PROPERTY, 3), (WASTE, 1)])


class Home(NamedTuple):
    """A country and the currency its clients borrow in; `per_euro` scales their sizes (about the average of 2022)."""

    country: str
    currency: str
    per_euro: float


HOME: Final = Choice[Home](
    [(Home("DE", "EUR", 1.0), 34), (Home("FR", "EUR", 1.0), 14), (Home("IT", "EUR", 1.0), 12), (Home("ES", "EUR", 1.0), 9),
     (Home("NL", "EUR", 1.0), 7), (Home("AT", "EUR", 1.0), 5), (Home("BE", "EUR", 1.0), 4), (Home("IE", "EUR", 1.0), 2),
     (Home("PT", "EUR", 1.0), 2), (Home("GB", "GBP", 0.85), 4), (Home("US", "USD", 1.05), 5), (Home("JP", "JPY", 138.0), 1),
     (Home("KW", "KWD", 0.32), 1)]
)  # fmt: skip

COUNTRIES: Final = ("AT", "BE", "DE", "ES", "FR", "GB", "IE", "IT", "JP", "KW", "NL", "PT", "US")
LEGAL_FORMS: Final = Choice[str]([("limited", 6), ("public-limited", 1), ("partnership", 2), ("sole-trader", 1)])


class Portfolio(NamedTuple):
    """How a portfolio's clients differ. Sizes in euro; `hazard` is the share falling into distress a year.

    Assumption: half of those recover, so that with sudden failures about 2-3 % default a year in a neutral economy.
    """

    name: str
    exposure: float
    spread: float
    margin: float
    hazard: float
    rated: float
    quarterly: float


SME: Final = Portfolio("sme", 250_000, 1.25, 0.022, 0.048, 0.30, 0.10)
CORPORATE: Final = Portfolio("corporate", 2_000_000, 1.25, 0.016, 0.040, 0.60, 0.70)
PROJECT_FINANCE: Final = Portfolio("project-finance", 12_000_000, 1.0, 0.020, 0.040, 0.80, 0.50)
PORTFOLIO: Final = Choice[Portfolio]([(SME, 74), (CORPORATE, 22), (PROJECT_FINANCE, 4)])
