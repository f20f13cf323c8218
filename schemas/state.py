"""What is known of one client, and of one partition of the log: the states that the changelog keeps.

Encoded as MessagePack arrays: new fields go to the end and have defaults, so yesterday's bytes load. Days are proleptic
ordinals (`date.toordinal()`), 0 for none; amounts are minor units; features are packed single-precision floats.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec.structs import FieldInfo, fields

from schemas.decisions import Segment
from schemas.history import History
from schemas.packed import glance_of, pack, unpack, with_glance
from schemas.standing import BY_NUMBER, number_of, segment_of


class Due(msgspec.Struct, array_like=True, gc=False):
    """An instalment that is not fully paid yet."""

    day: int
    amount: int
    paid: int = 0


class Facility(msgspec.Struct, array_like=True):
    """A loan or a line of credit."""

    facility_id: str
    currency: str
    limit: int = 0
    balance: int = 0
    margin: float = -1.0
    """A year; negative where no event told it."""
    opened_day: int = 0
    maturity_day: int = 0
    dues: list[Due] = msgspec.field(default_factory=list)
    """Oldest first: payments settle them in this order (FIFO)."""
    closed: bool = False
    settled: list[Due] = msgspec.field(default_factory=list)
    """The last that were paid in full, in the order in which they were: what is settled is not owed again."""
    revolving: bool = False
    """Redrawn, or left undrawn in part when it was drawn; a loan drawn at once and then repaid is not."""


class Month(msgspec.Struct, array_like=True, gc=False):
    """How a client behaved in one calendar month; amounts in minor units of the reporting currency."""

    number: int
    """Year * 12 + month - 1."""
    due: int = 0
    paid: int = 0
    late_days: int = 0
    payments: int = 0
    short: int = 0
    """Payments below what was due."""
    drawn: int = 0
    balance: int = 0
    """At the month's last event."""
    limit: int = 0
    dpd: int = 0
    """The most that an event of the month found."""


class Figures(msgspec.Struct, array_like=True, gc=False):
    """What later statements are compared with; flows of the period, major units, NaN where not told."""

    period_end_day: int
    months: int
    revenue: float
    ebitda: float
    net_income: float
    total_assets: float
    equity: float
    current_ratio: float = float("nan")
    day: int = 0
    """When they were told: of two for one period the later counts."""
    market_value: float = float("nan")


class Alert(msgspec.Struct, array_like=True, gc=False):
    """One indicator's standing with a client."""

    code: str
    severity: int = 0
    episode: int = 0
    raised_day: int = 0
    clean_day: int = 0
    """Since when the trigger has been gone; 0 while it is there."""
    shown: int = 0
    """Severity of the last reading; `severity` may be worse."""
    since_day: int = 0
    """Of the severity."""
    clock_day: int = 0
    """When it steps up if nobody answers; 0 once that is over."""


class Quiet(msgspec.Struct, array_like=True, gc=False):
    """Of an indicator without open warning: what keeps it from being raised, or raises it higher."""

    code: str
    rejected: int = 0
    """Severity that a person called a false alarm, while its trigger stays."""
    until: int = 0
    """Suppressed before this day."""
    probation: int = 0
    """Last day of it, after a red warning."""


class Snapshot(msgspec.Struct, array_like=True, gc=False):
    """Features as they were scored, waiting for what becomes of the client within the horizon."""

    day: int
    x: bytes
    pd: float
    model_version: str
    period_day: int = 0
    """End of the statement's period, if it was taken at one."""
    since_days: int = 0
    """Since the snapshot before it; 0 for the first."""
    was_pd: float = 0.0
    """At the snapshot before it."""
    alarmed: bool = False
    """A warning of the PD was raised since the snapshot before it, and stands."""


class Collateral(msgspec.Struct, array_like=True, gc=False):
    """A collateral at its last value."""

    collateral_id: str
    value: int
    currency: str
    haircut: float = 0.0
    """Negative where no event told it: its kind's holds."""
    kind: str = ""


class Graded(msgspec.Struct, array_like=True, gc=False):
    """A rating by one agency."""

    agency: str
    grade: str
    day: int


class Checkpoint(msgspec.Struct, array_like=True):
    """What movements change of a client, as it stood between two of them; of its months the newest."""

    facilities: list[Facility]
    months: list[Month]
    left_day: int


class Journal(msgspec.Struct, array_like=True, gc=False):
    """The last movements of a client, by time, so that a late one can be put in its place (`agents.segmentation.late`).

    Units: moments are local seconds since the first day of all.
    """

    last: int
    """The latest movement."""
    middle: int
    """The latest one before `newer` was made."""
    floor: int = 0
    """Before it nothing can be put in its place."""
    count: int = 0
    """Movements since `newer` was made."""
    mark: int = 0
    """Bytes of `entries` before `newer`."""
    older: bytes = b""
    """A `Checkpoint` before all entries; empty for the beginning of all."""
    newer: bytes = b""
    entries: bytes = b""


class Ties(msgspec.Struct, array_like=True, gc=False):
    """What a client has told of itself to its group and to who referred it, and what it has heard of the group."""

    group_id: str = ""
    """Told last, like `stage` and `referrer`."""
    stage: int = 0
    referrer: str = ""
    sequence: int = 0
    """Of what was told."""
    worst: int = 1
    """The worst stage among the others of the group."""
    member: str = ""
    """Who stands there."""
    version: int = 0
    """Of what was heard of the group."""


class Member(msgspec.Struct, array_like=True, gc=False):
    """One client of a group, as it was last heard of."""

    client_id: str
    stage: int
    """0: it has left."""
    sequence: int


class Group(msgspec.Struct, array_like=True):
    """A group of connected clients, kept in the partition of its own key."""

    seen: int = -1
    """Offset of the last record of the log that this state has in it."""
    version: int = 0
    """Of what it has told."""
    members: list[Member] = msgspec.field(default_factory=list)


class Appraisal(msgspec.Struct, array_like=True, gc=False):
    """What of a client's value and risk no payment moves. Units: of the reporting currency."""

    policy: int
    """Of the policy it was made by (`InForce.tag`)."""
    covered: float
    """Collateral after haircut."""
    covered_lgd: float
    """Loss given default of what is covered."""
    loyalty: float
    """Factors of the contribution; 1 adds nothing."""
    referral: float
    industry: float
    """Points beside the scorecard, in logits."""
    rating: float
    revenue_trend: float | None
    """A year; None where no statement tells it."""
    past_drawn: float
    """Sum of what was drawn at the ends of the months before the last, at most eleven."""
    past_months: int
    month: int = -1
    """The one that `loyalty`, `past_drawn`, `past_months` and what follows were made in."""
    standing: bytes = b""
    """Features of standing, then those of the path; what is not known at the end is left off."""
    standing_logit: float = 0.0
    """Their points, by the model that has scored the client."""


class Project(msgspec.Struct, array_like=True, gc=False):
    """A project at its last milestone: fractions done, and costs (NaN where not told)."""

    project_id: str
    planned: float
    actual: float
    cost_planned: float = float("nan")
    cost_actual: float = float("nan")


class Drift(msgspec.Struct, array_like=True, gc=False):
    """The client's own normal, as its change detectors have it (`online_models.drift_detector`)."""

    month: int = 0
    """The last that was entered."""
    paid: list[float] = msgspec.field(default_factory=list)
    used: list[float] = msgspec.field(default_factory=list)
    score: float = 0.0
    """The worse of the two, at the last month: from 1 on the normal has been left."""


class Track(msgspec.Struct, array_like=True, gc=False):
    """What the indicators remember of how a client pays and draws, by month where lists are, the newest last."""

    late: int = 0
    """Instalments late or partial: a bit for each of the last six, the newest in bit 0."""
    instalment: int = 0
    """Which one bit 0 is about."""
    drawn_day: int = 0
    drawn: int = 0
    """The last drawdown, in minor units of the reporting currency, like the last payment."""
    paid_day: int = 0
    paid: int = 0
    rounds: list[int] = msgspec.field(default_factory=list)
    """Days on which a payment was made from a drawdown."""
    month: int = 0
    """The newest."""
    used: list[int] = msgspec.field(default_factory=list)
    """Drawn of revolving limits, in thousandths."""
    dues: list[int] = msgspec.field(default_factory=list)
    """Instalments, in units of the reporting currency."""
    excess: int = 0
    """A bit for each of the last twelve months in which a limit was exceeded."""
    level: float = -1.0
    """Drawn of revolving limits now; negative without any."""
    over: float = 0.0
    """Drawn above limits now, as a share of all limits."""
    cover: list[int] = msgspec.field(default_factory=list)
    """Collateral after haircut of what is drawn, in thousandths, at most the whole; the best of each month."""
    covered: float = -1.0
    """The same now, without that bound; negative without collateral or drawings."""
    drift: Drift = msgspec.field(default_factory=Drift)


class Granted(msgspec.Struct, array_like=True, gc=False):
    """What a client adds to the limits of its segment. Units: whole ones of the reporting currency, so that sums are exact."""

    segment: int
    """Its place in `schemas.treatment_rules.SEGMENTS`."""
    drawn: int
    limit: int
    headroom: int
    over_granted: int
    room: int
    expected_loss: int


class ClientState(msgspec.Struct, array_like=True):
    """A client. Built empty it is complete."""

    portfolio: str = ""
    seen: int = -1
    """Offset of the last record of the log that this state has in it."""
    sequence: int = 0
    """Of its decisions."""
    first_day: int = 0
    last_day: int = 0
    recent: bytes | list[int] = b""
    """Digests of the last event ids, `DIGEST` bytes each, the newest last: what the bank sent twice is dropped. An earlier
    release kept them as numbers of eight bytes (`digests_of`).
    """
    facilities: list[Facility] = msgspec.field(default_factory=list)
    months: list[Month] = msgspec.field(default_factory=list)
    figures: list[Figures] = msgspec.field(default_factory=list)
    statement_x: bytes = b""
    """Features of the last statement."""
    collateral: list[Collateral] = msgspec.field(default_factory=list)
    ratings: list[Graded] = msgspec.field(default_factory=list)
    industry: str = ""
    country: str = ""
    group_id: str = ""
    referred_by: str = ""
    relationship_day: int = 0
    employees: int = -1
    defaulted_day: int = 0
    left_day: int = 0
    alerts: list[Alert] = msgspec.field(default_factory=list)
    snapshots: list[Snapshot] = msgspec.field(default_factory=list)
    moved: bool = False
    """Behaviour has moved since the last snapshot."""
    look_day: int = 0
    """The next day whose close has something to find here; 0 for none."""
    pd: float = -1.0
    value: float = 0.0
    value_bin: int | None = None
    origin_pd: float = -1.0
    """At the first decision."""
    scored_by: str = ""
    """Model version that `statement_logit` belongs to."""
    statement_logit: float = 0.0
    stands: int | Segment | None = None
    """`segment` by its number (`schemas.standing`); as it is, if an earlier release wrote it."""
    tier_day: int = 0
    """When the tier was last changed; 0 for the first, which is provisional."""
    decided_points: bytes = b""
    """Points per feature at the last tier change, what a reason is measured against; those left off at the end are 0."""
    decided_logit: float = 0.0
    episodes: int = 0
    """Warnings raised so far."""
    graded_day: int = 0
    """When the grade was last changed."""
    history: bytes = b""
    """What the ledger and the transition matrices add up (`schemas.history`); no decision reads it."""
    history_day: int = 0
    """The next month's end at which time alone changes it; 0 for none."""
    snapshot_day: int = 0
    """Of the last snapshot, kept or not."""
    snapshot_pd: float = 0.0
    alarm_episode: int = 0
    """The last episode of a PD warning that a snapshot has told of."""
    ties: Ties | None = None
    """None while it belongs to no group and nobody has referred it."""
    referrals: int = 0
    """Clients it has referred, up to a bound."""
    referred: dict[int, int] = msgspec.field(default_factory=dict)
    """Digest of each and what was last heard of it: the `sequence`, negative if it names somebody else now."""
    appraisal: Appraisal | None = None
    """None once a fact has moved it."""
    confirmed: int = 0
    """Warnings about it that a person has confirmed."""
    logit: float = 0.0
    """As last scored, with the arrears of `scored_day`."""
    scored_day: int = 0
    origin_level: int = 0
    """What was known at origination: a facility, a statement; 2 for both."""
    default_by_days: bool = False
    """Found by days past due: it cures by itself. What was reported ends only by a report."""
    clean_day: int = 0
    """In default: since when there have been no material arrears; 0 while there are."""
    forborne_day: int = 0
    """The last forbearance measure."""
    probation_day: int = 0
    """Last day in stage 2 after a default or a forbearance measure."""
    stage_day: int = 0
    """When the stage was last changed."""
    lifecycle_day: int = 0
    """When the lifecycle was last changed."""
    decided_beside: tuple[float, ...] = (0.0, 0.0)
    """Points of industry, rating and macro regime at the last tier change."""
    reported: bytes = b""
    """Figures of the last statement that only indicators read (`online_models.statements.REPORTED`)."""
    expected_day: int = 0
    """When the period of the next statement ends."""
    projects: list[Project] = msgspec.field(default_factory=list)
    track: Track = msgspec.field(default_factory=Track)
    journal: Journal | None = None
    """None before its first movement."""
    profile_day: int = 0
    """Of the last profile."""
    decided_parts: bytes = b""
    """Parts of the value at the last tier change, packed in double precision."""
    quiet: list[Quiet] = msgspec.field(default_factory=list)
    watchlist: int = 0
    """Severity of the worst open warning."""
    watchlist_day: int = 0
    """Since when."""
    granted: Granted | None = None
    """As it is counted among the limits; None if it has left."""

    @property
    def segment(self) -> Segment | None:
        """Where it stands; None before its first decision."""
        try:
            return BY_NUMBER[self.stands]
        except KeyError:
            return segment_of(self.stands) if isinstance(self.stands, int) else self.stands

    @segment.setter
    def segment(self, now: Segment | None) -> None:
        self.stands = None if now is None else number_of(now)


class Partition(msgspec.Struct, array_like=True):
    """One partition of the log: what its decisions share. Written last, it says how far everything is done."""

    offset: int = -1
    models: dict[str, str] = msgspec.field(default_factory=dict)
    """Version of the model in force by portfolio; each version, like each of the policy, has an entry of its own."""
    cutoffs: dict[str, tuple[int, tuple[float, float, float]]] = msgspec.field(default_factory=dict)
    """Number and lower bounds of diamond, gold, silver by portfolio."""
    closed_day: int = 0
    """The last day that closed here; arrears are known as of its close."""
    passed: dict[str, dict[int, int]] = msgspec.field(default_factory=dict)
    """The last day that each source partition has passed: topic -> partition -> day."""
    marks: dict[str, dict[int, int]] = msgspec.field(default_factory=dict)
    """The highest offset seen of each source partition: topic -> partition -> offset."""
    macro: dict[str, float] = msgspec.field(default_factory=dict)
    """The last figure of each macro indicator (`indicator` or `indicator/country`)."""
    policy_version: str = ""
    """Of the policy that the log holds; empty before it holds one."""
    macro_days: dict[str, int] = msgspec.field(default_factory=dict)
    """The date that each macro figure is as of."""
    regimes: dict[str, str] = msgspec.field(default_factory=dict)
    """Macro regimes that are not neutral, by `country/section`; both empty for the area and for industries like most."""


DIGEST: Final = 6
"""Bytes kept of an event id's digest: of a million events a day one is taken for a repeat in fifty thousand years."""

# Keys of the changelog: a client has its own id (printable ASCII, so none begins with a control character).
PARTITION_KEY: Final = b"\x00partition"
MODEL_PREFIX: Final = b"\x00model/"
POLICY_PREFIX: Final = b"\x00policy/"
GROUP_PREFIX: Final = b"\x00group/"
"""Also the key of records for a group: no client's records are mistaken for them."""

encode: Final = msgspec.msgpack.Encoder().encode
_client: Final = msgspec.msgpack.Decoder(ClientState).decode


class Glance(msgspec.Struct, array_like=True, gc=False):
    """What the histograms, the limits and the tallies of a partition are rebuilt from. Stands in front of each packed state."""

    portfolio: str
    value_bin: int | None
    granted: Granted | None
    lends: bool | dict[str, int]
    """Whether it has had a facility; in the table alone, of one that `resting` has marked, its arrears by currency."""
    history: History | None


class Lent(msgspec.Struct, array_like=True, gc=False):
    """The beginning of a glance, as far as liquidity asks."""

    portfolio: str
    value_bin: msgspec.Raw
    granted: msgspec.Raw
    lends: bool | dict[str, int]


_read_glance: Final = msgspec.msgpack.Decoder(Glance).decode
_read_lent: Final = msgspec.msgpack.Decoder(Lent).decode
_parts: Final = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
NONE: Final = encode(None)


def write_client(client: ClientState) -> bytes:
    """A client's state for table and changelog. Its history stands in the glance, and nowhere else."""
    history = client.history
    seen = (client.portfolio, client.value_bin, client.granted, bool(client.facilities), msgspec.Raw(history or NONE))
    client.history = b""
    body = encode(client)
    client.history = history
    return pack(client.look_day, client.history_day, encode(seen), len(history), body)


def lent(value: bytes) -> Lent:
    """Of a packed state: whether the client has had a facility, and whether it rests."""
    return _read_lent(glance_of(value))


def resting(value: bytes, arrears: dict[str, int]) -> bytes:
    """A packed state, marked: of this client nothing but arrears is expected until something happens to it.

    For the table alone, so that a month's end need not read it: the next step writes the state anew, without the mark.
    """
    portfolio, value_bin, granted, _, history = _parts(glance_of(value))
    return with_glance(value, encode((portfolio, value_bin, granted, arrears, history)))


def glance(value: bytes) -> Glance:
    """Of a packed state, without reading the rest."""
    return _read_glance(glance_of(value))


def read_client(value: bytes) -> ClientState:
    """Raises: msgspec.ValidationError if the bytes are no client state."""
    body, history = unpack(value)
    client = _client(body)
    if history:
        client.history = history
    return client


def _reader(*names: str) -> Callable[[bytes], Any]:
    """Reads these fields of a client's bytes; what lies between them is skipped, what comes after is not even looked at."""
    read = [(field.name, field.type if field.name in names else msgspec.Raw, _default(field)) for field in fields(ClientState)]
    last = max(i for i, (name, _, _) in enumerate(read) if name in names)
    return msgspec.msgpack.Decoder(msgspec.defstruct("_Read", read[: last + 1], array_like=True, gc=False)).decode


def _default(field: FieldInfo) -> Any:
    """Of a field that yesterday's bytes do not have."""
    return field.default if field.default is not msgspec.NODEFAULT else msgspec.field(default_factory=field.default_factory)


_borrower: Final = _reader("portfolio", "first_day", "facilities", "months", "defaulted_day", "left_day")


def read_borrower(value: bytes) -> Any:
    """What liquidity follows from (`agents.segmentation.liquidity.Borrower`)."""
    return _borrower(unpack(value)[0])


read_checkpoint: Final = msgspec.msgpack.Decoder(Checkpoint).decode
read_group: Final = msgspec.msgpack.Decoder(Group).decode
read_partition: Final = msgspec.msgpack.Decoder(Partition).decode


def digests_of(numbers: list[int]) -> bytes:
    """`ClientState.recent` as an earlier release kept it, as it is now."""
    return b"".join(number.to_bytes(8, "big")[:DIGEST] for number in numbers)


def is_client(key: bytes) -> bool:
    """Whether a key of the table is a client's, not one of the partition's own entries."""
    return key[0] != 0
