"""Resolving: what is in force for whom, by the policy, the models, the cut-offs and the macro figures published so far.

Clients meet what has changed at their next event or look: nobody is looked for.
"""

from typing import Final

from agents.segmentation.in_force import InForce, Standing, in_force
from agents.segmentation.regime import observe, regime_of, signal_of, turn
from agents.segmentation.versions import Versions
from online_models.mixing import scorecard
from online_models.scorecard import Scorecard
from schemas import log
from schemas.industries import section_of
from schemas.learning import ModelSnapshot
from schemas.policy import Policy
from schemas.state import ClientState, Partition

MOST_STANDINGS: Final = 8192
"""Clients' portfolio, industry, country and segment for which is kept what is in force."""


class Resolver:
    """Of one partition, whose record says what the log has published.

    `policy` and `models` are those in force; a version that takes the place of another is entered into `versions`.
    """

    def __init__(self, partition: Partition, versions: Versions, policy: Policy, models: dict[str, ModelSnapshot]) -> None:
        self.policy = policy
        self.models = models
        self._partition = partition
        self._versions = versions
        self._cards: dict[str, Scorecard] = {}
        self._in_force: dict[Standing, InForce] = {}
        self._by_client: dict[tuple[str, str, str, str], InForce] = {}

    def in_force(self, portfolio: str) -> InForce:
        """What decides a portfolio's clients at this place of the log, where no overlay changes it."""
        return self._resolved(Standing(portfolio))

    def in_force_for(self, client: ClientState, stood: str | None = None) -> InForce:
        """What decides this client: with the overlays of its industry, of the macro regime there, and of its segment.

        `stood` is the segment it stood in, if that is not where it stands.
        """
        if stood is None:
            stands = client.segment
            stood = "" if stands is None else stands.segment
        key = (client.portfolio, client.industry, client.country, stood)
        now = self._by_client.get(key)
        if now is None:
            if len(self._by_client) >= MOST_STANDINGS:
                self._by_client.clear()
            now = self._by_client[key] = self._resolved(self._standing(*key))
        return now

    def is_changed_by(self, control: log.Control) -> bool:
        """Whether it publishes what is not in force yet. A macro figure may; the passing of a day never does."""
        if isinstance(control, log.ModelPublished):
            known = self.models.get(control.snapshot.portfolio)
            return known is None or known.number < control.snapshot.number
        if isinstance(control, log.CutoffsPublished):
            return self._partition.cutoffs.get(control.portfolio, (0,))[0] < control.number
        if isinstance(control, log.PolicyPublished):  # even the same policy: from here on the log holds it, not a file
            return control.version != self._partition.policy_version
        return isinstance(control, log.MacroObserved)

    def change(self, control: log.Control) -> None:
        """What is published is in force from here on; whoever is decided next is resolved anew."""
        if isinstance(control, log.ModelPublished):
            self._change_model(control.snapshot)
        elif isinstance(control, log.CutoffsPublished):
            self._partition.cutoffs[control.portfolio] = (control.number, control.cutoffs)
        elif isinstance(control, log.PolicyPublished):
            self._change_policy(control)
        elif isinstance(control, log.MacroObserved) and not observe(self._partition, control, self.policy.macro):
            return
        self._in_force.clear()
        self._by_client.clear()

    def _change_model(self, snapshot: ModelSnapshot) -> None:
        portfolio, models = snapshot.portfolio, self._partition.models
        self._versions.enter_model(models.get(portfolio, ""), snapshot)
        self.models[portfolio], models[portfolio] = snapshot, snapshot.version
        self._cards.pop(portfolio, None)

    def _change_policy(self, control: log.PolicyPublished) -> None:
        self.policy = control.parsed()
        self._versions.enter_policy(self._partition.policy_version, control.version, self.policy)
        self._partition.policy_version = control.version
        self._cards.clear()
        turn(self._partition, self.policy.macro)

    def _standing(self, portfolio: str, industry: str, country: str, segment: str) -> Standing:
        base, section = self.policy.of(portfolio), section_of(industry)
        regime, cell = regime_of(self._partition, country, section, self.policy.macro)
        overlaid = segment if segment in base.by_segment else ""
        signal = signal_of(self._partition, cell, self.policy.macro)
        return Standing(portfolio, section if section in base.industries else "", regime, cell, overlaid, signal)

    def _resolved(self, standing: Standing) -> InForce:
        now = self._in_force.get(standing)
        if now is None:
            portfolio = standing.portfolio
            card, model = self._cards.get(portfolio), self.models.get(portfolio)
            if card is None:
                card = self._cards[portfolio] = scorecard(model, self.policy.of(portfolio))
            alarm_pd = None if model is None else model.alarm_pd
            now = in_force(standing, self.policy, card, self._partition.cutoffs.get(portfolio), alarm_pd)
            self._in_force[standing] = now
        return now
