"""What a portfolio's clients are scored by: the expert's scorecard, mixed with the learned one as far as it is credible.

Source: credibility, Bühlmann (1967). Scoring needs no River: only who learns imports it.
"""

from online_models.expert import expert
from online_models.features import NAMES, by_group
from online_models.scorecard import Scorecard, mixed, steps_and_curve
from schemas.learning import ModelSnapshot
from schemas.policy import PortfolioPolicy


def scorecard(snapshot: ModelSnapshot | None, rules: PortfolioPolicy) -> Scorecard:
    """What a portfolio's clients are scored by: the expert, corrected by what was learned as far as it is credible.

    A feature that the snapshot does not know (it was published by an earlier release) keeps the expert's points.
    """
    prior = expert(rules.prior_pd)
    if snapshot is None:
        return prior
    learned = {f.name: steps_and_curve(f.edges, f.points, f.missing, f.knots, f.levels) for f in snapshot.features}
    w = snapshot.credibility
    tables = tuple(
        mixed(mine, 1.0 - w, learned[name], w) if name in learned else mine
        for name, mine in zip(NAMES, prior.tables, strict=True)
    )
    intercept = (1.0 - w) * prior.intercept + w * snapshot.intercept + snapshot.level
    medians = {f.name: f.median for f in snapshot.features}
    peers = tuple(map(medians.get, NAMES))
    return Scorecard(snapshot.version, intercept, *by_group(tables), expert_weight=1.0 - w, medians=peers)
