"""The first policy of a log, and a later one, on a broker."""

from agents.segmenter import Segmenter
from schemas import log, topics
from schemas.records import PlainRecord
from streams.brokers.log_reading import LogReader
from streams.policies.files import load_policy
from streams.policies.publishing import publish_policy, publish_policy_if_empty
from streams.settings import Settings
from tests.system.published import fresh

SHIPPED = load_policy()
OTHER = SHIPPED.model_copy(update={"name": "other"})


def held(settings: Settings) -> list[list[PlainRecord]]:
    with LogReader(settings) as reader:
        return [list(reader.read(span)) for span in reader.spans(topics.CLIENT_EVENTS)]


def version(record: PlainRecord) -> str:
    control = log.read_control(record.value or b"")
    assert isinstance(control, log.PolicyPublished)
    assert control.parsed().version == control.version
    return control.version


def test_each_empty_partition_gets_the_policy_once(brokers: str) -> None:
    settings = fresh(brokers, 3)
    assert publish_policy_if_empty(settings, SHIPPED) == [0, 1, 2]
    assert publish_policy_if_empty(settings, OTHER) == []
    partitions = held(settings)
    assert [len(records) for records in partitions] == [1, 1, 1]
    assert all(records[0].key is None and version(records[0]) == SHIPPED.version for records in partitions)


def test_a_later_policy_goes_into_every_partition(brokers: str) -> None:
    settings = fresh(brokers, 2)
    publish_policy_if_empty(settings, SHIPPED)
    assert publish_policy(settings, OTHER) == 2
    assert [[version(record) for record in records] for records in held(settings)] == [[SHIPPED.version, OTHER.version]] * 2


def test_a_worker_that_starts_with_another_file_goes_on_with_the_logs_policy(brokers: str) -> None:
    settings = fresh(brokers, 1)
    publish_policy_if_empty(settings, SHIPPED)
    first = Segmenter(0, {}, SHIPPED, 1)
    list(first.run(held(settings)[0]))
    assert Segmenter(0, dict(first.states), OTHER, 1).resolver.policy.version == SHIPPED.version
