"""How a policy comes into the log: a `PolicyPublished` record in each partition, in force from its place on."""

from collections.abc import Sequence

from confluent_kafka import KafkaError, Producer

from schemas import log, topics
from schemas.policy import Policy
from streams.brokers.kafka import producer_config
from streams.brokers.log_reading import LogReader
from streams.settings import Settings
from streams.user_errors import UserError

TIMEOUT_SECONDS = 30.0


def policy_record(policy: Policy) -> bytes:
    """The control record that puts a policy in force."""
    source = log.Source("policy", 0, 0)
    return log.write(log.PolicyPublished(source=source, version=policy.version, policy=policy.model_dump(mode="json")))


def publish_policy_if_empty(settings: Settings, policy: Policy) -> list[int]:
    """The policy as the first record of each partition of the log that has never had one; which partitions those were.

    A partition with records has its policy in them: what decides there is theirs, not the file's. Called by every worker
    that starts: two of them at once publish it twice, and the second time changes nothing.

    Raises: UserError if the log is missing or no broker answers.
    """
    with LogReader(settings) as reader:
        empty = [span.partition for span in reader.spans(topics.CLIENT_EVENTS) if span.end == 0]
    _publish(settings, policy, empty)
    return empty


def publish_policy(settings: Settings, policy: Policy) -> int:
    """The policy into every partition of the log: it decides from there on. How many partitions. Raises: UserError."""
    with LogReader(settings) as reader:
        partitions = [span.partition for span in reader.spans(topics.CLIENT_EVENTS)]
    _publish(settings, policy, partitions)
    return len(partitions)


def _publish(settings: Settings, policy: Policy, partitions: Sequence[int]) -> None:
    if not partitions:
        return
    refused: list[KafkaError] = []

    def delivered(error: KafkaError | None, _: object) -> None:
        if error is not None:
            refused.append(error)

    name, value = settings.topic_names.real(topics.CLIENT_EVENTS), policy_record(policy)
    producer = Producer(producer_config(settings))
    for partition in partitions:
        producer.produce(name, value, partition=partition, on_delivery=delivered)
    left = producer.flush(TIMEOUT_SECONDS)
    if refused or left:
        why = refused[0].str() if refused else f"no answer within {TIMEOUT_SECONDS:.0f} s"
        raise UserError(f"the policy {policy.version} could not be written to {name}: {why}")
