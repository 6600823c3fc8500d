"""Bodies of the API's requests."""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from acd.core.events import Listening
from acd.web import INCIDENT_ID, INCIDENT_LASTS_MS, INCIDENT_WARNS_MS
from queues.desk import IncidentMode


class _Request(BaseModel):
    # Strict: true is no class 1, and "0" no yes. Enums are not, for JSON has none.
    model_config = ConfigDict(extra="forbid", strict=True)


class WantedState(StrEnum):
    READY = "ready"
    PAUSED = "paused"
    SIGNED_OUT = "signed_out"


class StateChange(_Request):
    """What an agent shall be; `reason` belongs to `paused`."""

    state: WantedState = Field(strict=False)
    reason: str = Field(default="", max_length=200)

    @model_validator(mode="after")
    def _reason_fits(self) -> "StateChange":
        if (self.state is WantedState.PAUSED) != bool(self.reason):
            raise ValueError("a reason is required for paused, and for nothing else")
        return self


class PriorityRequest(_Request):
    """A contact's new class or head start, or both; null takes back what it was given."""

    priority_class: int | None = Field(default=None, ge=0, le=99)
    head_start_ms: int | None = Field(default=None, ge=0, le=7 * 24 * 3600 * 1000)

    @model_validator(mode="after")
    def _something(self) -> "PriorityRequest":
        if not self.model_fields_set:
            raise ValueError("priority_class or head_start_ms is required")
        return self


class EraseRequest(_Request):
    """Erase a person by a number or an address, with one client or all."""

    value: str = Field(min_length=1, max_length=1000)
    tenant: str | None = Field(default=None, max_length=200)


class SiteRequest(_Request):
    """Put the changed site file in force; `look`: only say what that would change."""

    look: bool = False


class IncidentRequest(_Request):
    """A mass incident: `texts` by language are heard by calls within its scope, from now on for `for_ms`.

    `mode`: whoever has heard it goes on (`inform`), is asked before whether he wants to be told the end
    (`offer`), or the call is over (`end`). An empty scope restricts nothing.
    """

    id: str = Field(pattern=f"^{INCIDENT_ID}$")
    texts: dict[str, str] = Field(min_length=1, max_length=20)
    mode: IncidentMode = Field(default=IncidentMode.INFORM, strict=False)
    for_ms: int = Field(ge=INCIDENT_LASTS_MS[0], le=INCIDENT_LASTS_MS[1])
    clients: list[str] = Field(default=[], max_length=1000)
    lines: list[str] = Field(default=[], max_length=1000)
    entries: list[str] = Field(default=[], max_length=1000)
    media: list[str] = Field(default=[], max_length=100)
    vip_exempt: bool = True
    mandatory: bool = True
    ticket: str = Field(default="", max_length=64)
    agreed: str = Field(default="", max_length=200)
    warn_ms: int = Field(default=INCIDENT_WARNS_MS, ge=0, le=INCIDENT_LASTS_MS[1])


class IncidentChangeRequest(_Request):
    """What is to be different about an incident that is on; what is left out stays.

    `texts` replace all that there are; `for_ms` counts from now.
    """

    texts: dict[str, str] | None = Field(default=None, min_length=1, max_length=20)
    for_ms: int | None = Field(default=None, ge=INCIDENT_LASTS_MS[0], le=INCIDENT_LASTS_MS[1])
    vip_exempt: bool | None = None
    ticket: str | None = Field(default=None, max_length=64)
    agreed: str | None = Field(default=None, max_length=200)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("say what is to be different: texts, for_ms, vip_exempt, ticket or agreed")
        return self


class IncidentClearRequest(_Request):
    """The end of an incident. `texts`: what whoever is linked to it is told; `silent`: nobody is told."""

    texts: dict[str, str] = Field(default={}, max_length=20)
    silent: bool = Field(default=False, strict=True)


class EscalationRequest(_Request):
    """Walk this list. `texts` by language are told to whoever is called, else the text of the list.

    `contact` or `ticket`: what it is about; for the same, a list is walked once at a time.
    """

    list: str = Field(min_length=1, max_length=64)
    contact: int = Field(default=0, ge=0, lt=2**63)
    ticket: str = Field(default="", max_length=64)
    texts: dict[str, str] = Field(default={}, max_length=20)


class TransferRequest(_Request):
    """Hand the contact to another line. `agent` may be left out: it is the one who handles it."""

    line: str = Field(min_length=1, max_length=200)
    agent: str = Field(default="", max_length=200)


class ConsultRequest(_Request):
    """Ask whoever a `line` has, or by `number` somebody outside. `agent` as in TransferRequest."""

    line: str = Field(default="", max_length=200)
    number: str = Field(default="", max_length=100)
    agent: str = Field(default="", max_length=200)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.line) == bool(self.number):
            raise ValueError("say either a line or a number")
        return self


class MergeRequest(_Request):
    """Join whoever was asked with the party. `stays`: the agent, too, as a conference."""

    stays: bool = False
    agent: str = Field(default="", max_length=200)


class EndConsultRequest(_Request):
    """Back to the party."""

    agent: str = Field(default="", max_length=200)


class ListenRequest(_Request):
    """Let this supervisor hear the conversation; his phone is rung. Again, to hear it in another way."""

    agent: str = Field(min_length=1, max_length=200)
    how: Listening = "listen"


class CallbackRequest(_Request):
    """Call the waiting caller back, by `number` or, when that is left out, by the one he calls from."""

    number: str = Field(default="", max_length=100)


class DeferRequest(_Request):
    """Put the contact away until `until_ms` (Unix milliseconds). `agent` may be left out: he who handles it.

    What nobody handles is deferred while it waits. `hold_ms`: then held for that agent first, for so long.
    """

    until_ms: int = Field(ge=0, lt=2**53)
    agent: str = Field(default="", max_length=200)
    hold_ms: int = Field(default=0, ge=0, le=86_400_000)


class LinkRequest(_Request):
    """Tell the contact's party when this incident is solved."""

    incident: str = Field(pattern=f"^{INCIDENT_ID}$")
    agent: str = Field(default="", max_length=200)


class TicketRequest(_Request):
    """The ticket that the contact belongs to."""

    ticket: str = Field(min_length=1, max_length=64)


class WrapUpRequest(_Request):
    """Exactly one of `code`, `end` and `extend_ms`. `agent` may be left out: it is the one who wraps up."""

    agent: str = Field(default="", max_length=200)
    code: str | None = Field(default=None, min_length=1, max_length=200)
    end: bool | None = None
    extend_ms: int | None = Field(default=None, gt=0, le=24 * 3600 * 1000)

    @model_validator(mode="after")
    def _one(self) -> "WrapUpRequest":
        if [self.code is not None, bool(self.end), self.extend_ms is not None].count(True) != 1:
            raise ValueError("exactly one of code, end and extend_ms is required")
        return self
