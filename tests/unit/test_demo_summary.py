"""What the demo counts: a worker that is taken over repeats what was not committed, and nothing counts twice."""

from schemas import log, topics
from streams.demo.summary import Decisions
from tests.builders import statement


def test_an_event_that_was_taken_from_its_source_twice_counts_once() -> None:
    found = Decisions()
    for offset in (0, 1, 1, 0):
        found.fact(statement(source=log.Source(topics.STATEMENTS, 0, offset)))
    assert found.events == {topics.STATEMENTS: 2}
