"""Garbage: what a step makes is gone when its last reference is; cycles, which it does not make, are looked for seldom.

By default Python looks after every 700 new objects, a few clients, and now and then through all that lives.
"""

import gc
from typing import Final

SELDOM: Final = (50_000, 20, 100)
"""New objects after which the youngest are looked through, and how often the older ones with them (`gc.set_threshold`)."""


def collect_seldom() -> None:
    """From here on; what stands already (modules, policy, models) is never looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
