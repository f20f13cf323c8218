"""The topics' names, and what is said of those that are not as they should be."""

import pytest

from schemas import topics
from schemas.topics import TopicNames
from streams.brokers.topics import Found, Wanted, differences, wanted
from streams.settings import load

SETTINGS = load(partitions=4, sources=("repayments",))
WANTED = Wanted("tierwatch.client-events", 4, "delete")


def test_the_banks_topics_and_ours_have_prefixes_of_their_own() -> None:
    names = TopicNames()
    assert names.real(topics.REPAYMENTS) == "corebank.repayments"
    assert names.real(topics.CLIENT_EVENTS) == "tierwatch.client-events"


def test_an_override_is_the_whole_name() -> None:
    names = TopicNames("bank.", "seg.", {"repayments": "core.loans.v2"})
    assert names.real(topics.REPAYMENTS) == "core.loans.v2"
    assert names.real(topics.DRAWDOWNS) == "bank.drawdowns"
    assert names.real(topics.MODELS) == "seg.models"


def test_a_topic_that_is_not_ours_has_no_name() -> None:
    with pytest.raises(KeyError):
        TopicNames().real("payments")


def test_every_topic_has_a_name_and_no_two_the_same() -> None:
    names = TopicNames().by_logical()
    assert set(names) == set(topics.SOURCE_NAMES) | set(topics.OWN_NAMES)
    assert len(set(names.values())) == len(names)


def test_only_the_sources_that_are_read_are_wanted_and_all_of_ours() -> None:
    names = [topic.name for topic in wanted(SETTINGS)]
    assert [name for name in names if name.startswith("corebank.")] == ["corebank.repayments"]
    assert [name for name in names if name.startswith("tierwatch.")] == [f"tierwatch.{name}" for name in topics.OWN_NAMES]


def test_the_log_has_the_partitions_of_the_settings_learning_one_and_a_source_what_the_bank_likes() -> None:
    counts = {topic.name: topic.partitions for topic in wanted(SETTINGS)}
    assert counts["tierwatch.client-events"] == 4
    assert counts["tierwatch.learning"] == 1
    assert counts["corebank.repayments"] is None


def test_a_changelog_is_compacted_and_has_the_partitions_it_is_said_to_have() -> None:
    assert wanted(SETTINGS, {"tierwatch-learner-changelog": 1})[-1] == Wanted("tierwatch-learner-changelog", 1, "compact")


def test_a_topic_as_it_should_be_makes_no_difference() -> None:
    assert list(differences([WANTED], {WANTED.name: Found(WANTED.name, 4, "delete")})) == []


def test_a_source_may_have_any_number_of_partitions() -> None:
    source = WANTED._replace(partitions=None)
    assert list(differences([source], {WANTED.name: Found(WANTED.name, 17, "delete")})) == []


@pytest.mark.parametrize(
    ("found", "what", "fix"),
    [
        ({}, "is missing", "tierwatch topics create"),
        ({WANTED.name: Found(WANTED.name, 3, "delete")}, "has 3 partitions, not 4", "TIERWATCH_PARTITIONS"),
        ({WANTED.name: Found(WANTED.name, 4, "compact")}, "has cleanup.policy=compact, not delete", "kafka-configs.sh"),
    ],
)
def test_a_difference_is_told_with_its_remedy(found: dict[str, Found], what: str, fix: str) -> None:
    (told,) = differences([WANTED], found)
    assert (told.topic, told.what) == (WANTED.name, what)
    assert fix in told.fix
