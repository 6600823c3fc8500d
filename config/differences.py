"""What another version of a site file changes, and what of it needs a restart."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from config.schema import ApiSettings, Names, ServerSettings, Site
from queues.desk import Desk


def fixed(old: Site, new: Site) -> list[str]:
    """Keys that differ, and that a running server has read once and for all; sorted."""
    server = _fields(old.server, new.server, "data_dir", "journal")
    directory = _fields(old.directory, new.directory, "internal_digits", "files")
    found = [f"server.{key}" for key in server]
    found += [f"server.api.{key}" for key in _api(old.server, new.server)]
    found += [_DIRECTORY[key] for key in directory]
    regions, others = old.directory.regions, new.directory.regions
    found += [f"tenants.{name}.region" for name in regions.keys() & others if regions[name] != others[name]]
    return sorted([*found, *_of_channels(old, new)])


_DIRECTORY = {
    "internal_digits": "directory.internal_digits",
    "files": "tenants.*.vip_list or user_list",
}
"""Field of the directory's settings → the keys that it comes from."""


def _api(old: ServerSettings, new: ServerSettings) -> list[str]:
    return _fields(old.api, new.api, *ApiSettings.__dataclass_fields__)


def _fields(old: object, new: object, *names: str) -> list[str]:
    return [name for name in names if getattr(old, name) != getattr(new, name)]


def _of_channels(old: Site, new: Site) -> Iterator[str]:
    yield from sorted(old.channels.keys() ^ new.channels.keys())
    for name in old.channels.keys() & new.channels.keys():
        before, after = old.channels[name], new.channels[name]
        yield from (f"{name}.{key}" for key in _unlike(before.data, after.data))


def _unlike(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    return sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))


def told(old: Site, new: Site) -> list[str]:
    """What differs, for people: `line helpdesk: changed`, `agent anna: new`, `phone anna: gone`.

    Not whether a recording sounds different under the same file name.
    """
    found = [
        f"server.{key}: changed"
        for key in _fields(old.server, new.server, "drain_ms", "clock_jump_ms", "timezone", "status_dir")
    ]
    found += _of_names(old.names, new.names)
    found += _of_desk(old.desk, new.desk)
    for word, before, after in (
        ("calendar", {one.id: one for one in old.calendars}, {one.id: one for one in new.calendars}),
        ("phone", old.phones, new.phones),
        ("text", old.prompts, new.prompts),
        ("music", old.music, new.music),
        ("escalation list", old.escalations, new.escalations),
    ):
        found += _of_kind(word, before, after)
    return found


def _of_names(old: Names, new: Names) -> Iterator[str]:
    for field in Names.__dataclass_fields__:
        before, after = getattr(old, field), getattr(new, field)
        for name in before.keys() & after.keys():
            if before[name] != after[name]:
                yield f"{_WORDS.get(field, 'skill')} {name}: another name"


def _of_desk(old: Desk, new: Desk) -> Iterator[str]:
    for name in Desk.__struct_fields__:
        before, after = getattr(old, name), getattr(new, name)
        if before == after or name == "calendars":
            continue
        if _have_ids(before) and _have_ids(after):
            word = _WORDS.get(name, name)
            yield from _of_kind(word, {one.id: one for one in before}, {one.id: one for one in after})
        else:
            yield f"{name.removesuffix('_ms').replace('_', ' ')}: changed"


_WORDS = {
    "tenants": "client",
    "lines": "line",
    "entries": "entry",
    "agents": "agent",
    "media": "medium",
    "treatments": "treatment",
}


def _have_ids(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, Struct) and hasattr(one, "id") for one in value)


def _of_kind(word: str, before: Mapping[Any, Any], after: Mapping[Any, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*before, *after)):
        if name not in after:
            yield f"{word} {name}: gone"
        elif name not in before:
            yield f"{word} {name}: new"
        elif before[name] != after[name]:
            yield f"{word} {name}: changed"
