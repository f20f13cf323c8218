"""Evidence that one of two forecasters is better, by the log losses of both on the same examples; it may be looked at any time.

An e-process for the hypothesis that the second is, on the mean of all examples so far, no better than the first: its
expectation is at most 1 at any time, so that it ever reaches 1/a has a chance of at most a (Ville 1939). With xi = (loss of
the first - loss of the second) / SPAN >= -1 and 0 <= b < 1, exp(b xi - psi(b) xi^2) <= 1 + b xi (Fan, Grama and Liu 2015);
the product over the examples depends on their sum and their sum of squares alone, and is averaged over `BETS`, since nobody
knows the best b beforehand. Sources: Choe and Ramdas, Comparing Sequential Forecasters, Operations Research 72 (2024);
Ramdas, Grünwald, Vovk and Shafer, Game-Theoretic Statistics and Safe Anytime-Valid Inference, Statistical Science 38 (2023).
"""

from math import exp, log, log1p
from typing import Final, NamedTuple

SPAN: Final = 8.0
"""Logits beyond which a forecast is taken at the bound: two losses then differ by no more than this."""
BETS: Final = tuple(2.0**-k for k in range(1, 13))
"""From a difference of a large part of `SPAN` down to one that takes millions of examples to see."""
COSTS: Final = tuple(-log1p(-bet) - bet for bet in BETS)
"""psi of each bet."""


class Evidence(NamedTuple):
    """What the losses of so many examples come to."""

    examples: int = 0
    gain: float = 0.0
    """Loss of the first less loss of the second, summed."""
    squares: float = 0.0
    """Of the differences, summed."""

    def and_of(self, other: "Evidence") -> "Evidence":
        """With further examples."""
        return Evidence(self.examples + other.examples, self.gain + other.gain, self.squares + other.squares)

    def turned(self) -> "Evidence":
        """The same for the first instead of the second."""
        return self._replace(gain=-self.gain)

    @property
    def log_e(self) -> float:
        """Natural logarithm of the e-value that the second is better."""
        terms = [
            bet * self.gain / SPAN - cost * self.squares / SPAN**2 - log(len(BETS)) for bet, cost in zip(BETS, COSTS, strict=True)
        ]
        most = max(terms)
        return most + log(sum(exp(term - most) for term in terms))


def loss(logit: float, y: bool) -> float:
    """Log loss of a forecast, at most `SPAN` from any other's."""
    bounded = SPAN if logit > SPAN else -SPAN if logit < -SPAN else logit
    return log1p(exp(-bounded if y else bounded))
