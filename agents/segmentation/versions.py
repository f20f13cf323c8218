"""Versions: the policy and the models that the partition record names, each version an entry of its own in the table.

So a rerun finds the one that the partition record names, whatever a run that died has left beside it.
"""

from collections.abc import Mapping

import msgspec

from schemas.learning import ModelSnapshot
from schemas.policy import Policy
from schemas.records import State
from schemas.state import MODEL_PREFIX, POLICY_PREFIX, Partition


class Versions:
    """Of one partition. What is entered and what may go is written with the next batch."""

    def __init__(self, states: Mapping[bytes, bytes], partition: Partition) -> None:
        named = {MODEL_PREFIX + version.encode() for version in partition.models.values()}
        named.add(POLICY_PREFIX + partition.policy_version.encode())
        self._entered: list[State] = []
        self._obsolete = [key for key in states if key.startswith((MODEL_PREFIX, POLICY_PREFIX)) and key not in named]
        self._replaced: list[bytes] = []

    @property
    def has_entered(self) -> bool:
        """Whether a version waits to be written."""
        return bool(self._entered)

    def enter_model(self, was: str, snapshot: ModelSnapshot) -> None:
        """A model that takes the place of another, of none at first."""
        self._enter(MODEL_PREFIX, was, snapshot.version, msgspec.json.encode(snapshot))

    def enter_policy(self, was: str, version: str, policy: Policy) -> None:
        """A policy that takes the place of another, of none at first."""
        self._enter(POLICY_PREFIX, was, version, policy.model_dump_json().encode())

    def entered(self) -> list[State]:
        """The versions entered since the last batch."""
        entered, self._entered = self._entered, []
        return entered

    def gone(self, done: bool) -> list[State]:
        """The versions that go with this batch; what a partition record no longer names goes with the batch after it."""
        gone = [State(key, None) for key in self._obsolete]
        self._obsolete = []
        if done:  # the partition record is written: nothing can come back to what it has replaced
            self._obsolete, self._replaced = self._replaced, []
        return gone

    def _enter(self, prefix: bytes, was: str, now: str, content: bytes) -> None:
        key = prefix + now.encode()
        self._entered.append(State(key, content))
        self._obsolete = [other for other in self._obsolete if other != key]  # it was left by a run that died
        if was and was != now:
            self._replaced.append(prefix + was.encode())


def policy_named(states: Mapping[bytes, bytes], partition: Partition) -> Policy | None:
    """The policy of the log; None before it holds one."""
    version = partition.policy_version
    return Policy.model_validate_json(states[POLICY_PREFIX + version.encode()]) if version else None


def models_named(states: Mapping[bytes, bytes], partition: Partition) -> dict[str, ModelSnapshot]:
    """By portfolio, the model in force."""
    return {
        portfolio: msgspec.json.decode(states[MODEL_PREFIX + version.encode()], type=ModelSnapshot)
        for portfolio, version in partition.models.items()
    }
