"""Live: clients and groups decoded while they are worked on; the others are bytes in the table of the partition."""

from typing import Final

from schemas.records import State
from schemas.state import ClientState, Group, encode, read_client, read_group, write_client

MOST_CLIENTS: Final = 1024
"""Clients kept decoded between batches, at up to ten kilobytes each; the others are bytes."""
MOST_GROUPS: Final = 256


class Live:
    """Over the table of one partition, which holds what the last batch has written."""

    def __init__(self, states: dict[bytes, bytes]) -> None:
        self._states = states
        self._clients: dict[str, ClientState] = {}
        self._groups: dict[bytes, Group] = {}
        self.touched: set[str] = set()
        """Clients that the batch has changed."""
        self.touched_groups: set[bytes] = set()

    def client(self, client_id: str) -> ClientState:
        """What is known of a client; complete even if nothing is."""
        state = self._clients.get(client_id)
        if state is None:
            stored = self._states.get(client_id.encode())
            state = self._clients[client_id] = read_client(stored) if stored is not None else ClientState()
        return state

    def group(self, key: bytes) -> Group:
        """What is known of a group that is kept here."""
        group = self._groups.get(key)
        if group is None:
            stored = self._states.get(key)
            group = self._groups[key] = read_group(stored) if stored is not None else Group()
        return group

    def stored_anew(self, client_id: str) -> ClientState:
        """The client as the table has it: what was changed since is forgotten."""
        self._clients.pop(client_id, None)
        return self.client(client_id)

    def store(self, client_id: str) -> None:
        """A client that the batch has changed, into the table before the batch is whole."""
        self._states[client_id.encode()] = write_client(self._clients[client_id])

    def written(self) -> list[State]:
        """What the batch has changed, in a fixed order; from here on nothing is changed."""
        entries = [State(client_id.encode(), write_client(self._clients[client_id])) for client_id in sorted(self.touched)]
        entries += [State(key, encode(self._groups[key])) for key in sorted(self.touched_groups)]
        self.touched, self.touched_groups = set(), set()
        return entries

    def release(self, done: bool) -> None:
        """Too many are not kept decoded; whom a close that is not done has looked at it does not look at again."""
        if len(self._clients) > MOST_CLIENTS or not done:
            self._clients.clear()
        if len(self._groups) > MOST_GROUPS:
            self._groups.clear()
