"""The tables `[server]` and `[server.api]`."""

from collections.abc import Collection
from ipaddress import ip_address
from pathlib import Path

from config.api_tokens import read_tokens
from config.calendars import read_timezone
from config.schema import ApiSettings, JournalKind, ServerSettings
from config.table import Table


def read_server(table: Table, clients: Collection[str], agents: Collection[str]) -> ServerSettings:
    """How the server itself runs; `clients` and `agents` are those that the site knows."""
    return ServerSettings(
        data_dir=_folder(table, "data_dir"),
        journal=table.choice("journal", JournalKind),
        drain_ms=table.duration_ms("drain"),
        clock_jump_ms=table.duration_ms("clock_jump"),
        timezone=read_timezone(table, "timezone"),
        api=_read_api(table.table("api"), clients, agents),
        status_dir=_folder(table, "status_dir") if "status_dir" in table else None,
    )


def _folder(table: Table, key: str) -> Path:
    """Relative to the file that names it, so that it does not depend on where the server is started."""
    name = table.text(key)
    if "\0" in name:
        table.error(key, "not a path")
        return Path()
    return (Path(table.file).parent / name).absolute()


def _read_api(table: Table, clients: Collection[str], agents: Collection[str]) -> ApiSettings:
    host = table.text("host")
    port = table.integer("port", most=65535)
    token = table.secret("token", required=not _is_loopback(table, host))
    return ApiSettings(host, port, token, read_tokens(table.tables("tokens"), clients, agents))


def _is_loopback(table: Table, host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        table.error("host", f'"{host:.40}" is not an IP address')
        return True
