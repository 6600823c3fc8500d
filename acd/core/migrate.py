"""Snapshots of older engine versions, as the present one would have written them."""

from typing import Any

import msgspec

from acd.core.events import FIRST_CHANNEL, FIRST_DEVICE
from acd.core.treatments import LONGEST_TEXT_MS

_FIELDS_2 = (
    "version", "now_ms", "last_contact", "last_offer", "last_incident", "desk", "contacts", "works", "agents",
    "incidents", "deadlines",
)  # fmt: skip

_ANNOUNCE = 8
"""The kind of deadline at which a position was announced, now that at which a treatment goes on."""


def is_of_version_2(saved: bytes) -> bool:
    """Those of release 0.1.0 are arrays, later ones are maps."""
    return saved[:1] in (b"\x9b", b"\xdc")


def from_version_2(saved: bytes, version: int) -> dict[str, Any]:
    """Contacts and agents had one channel and one device, without names.

    Raises ValueError, TypeError and msgspec.DecodeError: it is none.
    """
    image = dict(zip(_FIELDS_2, msgspec.msgpack.decode(saved), strict=True))
    if image["version"] != 2:
        raise ValueError(f"it is of engine version {image['version']}")
    for contact in image["contacts"]:
        contact["carrier"] = [FIRST_CHANNEL, contact.pop("ref")]
    for work in image["works"]:
        work["carrier"] = FIRST_DEVICE
    for number, agent in enumerate(image["agents"], 1):
        media = agent.get("reachable", [])
        agent["devices"] = [{"carrier": FIRST_DEVICE, "media": media, "number": number}] if media else []
    _treat(image)
    return image | {"version": version, "last_device": len(image["agents"]), "lists": []}


def _treat(image: dict[str, Any]) -> None:
    """Who heard a text hears it still; who was to be told his position by a moment of his own is so still."""
    lines = {line["id"]: line for line in image["desk"]["lines"]}
    moments = {number for _, kind, number in image["deadlines"] if kind == _ANNOUNCE}
    for contact in image["contacts"]:
        line, text = lines[contact["line"]], contact.pop("greeting", "")
        hears: dict[str, Any] = {"music": line.get("music", "default")}
        if text:
            hears |= {"says": [{"text": text}], "reports": True}
            contact["reserves"] = not contact.get("incident")
            treatment = f"greeting of {line['id']}" if contact["reserves"] else ""
            contact["walk"] = {"treatment": treatment, "step": 1, "hears": hears}
            due_ms = image["now_ms"] + LONGEST_TEXT_MS
            image["deadlines"].append([due_ms, _ANNOUNCE, contact["id"]])
        elif contact["id"] in moments:
            treatment, every_ms = f"waiting in {line['id']}", line["announce_every_ms"]
            walk = {"treatment": treatment, "step": 1, "hears": hears, "for_ms": every_ms, "heard": True}
            contact["walk"] = walk
        contact["visit"] = 1 if "walk" in contact else 0
