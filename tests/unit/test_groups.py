"""What one client tells others: its group of its stage, the group its members of the worst, a client who has referred it."""

from datetime import UTC, datetime

import pytest

from agents.segmentation import groups
from agents.segmentation.groups import MAX_MEMBERS, MAX_REFERRALS, bind, count, heard, tidings
from agents.segmentation.place import Place
from schemas import log
from schemas.decisions import Segment
from schemas.state import ClientState, Group, Member

HERE = log.Source("client-events", 1, 7)
NOW = datetime(2024, 1, 10, tzinfo=UTC)
PLACE = Place("A", "e1", "client-events", 1, 7, NOW.toordinal(), NOW.toordinal())


def stands(client_id: str, stage: int, sequence: int = 1) -> log.MemberStanding:
    return log.MemberStanding(
        source=HERE, event_id="m", client_id=client_id, occurred_at=NOW, group_id="G", stage=stage, sequence=sequence
    )


def group(**stages: int) -> Group:
    return Group(members=[Member(client_id, stage, 1) for client_id, stage in stages.items()])


def told(of: Group, fact: log.MemberStanding) -> dict[str, tuple[int, str]]:
    facts = [said for _, said in count(of, fact, 0, 0)]
    assert all(isinstance(said, log.GroupStanding) for said in facts)
    return {said.client_id: (said.stage, said.member) for said in facts if isinstance(said, log.GroupStanding)}


def profile(**fields: str) -> log.ProfileUpdated:
    return log.ProfileUpdated(source=HERE, event_id="p", client_id="A", occurred_at=NOW, **fields)


def at_stage(stage: int, **fields: str) -> ClientState:
    client = ClientState(stands=Segment("basic", "5", stage, "maturity", "steady"))
    bind(client, profile(**fields))
    return client


def said(client: ClientState) -> list[log.Fact]:
    assert client.ties is not None
    return [fact for _, fact in tidings(client, client.ties, PLACE)]


def test_every_other_member_hears_of_the_worst() -> None:
    assert told(group(A=1, B=1, C=1), stands("A", 3, 2)) == {"B": (3, "A"), "C": (3, "A")}


def test_the_worst_member_hears_of_the_second_worst() -> None:
    assert told(group(A=3, B=1, C=1), stands("C", 2, 2)) == {"A": (2, "C")}


def test_a_member_that_is_well_again_is_unsaid() -> None:
    assert told(group(A=3, B=1), stands("A", 1, 2)) == {"B": (1, "")}


def test_a_member_that_has_left_is_not_counted_and_hears_no_more() -> None:
    of = group(A=3, B=2)
    assert told(of, stands("A", 0, 2)) == {"B": (1, "")}
    assert told(of, stands("B", 3, 2)) == {}


def test_who_joins_hears_of_what_is_there() -> None:
    assert told(group(A=3, B=1), stands("C", 1)) == {"C": (3, "A")}


@pytest.mark.parametrize("sequence", [1, 2])
def test_an_older_or_equal_standing_is_a_repeat(sequence: int) -> None:
    of = Group(members=[Member("A", 1, 2), Member("B", 1, 1)])
    assert told(of, stands("A", 3, sequence)) == {}
    assert of == Group(members=[Member("A", 1, 2), Member("B", 1, 1)])


def test_beyond_the_bound_who_stands_best_is_forgotten_and_told_that_it_sees_nothing() -> None:
    of = Group(members=[Member("A", 3, 1), Member("B", 1, 1), *(Member(f"M{i}", 2, 1) for i in range(MAX_MEMBERS - 2))])
    assert told(of, stands("N", 2))["B"] == (1, "")
    assert len(of.members) == MAX_MEMBERS
    assert "A" in {member.client_id for member in of.members}
    assert "B" not in {member.client_id for member in of.members}


def test_a_client_tells_its_stage_once() -> None:
    client = at_stage(2, group_id="G")
    assert [(fact.stage, fact.sequence) for fact in said(client) if isinstance(fact, log.MemberStanding)] == [(2, 1)]
    assert said(client) == []


def test_a_client_that_changes_its_group_leaves_the_one_and_joins_the_other() -> None:
    client = at_stage(2, group_id="G")
    said(client)
    bind(client, profile(group_id="H"))
    standings = [(fact.group_id, fact.stage, fact.sequence) for fact in said(client) if isinstance(fact, log.MemberStanding)]
    assert standings == [("G", 0, 2), ("H", 2, 3)]


def test_a_client_that_leaves_its_group_forgets_what_it_has_heard() -> None:
    client = at_stage(1, group_id="G")
    said(client)
    assert heard(client, standing(3, 1))
    bind(client, profile(group_id=""))
    assert client.ties is not None
    assert (client.ties.worst, client.ties.member) == (1, "")
    assert [fact.stage for fact in said(client) if isinstance(fact, log.MemberStanding)] == [0]
    assert not heard(client, standing(3, 2))


def standing(stage: int, version: int, group_id: str = "G") -> log.GroupStanding:
    return log.GroupStanding(
        source=HERE, event_id="g", client_id="A", occurred_at=NOW, group_id=group_id, stage=stage, version=version, member="B"
    )


def test_a_client_hears_each_version_of_its_own_group_once() -> None:
    client = at_stage(1, group_id="G")
    said(client)
    assert [heard(client, standing(*it)) for it in ((3, 2), (3, 2), (1, 1), (2, 3))] == [True, False, False, True]
    assert not heard(client, standing(3, 9, "H"))
    assert client.ties is not None
    assert client.ties.worst == 2


def test_a_profile_without_a_group_changes_none() -> None:
    client = at_stage(1, group_id="G", referred_by="R")
    bind(client, profile(country="DE"))
    assert (client.group_id, client.referred_by) == ("G", "R")


def test_who_has_referred_a_client_hears_of_it_and_of_its_end() -> None:
    client = at_stage(1, referred_by="R")
    assert referrals(client) == [("R", "A", True)]
    bind(client, profile(referred_by="S"))
    assert referrals(client) == [("R", "A", False), ("S", "A", True)]


def referrals(client: ClientState) -> list[tuple[str, str, bool]]:
    return [(fact.client_id, fact.referred, fact.holds) for fact in said(client) if isinstance(fact, log.Referred)]


def referred(who: str, sequence: int = 1, holds: bool = True) -> log.Referred:
    return log.Referred(source=HERE, event_id="r", client_id="A", occurred_at=NOW, referred=who, sequence=sequence, holds=holds)


def test_a_referral_counts_once_and_not_of_oneself() -> None:
    client = ClientState()
    assert [heard(client, referred(who)) for who in ("X", "X", "Y", "A")] == [True, False, True, False]
    assert client.referrals == 2


def test_a_referral_that_has_ended_does_not_come_back_by_a_repeat() -> None:
    client = ClientState()
    said = [referred("X", 1), referred("X", 2, holds=False), referred("X", 1), referred("X", 2, holds=False)]
    assert [heard(client, fact) for fact in said] == [True, True, False, False]
    assert client.referrals == 0


def test_referrals_are_counted_up_to_a_bound_and_ended_ones_make_room() -> None:
    client = ClientState()
    for number in range(MAX_REFERRALS + 5):
        heard(client, referred(f"X{number}"))
    assert client.referrals == len(client.referred) == MAX_REFERRALS
    heard(client, referred("X0", 2, holds=False))
    assert heard(client, referred("new"))
    assert client.referrals == len(client.referred) == MAX_REFERRALS


def test_a_groups_key_is_no_clients() -> None:
    assert groups.group_key("G")[0] == 0
