"""Watermark: what of each source partition is here already, and which days close by that. Kept in the partition record."""

from schemas.log import DayPassed, Source
from schemas.state import Partition


def is_repeated(partition: Partition, source: Source) -> bool:
    """Whether a source partition's record was here before; if not, it is marked and counts from now on."""
    topic, number, offset = source
    marks = partition.marks.setdefault(topic, {})
    if offset <= marks.get(number, -1):
        return True
    marks[number] = offset
    return False


def enter(partition: Partition, passed: DayPassed) -> None:
    """The day that a source partition has passed; none goes back."""
    days = partition.passed.setdefault(passed.source.topic, {})
    days[passed.source.partition] = max(days.get(passed.source.partition, 0), passed.day.toordinal())


def closing(partition: Partition, passed: DayPassed) -> int:
    """The last day that every source partition has passed, with this record; 0 while one has passed none.

    What counts are the sources there are now: one that was taken away holds up nobody.
    """
    source, day = passed.source, passed.day.toordinal()
    last = day
    for topic, count in passed.of.items():
        days = partition.passed.get(topic, {})
        for number in range(count):
            until = days.get(number, 0)
            if topic == source.topic and number == source.partition:
                until = max(until, day)
            last = min(last, until)
    return last


def closes(partition: Partition, passed: DayPassed) -> range:
    """The days that close by this record: the first close of a partition is one look back at all before it."""
    last, closed = closing(partition, passed), partition.closed_day
    return range(closed + 1 if closed else last, last + 1)
