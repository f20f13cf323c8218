"""How long this worker may believe that its partitions are its own.

A worker that was stopped past its session time-out (SIGSTOP, a suspended machine) has lost its partitions without
knowing. Nothing is written unless a heartbeat was answered within the session time-out.
"""

import time


def boot_clock() -> float:
    """Seconds on a clock that goes on while the machine is suspended, where there is one."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class Lease:
    """Held from a heartbeat that was sent and answered until `seconds` after its sending."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._renewed: float | None = None

    def renew(self, sent_at: float) -> None:
        """A heartbeat sent at this time was answered."""
        self._renewed = sent_at

    def held(self, now: float | None = None) -> bool:
        """Whether nobody else can have been given our partitions."""
        if self._renewed is None:
            return True
        return (boot_clock() if now is None else now) - self._renewed < self._seconds
