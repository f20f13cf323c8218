"""Stepping: one record at one client, from the fact to the decision. It changes the client and nothing else."""

from collections.abc import Sequence
from typing import Final

import msgspec

from agents.segmentation import groups
from agents.segmentation.agenda import next_look
from agents.segmentation.deciding import Decided, decide, rescore
from agents.segmentation.folding import fold, is_repeat
from agents.segmentation.in_force import InForce
from agents.segmentation.place import Place
from agents.segmentation.resolving import Resolver
from schemas import log
from schemas.state import ClientState

DEFAULT_PORTFOLIO: Final = "corporate"


class Stepped(msgspec.Struct, frozen=True, gc=False):
    """What a record led to at a client."""

    decided: Decided
    tidings: Sequence[groups.Tiding]
    now: InForce
    """What is in force for the client as it stands after the step."""


def step(client: ClientState, fact: log.Fact | None, place: Place, resolver: Resolver) -> Stepped | None:
    """The fact, folded and decided, or (None) the close of a day; None if the client has known the fact before."""
    derived = type(fact) in log.DERIVED
    if fact is not None:
        if not groups.heard(client, fact) or client.segment is None if derived else is_repeat(client, fact.event_id):
            client.seen = place.offset
            return None
        client.portfolio = client.portfolio or fact.portfolio or DEFAULT_PORTFOLIO
    now = resolver.in_force_for(client)
    rescore(client, now)
    if fact is not None and not derived:
        fold(client, fact, place.day, now)
        if type(fact) is log.ProfileUpdated:
            now = resolver.in_force_for(client)
    decided = decide(client, fact, place, now)
    if decided.change is not None:
        now = resolver.in_force_for(client)
    client.look_day = next_look(client, place.closed_day, now)
    client.seen = place.offset
    tidings = groups.tidings(client, client.ties, place) if client.ties is not None else ()
    return Stepped(decided, tidings, now)
