"""How fast the PD is learned and scored, of one core: `python -m benchmarks.ews.speed`. Processor time, best of five."""

from collections.abc import Callable
from math import nan
from pathlib import Path
from random import Random
from time import process_time
from typing import Final

from online_models.features import BEHAVIOUR, NAMES, STATEMENT, packed, unpacked
from online_models.mixing import scorecard
from online_models.pd_model import PdModel
from online_models.scorecard import partial_logit, sigmoid, terms
from schemas.policy import read_policy

POLICY: Final = Path(__file__).resolve().parents[2] / "schemas" / "policy.yaml"
EXAMPLES: Final = 4000
BYTES: Final = slice(4 * len(STATEMENT), 4 * (len(STATEMENT) + len(BEHAVIOUR)))
"""Of the behaviour in an example as it is kept."""


def main() -> None:
    """All members learn each example; a payment scores the behaviour anew, a statement all features."""
    rules = read_policy(POLICY.read_bytes()).of("us-listed")
    model, chance = PdModel("us-listed", rules.learning), Random(7)
    xs = [[None if chance.random() < 0.1 else chance.gauss(0, 1) for _ in NAMES] for _ in range(EXAMPLES)]
    for i, x in enumerate(xs):
        model.learn(x, i % 50 == 0)

    def learn_all() -> None:
        for i, x in enumerate(xs):
            model.learn(x, i % 50 == 0)

    learned = best(learn_all)
    card = scorecard(model.snapshot(), rules)
    kept = [packed([nan if value is None else value for value in x]) for x in xs]
    behaviour = [whole[BYTES] for whole in kept]
    payment = best(lambda: [sigmoid(card.intercept + partial_logit(card.behaviour_terms, unpacked(x))) for x in behaviour])
    whole_terms = terms(card.tables)
    statement = best(lambda: [sigmoid(card.intercept + partial_logit(whole_terms, unpacked(x))) for x in kept])
    print(f"learning: {1 / learned:,.0f} examples a second, {len(model.members)} members of {len(NAMES)} features")
    print(f"scoring: {payment * 1e6:.1f} µs a payment, {statement * 1e6:.1f} µs a statement")


def best(run: Callable[[], object]) -> float:
    """Seconds an example."""
    seconds = []
    for _ in range(5):
        started = process_time()
        run()
        seconds.append(process_time() - started)
    return min(seconds) / EXAMPLES


if __name__ == "__main__":
    main()
