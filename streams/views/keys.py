"""What the keys of the view are called in Redis. A cluster wants a prefix in braces, so that all of them share a slot."""

from typing import Final, NamedTuple

from streams.positions import Partition
from streams.settings import Settings

TIER_FIELD: Final = "counted"
"""Field of a client's hash: its last tier change as the counts hold it."""
WARNINGS_FIELD: Final = "warnings"
"""Field of a client's hash: its open warnings and the last sequence seen."""
FAMILIES: Final = (
    "client:", "ledger:", "warnings:", "counts:", "learning:", "position:", "portfolio:", "portfolios", "recent-warnings",
)  # fmt: skip


class ViewKeys(NamedTuple):
    """Every key begins with the prefix and a colon."""

    prefix: str = "tierwatch"

    def client(self, client_id: str) -> str:
        """Hash: where a client stands."""
        return f"{self.prefix}:client:{client_id}"

    def warnings(self, client_id: str) -> str:
        """List: a client's last warnings as published, the newest first."""
        return f"{self.prefix}:warnings:{client_id}"

    def counts(self, portfolio: str) -> str:
        """Hash: how many clients and open warnings of a portfolio are where."""
        return f"{self.prefix}:counts:{portfolio}"

    def ledger(self, portfolio: str) -> str:
        """Hash: ledger, transitions and liquidity of a portfolio at the last month's end, each as JSON."""
        return f"{self.prefix}:ledger:{portfolio}"

    def learning(self, portfolio: str) -> str:
        """String: how well a portfolio was scored, and its alarms, as the learner last reported (JSON)."""
        return f"{self.prefix}:learning:{portfolio}"

    def portfolio(self, portfolio: str) -> str:
        """Hash: a portfolio as a whole, as it was last told."""
        return f"{self.prefix}:portfolio:{portfolio}"

    def position(self, place: Partition) -> str:
        """String: the next offset of a partition, and a check on the record before it."""
        return f"{self.prefix}:position:{place.topic}:{place.partition}"

    @property
    def portfolios(self) -> str:
        """Set: the portfolios that have counts."""
        return f"{self.prefix}:portfolios"

    @property
    def recent(self) -> str:
        """Sorted set: the last warnings of all clients as published, by business day."""
        return f"{self.prefix}:recent-warnings"

    @property
    def rebuilding(self) -> str:
        """String that is there while the view is being deleted: nobody writes to it then."""
        return f"{self.prefix}:rebuilding"

    def is_ours(self, key: str) -> bool:
        """Whether a rebuild may delete the key."""
        return key.startswith(f"{self.prefix}:") and key[len(self.prefix) + 1 :].startswith(FAMILIES)


def keys_of(settings: Settings) -> ViewKeys:
    """Named after the prefix of our topics: two set-ups that share no topic share no key."""
    return ViewKeys(settings.own_prefix.rstrip(".-_:") or settings.app_id)
