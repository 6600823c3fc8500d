"""The law of effects, a row each: when it may leave, and what a restart does about it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from acd.core import effects
from acd.core.effects import Effect


class Delivery(StrEnum):
    """What must have become of the entry before an effect of it may be carried out."""

    WRITTEN = "written"
    """Survives the death of the process."""
    SYNCED = "synced"
    """Survives the death of the machine."""


class OnRestart(StrEnum):
    """What a restart does about effects of which nobody knows whether they were carried out."""

    STANDS = "stands"
    """The engine states it anew as long as it holds, and its key makes a repetition harmless."""
    SWEPT = "swept"
    """It ended something: a leg that stands in no effect any more is ended."""
    ONCE = "once"
    """It is not repeated: who missed it has missed it."""


class Row(NamedTuple):
    key: tuple[str, ...]
    """Fields by which a repetition is known."""
    on_restart: OnRestart


LAW: Mapping[type[Effect], Row] = {
    effects.RejectContact: Row(("carrier",), OnRestart.SWEPT),
    effects.AdmitContact: Row(("contact", "carrier"), OnRestart.STANDS),
    effects.ReceiveContact: Row(("contact", "carrier"), OnRestart.STANDS),
    effects.ConfirmReceived: Row(("contact", "pages"), OnRestart.STANDS),
    effects.TreatContact: Row(("contact", "visit"), OnRestart.STANDS),
    effects.OfferContact: Row(("offer",), OnRestart.STANDS),
    effects.DivertOffer: Row(("offer",), OnRestart.ONCE),
    effects.WithdrawOffer: Row(("offer",), OnRestart.SWEPT),
    effects.ConnectContact: Row(("offer", "contact"), OnRestart.STANDS),
    effects.PromptAgent: Row(("offer", "text"), OnRestart.ONCE),
    effects.StepAside: Row(("offer", "into"), OnRestart.STANDS),
    effects.ReleaseContact: Row(("contact", "carrier"), OnRestart.SWEPT),
    effects.PlaceCall: Row(("call",), OnRestart.STANDS),
    effects.SendNotice: Row(("escalation",), OnRestart.STANDS),
    effects.EndCall: Row(("call",), OnRestart.SWEPT),
    effects.ReleaseAgent: Row(("offer",), OnRestart.SWEPT),
}


def delivery(effect: Effect) -> Delivery:
    """When `effect` may leave, if nothing earlier of its contact waits longer.

    A promise to the world outside (an accepted mail) must outlive the machine; what else is done may be
    forgotten with it.
    """
    return Delivery.SYNCED if effect.promise else Delivery.WRITTEN


def contact_of(effect: Effect) -> int:
    """The contact whose effects leave in their order; 0: it never became one."""
    return 0 if type(effect) is effects.RejectContact else effect.contact  # type: ignore[attr-defined]
