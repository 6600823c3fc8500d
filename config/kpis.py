"""The tables `[kpi.*]`: KPIs that a client defined. Whether a formula is one, `acd.kpi.formula` knows."""

from collections.abc import Mapping
from dataclasses import dataclass

from config.table import Table


@dataclass(frozen=True, slots=True)
class KpiRule:
    """A KPI as it stands in the site; `file` and `key` are for messages about its formula."""

    id: str
    formula: str
    unit: str
    title: str
    version: int
    file: str
    key: str


def read_kpis(tables: Mapping[str, Table]) -> tuple[KpiRule, ...]:
    """The rules, in the order of the files."""
    return tuple(
        KpiRule(
            id=name,
            formula=table.text("formula"),
            unit=table.text("unit", "number"),
            title=table.text("name", name),
            version=table.integer("version", 1, least=1),
            file=table.file,
            key=table.key_path("formula"),
        )
        for name, table in tables.items()
    )
