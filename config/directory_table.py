"""The table `[directory]` and the clients' lists: how numbers are written, and who people are."""

from collections.abc import Mapping
from types import MappingProxyType

from config.schema import DirectorySettings, ListFile, ListKind
from config.table import Table
from queues.desk import TenantId


def read_directory(table: Table, tenants: Mapping[str, Table]) -> DirectorySettings:
    """How each client's people write numbers, and the files of his lists."""
    region = read_region(table)
    files = []
    for name, tenant in tenants.items():
        for kind in ListKind:
            path = tenant.existing_file(kind.key)
            if path is not None:
                files.append(ListFile(TenantId(name), kind, path))
    regions = {TenantId(name): read_region(tenant, region) for name, tenant in tenants.items()}
    digits = table.integer("internal_digits", most=8)
    return DirectorySettings(MappingProxyType(regions), digits, tuple(files))


def read_region(table: Table, default: str = "") -> str:
    """The country at `region`, as it is written even if it is wrong: then nothing else is said of it."""
    region = table.text("region", default)
    if region and "region" in table and not _is_country(region):
        table.error("region", f'"{region:.40}" is not a country such as "DE" (two capitals, ISO 3166-1)')
    return region


def _is_country(text: str) -> bool:
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 (30 ms, for those who name a country)

    return text in SUPPORTED_REGIONS
