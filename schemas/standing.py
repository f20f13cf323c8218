"""Where a client stands, as one number: what its state keeps in the place of five names."""

from typing import Any, Final

from schemas.decisions import Segment
from schemas.risk_rules import GRADES
from schemas.treatment_rules import LIFECYCLES, SEGMENTS

NAMES: Final = (("diamond", "gold", "silver", "basic"), (*GRADES, "D"), (0, 1, 2, 3), LIFECYCLES, SEGMENTS)
"""Of a `Segment`'s fields, in their order. Places stand in every changelog: new names go to the end."""
ROOM: Final = (8, 16, 4, 8, 8)
"""How many names of each have room."""

BY_NUMBER: Final[dict[object, Segment | None]] = {None: None}
"""The segments that were asked for; before its first decision a client has none."""
_numbers: Final[dict[Segment, int]] = {}


def number_of(segment: Segment) -> int:
    """Its number. Raises: ValueError for a name that nobody knows."""
    number = _numbers.get(segment)
    if number is None:
        number = 0
        fields = (segment.value_tier, segment.risk_grade, segment.stage, segment.lifecycle, segment.segment)
        for names, room, name in reversed([*zip(NAMES, ROOM, fields, strict=True)]):
            number = number * room + names.index(name)
        _numbers[segment] = number
    return number


def segment_of(number: int) -> Segment:
    """The one of a number: always the same object."""
    segment = BY_NUMBER.get(number)
    if segment is None:
        rest, fields = number, dict[str, Any]()
        for name, names, room in zip(Segment.__struct_fields__, NAMES, ROOM, strict=True):
            rest, place = divmod(rest, room)
            fields[name] = names[place]
        segment = BY_NUMBER[number] = Segment(**fields)
    return segment
