"""What lines, entries and treatments may refer to; a line is easily named where a treatment belongs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from config.people import People
from config.table import Table
from queues.names import TreatmentId


@dataclass(frozen=True, slots=True)
class Known:
    """Ids that a line, an entry or a treatment may refer to."""

    tenants: Mapping[str, object]
    calendars: Mapping[str, object]
    lines: Mapping[str, object]
    music: Mapping[str, object]
    treatments: Mapping[str, object]
    people: People

    def check_line(
        self, table: Table, key: str, name: str, instead: str, *, words: Collection[str] = ()
    ) -> None:
        """Record an error if `name` is neither a line nor one of `words`.

        `instead`: what to write there if a treatment is meant.
        """
        if name in self.treatments and name not in self.lines and name not in words:
            table.error(key, f'"{name}" is a treatment: {instead}')
        elif name:
            table.known(key, "line", name, [*self.lines, *words])

    def treatment(
        self, table: Table, key: str, default: str | None = None, *, instead: str = ""
    ) -> TreatmentId:
        """The treatment at `key`. `instead`: what to write there if a line is meant, `{}` for its name."""
        name = table.text(key, default)
        if name in self.lines and name not in self.treatments:
            instead = instead.format(name) or f'a treatment with {{ enqueue = "{name}" }} leads there'
            table.error(key, f'"{name}" is a line: {instead}')
        elif name:
            table.known(key, "treatment", name, self.treatments)
        return TreatmentId(name)
