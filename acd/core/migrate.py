"""Snapshots of older engine versions, as the present one would have written them."""

from typing import Any

import msgspec

from acd.core.events import FIRST_CHANNEL, FIRST_DEVICE

_FIELDS_2 = (
    "version", "now_ms", "last_contact", "last_offer", "last_incident", "desk", "contacts", "works", "agents",
    "incidents", "deadlines",
)  # fmt: skip


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
    return image | {"version": version, "last_device": len(image["agents"]), "lists": []}
