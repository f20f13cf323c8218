"""Versions of the policy and of models in the table: which go, and not before nothing can come back to them."""

from agents.segmentation.versions import Versions, policy_named
from schemas.records import State
from schemas.state import POLICY_PREFIX, Partition
from tests.builders import shipped

POLICY = shipped()


def key(version: str) -> bytes:
    return POLICY_PREFIX + version.encode()


def test_what_is_replaced_goes_with_the_batch_after_the_partition_record_that_no_longer_names_it() -> None:
    versions = Versions({}, Partition())
    versions.enter_policy("one", "two", POLICY)
    assert [entry.key for entry in versions.entered()] == [key("two")]
    assert not versions.has_entered
    assert [versions.gone(done) for done in (False, True, False, True)] == [[], [], [State(key("one"), None)], []]


def test_what_a_run_that_died_has_left_goes_unless_it_is_entered_again() -> None:
    states = {key("left"): b"", key("again"): b"", key("named"): b""}
    versions = Versions(states, Partition(policy_version="named"))
    versions.enter_policy("named", "again", POLICY)
    assert [entry.key for entry in versions.gone(True)] == [key("left")]


def test_the_policy_of_the_log_is_read_back_as_it_was_entered() -> None:
    versions = Versions({}, Partition())
    versions.enter_policy("", "one", POLICY)
    states = {entry.key: entry.value or b"" for entry in versions.entered()}
    assert policy_named(states, Partition(policy_version="one")) == POLICY
    assert policy_named(states, Partition()) is None
