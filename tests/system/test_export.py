"""The log of Kafka as a file: replayed, it gives the decisions byte for byte."""

from pathlib import Path

import pytest

from schemas import topics
from schemas.records import PlainRecord
from streams.auditing.exporting import export_log, file_line
from streams.replaying.event_files import opened
from streams.replaying.replay import FILES, log_line, log_records, replay_log
from tests.scenes import small_bank
from tests.system.published import fresh, put_log


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz"])
def test_a_replay_of_the_exported_log_decides_byte_for_byte_the_same(brokers: str, tmp_path: Path, name: str) -> None:
    bank = small_bank()
    settings = fresh(brokers, bank.partitions)
    put_log(settings, bank)
    exported = export_log(settings, tmp_path / name)
    assert exported == (len(bank.log), 0)
    replay_log(tmp_path / name, tmp_path / "out", bank.policy, lambda _: None)
    for topic in (topics.TIER_CHANGES, topics.EARLY_WARNINGS):
        decided = sorted(outcome.value for outcome in bank.decisions if outcome.topic == topic)
        assert sorted((tmp_path / "out" / FILES[topic]).read_bytes().splitlines()) == decided


def test_an_export_is_ordered_by_partition_and_the_same_each_time(brokers: str, tmp_path: Path) -> None:
    bank = small_bank()
    settings = fresh(brokers, bank.partitions)
    put_log(settings, bank)
    paths = [tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"]
    for path in paths:
        export_log(settings, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    places = [(record.partition, record.offset) for record in log_records(paths[0])]
    assert places == sorted((record.partition, record.offset) for record in bank.log)


def test_a_record_that_spans_lines_is_written_on_one_and_one_that_is_no_json_is_left_out() -> None:
    record = PlainRecord(topics.CLIENT_EVENTS, 0, 0, 0, b"c", b'{"a":\n 1}')
    assert file_line(record) == log_line(record._replace(value=b'{"a":1}'))
    assert file_line(record._replace(value=b"{")) is None
    assert file_line(record._replace(value=None)) is None


def test_nothing_else_is_left_in_the_file(brokers: str, tmp_path: Path) -> None:
    settings = fresh(brokers, 1)
    assert export_log(settings, tmp_path / "log.jsonl") == (0, 0)
    with opened(tmp_path / "log.jsonl") as stream:
        assert stream.read() == b""
