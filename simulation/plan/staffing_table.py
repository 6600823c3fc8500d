"""`[staffing]` of a plan: how many are away, and which shifts there may be."""

from msgspec import Struct

from config.durations import duration_ms
from config.table import Table
from simulation.plan.rosters import read_when
from simulation.staffing.shifts import ShiftRules


class StaffingTable(Struct, frozen=True):
    """What holds where staff is planned."""

    shrinkage: float
    """Share of the paid agents that is away (holidays, illness, training): 0.3 of ten leaves seven."""
    shifts: ShiftRules


def read_staffing(table: Table) -> StaffingTable:
    """The table; faults are recorded in it."""
    return StaffingTable(table.number("shrinkage", 0.0, most=0.95), _read_rules(table.table("shifts")))


def _read_rules(table: Table) -> ShiftRules:
    default = ShiftRules()
    first_ms = _time_of_day(table, "first_start", default.first_start_ms)
    last_ms = _time_of_day(table, "last_start", default.last_start_ms)
    if last_ms < first_ms:
        table.error("last_start", "is before first_start")
    from_ms = table.duration_ms("break_from", default.break_from_ms)
    until_ms = table.duration_ms("break_until", default.break_until_ms)
    if until_ms < from_ms:
        table.error("break_until", "is before break_from")
    return ShiftRules(
        lengths_ms=_lengths(table) or default.lengths_ms,
        first_start_ms=first_ms,
        last_start_ms=last_ms,
        every_ms=table.duration_ms("every", default.every_ms, least_ms=60_000),
        break_ms=table.duration_ms("break", default.break_ms),
        break_from_ms=from_ms,
        break_until_ms=until_ms,
        rest_ms=table.duration_ms("rest", default.rest_ms),
        most_shifts=table.integer("most_shifts", default.most_shifts, least=1, most=366),
    )


def _lengths(table: Table) -> tuple[int, ...]:
    found = []
    for length in table.list_of_text("lengths", []):
        try:
            found.append(duration_ms(length))
        except ValueError as error:
            table.error("lengths", f'"{length:.40}" {error}')
            continue
        if not 3_600_000 <= found[-1] <= 86_400_000:
            table.error("lengths", f'"{length}" is not between one hour and one day')
    return tuple(found)


def _time_of_day(table: Table, key: str, default_ms: int) -> int:
    if key not in table:
        table.anything(key)
        return default_ms
    when = read_when(table, key)
    if when is not None and not isinstance(when, int):
        table.error(key, 'must be a time of day such as "08:00"')
    return when * 1000 if isinstance(when, int) else default_ms
