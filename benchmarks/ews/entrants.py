"""The baselines, each as small as it can be said. Yours goes beside them: a class with `score` and `learn`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from benchmarks.ews.cases import TOLD, Case
from benchmarks.ews.protocol import Entrant
from online_models.features import INDEX

SEED: Final = 7
UNDER_SAMPLED: Final = {False: 0.8, True: 0.2}
"""What an under-sampled learner sees: one default in five."""
ROUNDS: Final = 200


class Altman:
    """Altman's Z'' alone (Altman 1995): the lower the riskier. It learns nothing; unknown is the middle of the grey zone."""

    def score(self, case: Case) -> float:
        z = case.x[INDEX["altman_z"]]
        return -(z if z == z else 1.85)

    def learn(self, case: Case, y: bool) -> None: ...


class River:
    """A River classifier on our features. `missing`: what stands for a missing value; None leaves it out."""

    def __init__(self, model: Any, missing: float | None) -> None:
        self.model = model
        self.missing = missing

    def score(self, case: Case) -> float:
        return float(self.model.predict_proba_one(self._x(case)).get(True, 0.0))

    def learn(self, case: Case, y: bool) -> None:
        self.model.learn_one(self._x(case), y)

    def _x(self, case: Case) -> dict[str, float]:
        if self.missing is None:
            return case.features
        return {name: value if value == value else self.missing for name, value in zip(TOLD, case.x, strict=True)}


class Yearly:
    """LightGBM on all cases of the years before, refitted with the first case of each calendar year: the batch reference.

    Survivors are told later than defaults, so it does as one does in practice: of a case of an earlier year no default
    known so far counts as none. (On the labels told by then alone, the last year's cases would all be defaults.)
    """

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.defaulted: set[int] = set()
        self.booster: Any = None
        self.year = 0

    def score(self, case: Case) -> float:
        if case.as_of.year != self.year:
            self.year = case.as_of.year
            self._refit()
        self.cases.append(case)
        return scored(self.booster, [case.x])[0] if self.booster is not None else 0.0

    def learn(self, case: Case, y: bool) -> None:
        if y:
            self.defaulted.add(case.number)

    def _refit(self) -> None:
        ys = [case.number in self.defaulted for case in self.cases]
        if any(ys):
            self.booster = boosted([case.x for case in self.cases], ys)


def boosted(xs: list[Any], ys: list[bool]) -> Any:
    """A LightGBM on these."""
    import lightgbm
    import numpy as np

    rules = {
        "objective": "binary", "learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": 50, "lambda_l2": 1.0,
        "feature_fraction": 0.7, "bagging_fraction": 0.8, "bagging_freq": 1, "seed": SEED, "deterministic": True,
        "num_threads": 1, "verbosity": -1,
    }  # fmt: skip
    return lightgbm.train(rules, lightgbm.Dataset(np.array(xs), np.array(ys, dtype=float)), ROUNDS)


def scored(booster: Any, xs: list[Any]) -> list[float]:
    """Its probabilities. One thread: for one case at a time, threads cost more than they do."""
    import numpy as np

    return [float(p) for p in booster.predict(np.array(xs), num_threads=1)]


def forest() -> Entrant:
    """Adaptive random forest of ten trees (Gomes et al. 2017), under-sampled."""
    from river import forest, imblearn

    return River(imblearn.RandomUnderSampler(forest.ARFClassifier(n_models=10, seed=SEED), UNDER_SAMPLED, seed=SEED), 0.0)


def adaptive_tree() -> Entrant:
    """Hoeffding adaptive tree (Bifet and Gavaldà 2009), under-sampled."""
    from river import imblearn, tree

    return River(imblearn.RandomUnderSampler(tree.HoeffdingAdaptiveTreeClassifier(seed=SEED), UNDER_SAMPLED, seed=SEED), 0.0)


def plain_regression() -> Entrant:
    """River's own opening example: StandardScaler | LogisticRegression."""
    from river import linear_model, preprocessing

    return River(preprocessing.StandardScaler() | linear_model.LogisticRegression(), None)


STATEMENTS: Final[Mapping[str, Callable[[], Entrant]]] = {
    "Altman Z''": Altman,
    "River HoeffdingAdaptiveTree, under-sampled": adaptive_tree,
    "River StandardScaler, LogisticRegression": plain_regression,
    "River ARF10, under-sampled": forest,
    "LightGBM, refitted each year": Yearly,
}
CARDS: Final[Mapping[str, Callable[[], Entrant]]] = {
    "River HoeffdingAdaptiveTree, under-sampled": adaptive_tree,
    "River StandardScaler, LogisticRegression": plain_regression,
    "River ARF10, under-sampled": forest,
}
