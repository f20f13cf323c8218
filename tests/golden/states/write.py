"""Writes golden states of this release: `python -m tests.golden.states.write SUFFIX`; refuses to overwrite."""

import sys
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from agents.learner import Learner
from schemas import log, topics
from schemas.learner_state import FROZEN_PREFIX, MODEL_PREFIX, read_learner, read_taught
from schemas.learner_state import PARTITION_KEY as LEARNER_KEY
from schemas.records import EVERY, Outcome
from schemas.state import PARTITION_KEY, read_client, read_partition
from tests.builders import DAY, N, example, histogram, model, policy, shipped
from tests.driver import Driver, learning_log, run_all

HERE = Path(__file__).parent


def client_and_partition() -> tuple[bytes, bytes]:
    """A client with everything a state can hold, and its partition of the log."""
    driver = Driver()
    driver.send(topics.PROFILES, date(2024, 1, 1), country="DE", group_id="G1", referred_by="C0", employees=12,
                relationship_since="1999-05-01")  # fmt: skip
    driver.send(topics.RATINGS)
    driver.send(topics.COLLATERAL, haircut=0.25)
    driver.send(topics.STATEMENTS, period_end="2022-12-31", equity="300000", revenue="5000", net_income="-3", ebitda="7")
    driver.send(topics.STATEMENTS, equity="-1", revenue="4000", net_income="-5")
    driver.send(topics.DRAWDOWNS, balance_after="99000", limit="100000", margin=0.021, maturity_date="2030-01-01",
                next_due_date="2024-01-10", next_amount_due="5000.05")  # fmt: skip
    driver.send(topics.REPAYMENTS, amount_due="5000.05", amount_paid="1234.56", next_due_date="2024-02-10", next_amount_due="9")
    driver.send(topics.REPAYMENTS, facility_id="L2", currency="JPY", amount_due="7", amount_paid="7")
    driver.send(topics.MACRO, country="DE")
    driver.send(topics.MILESTONES, date(2024, 1, 20), cost_planned="900", cost_actual="1000")
    driver.send(topics.FEEDBACK, date(2024, 1, 25), verdict="raised", warning_id=None, severity="amber", until="2024-04-01")
    driver.send(topics.FEEDBACK, date(2024, 1, 26), verdict="suppressed", warning_id=None, indicator="ICR", until="2024-06-01")
    driver.send(topics.OUTCOMES, date(2024, 1, 27), outcome="forborne")
    driver.send(topics.REPAYMENTS, date(2024, 2, 15), due_date="2024-02-10", amount_due="9", amount_paid="9")
    source = log.Source(topics.LEARNING, 0, 0)
    cutoffs = log.CutoffsPublished(source=source, portfolio="corporate", number=3, as_of=DAY, clients=9, cutoffs=(9.5, 5.25, 1.0))
    for control in (log.ModelPublished(source=source, snapshot=model()), cutoffs):
        driver.append([Outcome(topics.CLIENT_EVENTS, None, log.write(control), (), EVERY)])
    driver.close(date(2024, 3, 1))
    states = driver.pipeline.segmenters[0].states
    return states[b"C1"], states[PARTITION_KEY]


def learner() -> bytes:
    """A learner that waits for the second partition's histogram."""
    agent = Learner(0, {}, shipped())
    told = [example(3), example(9, partition=1), histogram({-3: 4, 70: 2}), histogram({1: 2}, 0, 2, portfolio="sme")]
    return run_all(agent, learning_log(told))[1][LEARNER_KEY]


def taught() -> tuple[bytes, bytes]:
    """A model that has learned all but the last defaults, which wait for their turn; and how it stood when it was published."""
    rules = policy(learning={"warm_up": 100, "publish_every": 100, "publish_days": 365, "bins": 4})
    agent, chance = Learner(0, {}, rules), Random(7)
    told = []
    for i in range(190):
        x = tuple(None if chance.random() < 0.2 else round(chance.gauss(0, 1), 3) for _ in range(N))
        as_of, labelled_on = date(2023, 2, 1), date(2024, 2, 29)
        if i <= 156:
            as_of, labelled_on = date(2023, 1, 1 + i % 28), date(2024, 1, 31)
        when = {"as_of": as_of, "labelled_on": labelled_on, "model_version": "expert-1" if i < 130 else "corporate-1-0"}
        told.append(example(i, client_id=f"C{i}", x=x, y=i % 5 == 0 or i > 186, **when))
    states = run_all(agent, learning_log(told))[1]
    (frozen,) = (content for key, content in states.items() if key.startswith(FROZEN_PREFIX))
    return states[MODEL_PREFIX + b"corporate"], frozen


def counted(content: bytes) -> list[Any]:
    """What of a model is told beside its bytes: its weights are many."""
    held = read_taught(content)
    told = ("number", "examples", "defaults", "champion", "published", "waiting")
    contest = held.oversight["contest"]
    overseen = {"contest": {name: contest[name] for name in ("recipes", "side", "since", "number", "evidence", "in_force")}}
    return [held.seen, {name: held.model[name] for name in told}, {}, {}, overseen]


def main(suffix: str) -> None:
    """All of them, with what they hold."""
    client, partition = client_and_partition()
    learned, frozen = taught()
    contents = {"client": client, "partition": partition, "learner": learner(), "taught": learned, "frozen": frozen}
    read = {"client": read_client, "partition": read_partition, "learner": read_learner, "taught": counted,
            "frozen": msgspec.msgpack.decode}  # fmt: skip
    for name, content in contents.items():
        with (HERE / f"{name}-{suffix}.msgpack").open("xb") as binary:
            binary.write(content)
        held = msgspec.json.format(msgspec.json.encode(read[name](content)))
        (HERE / f"{name}-{suffix}.json").write_bytes(held + b"\n")


if __name__ == "__main__":
    main(sys.argv[1])
