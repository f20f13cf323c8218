"""The watermark of a partition: marks and days passed of each source partition, and the days that close by them."""

from datetime import date

from agents.segmentation import watermark
from schemas.log import DayPassed, Source
from schemas.state import Partition

FIRST = date(2024, 3, 1)


def passed(topic: str, days: int, of: dict[str, int]) -> DayPassed:
    return DayPassed(source=Source(topic, 0, 0), day=date.fromordinal(FIRST.toordinal() + days), of=of)


def test_a_record_of_a_source_partition_counts_once_and_none_before_it_any_more() -> None:
    partition = Partition()
    assert [watermark.is_repeated(partition, Source("ratings", 0, offset)) for offset in (4, 4, 3, 5)] == [
        False,
        True,
        True,
        False,
    ]
    assert not watermark.is_repeated(partition, Source("ratings", 1, 4))
    assert partition.marks == {"ratings": {0: 5, 1: 4}}


def test_asking_what_closes_enters_nothing() -> None:
    partition = Partition()
    assert watermark.closing(partition, passed("ratings", 0, {"ratings": 1})) == FIRST.toordinal()
    assert partition == Partition()


def test_the_first_close_is_one_day_and_each_after_it_every_day_since() -> None:
    partition, alone = Partition(), {"ratings": 1}
    assert list(watermark.closes(partition, passed("ratings", 0, alone))) == [FIRST.toordinal()]
    partition.closed_day = FIRST.toordinal()
    assert list(watermark.closes(partition, passed("ratings", 3, alone))) == [FIRST.toordinal() + n for n in (1, 2, 3)]
    assert not watermark.closes(partition, passed("ratings", 0, alone))


def test_a_day_that_a_source_partition_has_passed_is_not_taken_back() -> None:
    partition, both = Partition(), {"ratings": 1, "repayments": 1}
    for days in (5, 2):
        watermark.enter(partition, passed("ratings", days, both))
    assert watermark.closing(partition, passed("repayments", 9, both)) == FIRST.toordinal() + 5
