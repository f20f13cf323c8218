"""The view's own reading of decisions: less than they say, and nothing else."""

from datetime import date

import msgspec

from schemas import decisions, topics
from schemas.decisions import EarlyWarning, TierChange
from streams.views.folding import Placed, Published, Told, fold_tier_changes, fold_warnings, read_placed, read_told
from tests.driver import Driver


def driven() -> Driver:
    """One client, that is graded and then does not pay."""
    driver = Driver()
    terms = {"limit": "200000", "balance_after": "190000", "next_due_date": "2024-01-10", "next_amount_due": "5000"}
    driver.send(topics.DRAWDOWNS, date(2024, 1, 1), **terms)
    driver.close(date(2024, 1, 9))
    driver.close(date(2024, 4, 20))
    return driver


def test_the_view_reads_of_a_decision_what_it_says() -> None:
    driver = driven()
    said: list[TierChange | EarlyWarning] = [*driver.changes, *driver.warnings]
    assert driver.changes
    assert driver.warnings
    for decision in said:
        wire = decisions.write(decision)
        read: Placed | Told = read_placed(wire) if isinstance(decision, TierChange) else read_told(wire)
        whole = msgspec.to_builtins(decision)
        kept = msgspec.json.decode(msgspec.json.encode(read))
        assert kept.pop("evidence", {"offset": whole["evidence"]["offset"]}) == {"offset": whole["evidence"]["offset"]}
        assert kept == {name: whole[name] for name in kept}


def test_a_client_stands_where_its_last_change_put_it_with_the_treatment_as_published() -> None:
    driver = driven()
    last = driver.changes[-1]
    writes = fold_tier_changes([read_placed(decisions.write(change)) for change in driver.changes], {})
    hash_ = writes.clients[last.client_id]
    assert msgspec.json.decode(hash_["treatment"]) == last.treatment
    assert (hash_["risk_grade"], hash_["sequence"]) == (last.now.risk_grade, str(last.sequence))
    assert writes.counts[last.portfolio, "clients"] == 1


def test_a_warning_that_is_repeated_is_kept_once() -> None:
    published = [Published(read_told(wire), wire) for wire in map(decisions.write, driven().warnings)]
    once, twice = fold_warnings(published, {}), fold_warnings([*published, *published], {})
    assert once == twice
    assert sum(map(len, once.warnings.values())) == len(published)
