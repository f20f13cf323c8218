"""Groups of connected clients, and who has referred whom: what one client tells others, wherever they are kept.

Clients of a group live in different partitions, so they tell one another through the log: a client tells its group of its own
stage (`MemberStanding`, keyed by the group), the group tells each member of the worst stage among the others (`GroupStanding`,
keyed by the client). Only a default in the group enters the others' PD, and no PD makes a default, so nothing goes round in
circles. A record that comes again, as after a crash, is known by a number that counts up in the state of whoever told it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final, NamedTuple

from agents.segmentation.place import Place
from schemas import log, topics
from schemas.state import GROUP_PREFIX, ClientState, Group, Member, Ties

MAX_MEMBERS: Final = 500
"""Members that a group knows: of more, those that stand best are neither heard nor told."""
MAX_REFERRALS: Final = 50
"""Referrals that are counted of a client."""
LEFT: Final = 0
"""The stage that a client tells the group it has left."""
SOUND: Final = 1
"""IFRS 9 stage 1: nothing to tell others."""
IN_DEFAULT: Final = 3
"""The stage of default, the only one that the PD of others follows from: no PD leads to it, so nothing goes round in circles."""

Tiding = tuple[bytes, log.Fact]
"""Something for the log: its key and what it says."""


def bind(client: ClientState, fact: log.ProfileUpdated) -> None:
    """A profile names the client's group or who has referred it; what was heard of another group is forgotten."""
    if fact.group_id is not None and fact.group_id != client.group_id:
        client.group_id = fact.group_id
        ties = client.ties = client.ties or Ties()
        ties.worst, ties.member, ties.version = SOUND, "", 0
    if fact.referred_by is not None and fact.referred_by != client.referred_by:
        client.referred_by = fact.referred_by
        client.ties = client.ties or Ties()


def tidings(client: ClientState, ties: Ties, place: Place) -> list[Tiding]:
    """What others must hear of a client after it was decided; told once, for the client keeps what it has told."""
    told: list[Tiding] = []
    stage = client.segment.stage if client.segment is not None else SOUND
    if ties.group_id != client.group_id:
        if ties.group_id:
            told.append(_member_standing(ties, LEFT, place))
        ties.group_id, ties.stage = client.group_id, LEFT
    if ties.group_id and ties.stage != stage:
        ties.stage = stage
        told.append(_member_standing(ties, stage, place))
    if ties.referrer != client.referred_by:
        told += [_referred(ties, *it, place) for it in ((ties.referrer, False), (client.referred_by, True)) if it[0]]
        ties.referrer = client.referred_by
    return told


def heard(client: ClientState, fact: log.Fact) -> bool:
    """Enters what others have told; False if it is a repeat, or of a group that the client has left."""
    if isinstance(fact, log.GroupStanding):
        ties = client.ties
        if ties is None or fact.group_id != ties.group_id or fact.version <= ties.version:
            return False
        if (ties.worst == IN_DEFAULT) is not (fact.stage == IN_DEFAULT):
            client.appraisal = None
        ties.worst, ties.member, ties.version = fact.stage, fact.member, fact.version
        return True
    return isinstance(fact, log.Referred) and _counted(client, fact)


def count(group: Group, fact: log.MemberStanding, partition: int, offset: int) -> list[Tiding]:
    """A member's standing, entered into its group; what members must hear of it. Nothing if it is a repeat."""
    known = next((member for member in group.members if member.client_id == fact.client_id), None)
    if known is not None and fact.sequence <= known.sequence:
        return []
    members = [member for member in group.members if member is not known]
    members.append(Member(fact.client_id, fact.stage, fact.sequence))
    if len(members) > MAX_MEMBERS:
        members.remove(min(members, key=lambda member: member.stage))
    was, now = _views(group.members), _views(members)
    concerned = sorted(name for name in {*was, *now} if was.get(name, _NOTHING) != now.get(name, _NOTHING))
    if fact.stage == LEFT:
        concerned = [name for name in concerned if name != fact.client_id]
    group.members = members
    group.version += bool(concerned)
    source = log.Source(topics.CLIENT_EVENTS, partition, offset)
    return [_group_standing(name, now.get(name, _NOTHING), group.version, fact, source) for name in concerned]


class _View(NamedTuple):
    """What a member sees of the others."""

    stage: int
    member: str


_NOTHING: Final = _View(SOUND, "")


def _views(members: Sequence[Member]) -> dict[str, _View]:
    """By member; those that have left see nothing. The worst sees the second worst."""
    ailing = sorted((m for m in members if m.stage > SOUND), key=lambda m: (-m.stage, m.client_id))[:2]
    worst = [_View(m.stage, m.client_id) for m in ailing] + [_NOTHING] * 2
    return {m.client_id: worst[0] if m.client_id != worst[0].member else worst[1] for m in members if m.stage != LEFT}


def _member_standing(ties: Ties, stage: int, place: Place) -> Tiding:
    ties.sequence += 1
    standing = log.MemberStanding(
        source=log.Source(topics.CLIENT_EVENTS, place.partition, place.offset),
        event_id=f"member-standing/{ties.sequence}",
        client_id=place.client_id,
        occurred_at=_moment(place.day),
        group_id=ties.group_id,
        stage=stage,
        sequence=ties.sequence,
    )
    return group_key(ties.group_id), standing


def _group_standing(client_id: str, view: _View, version: int, cause: log.MemberStanding, source: log.Source) -> Tiding:
    standing = log.GroupStanding(
        source=source,
        event_id=f"group-standing/{cause.group_id}/{version}",
        client_id=client_id,
        occurred_at=cause.occurred_at,
        group_id=cause.group_id,
        stage=view.stage,
        member=view.member,
        version=version,
    )
    return client_id.encode(), standing


def _referred(ties: Ties, who: str, holds: bool, place: Place) -> Tiding:
    ties.sequence += 1
    fact = log.Referred(
        source=log.Source(topics.CLIENT_EVENTS, place.partition, place.offset),
        event_id=f"referred/{place.client_id}/{ties.sequence}",
        client_id=who,
        occurred_at=_moment(place.day),
        referred=place.client_id,
        sequence=ties.sequence,
        holds=holds,
    )
    return who.encode(), fact


def _counted(client: ClientState, fact: log.Referred) -> bool:
    digest = int.from_bytes(blake2b(fact.referred.encode(), digest_size=4).digest(), "big")
    known = client.referred.get(digest, 0)
    if fact.sequence <= abs(known) or fact.referred == fact.client_id:
        return False
    if not known and len(client.referred) >= MAX_REFERRALS:
        ended = next((other for other, sequence in client.referred.items() if sequence < 0), None)
        if ended is None:
            return False
        del client.referred[ended]
    client.referred[digest] = fact.sequence if fact.holds else -fact.sequence
    client.referrals = sum(sequence > 0 for sequence in client.referred.values())
    client.appraisal = None
    return True


def group_key(group_id: str) -> bytes:
    """Key of a group's records and of its state."""
    return GROUP_PREFIX + group_id.encode()


def _moment(day: int) -> datetime:
    return datetime.fromordinal(day).replace(tzinfo=UTC)
