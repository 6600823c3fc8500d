"""Routes that change something: of agents and of contacts. Each answers once its change is synced."""

from fastapi import APIRouter
from fastapi.responses import Response

from acd.core.events import (
    AgentPaused,
    AgentReady,
    AgentSignedIn,
    AgentSignedOut,
    CallbackCancelled,
    ConsultEnded,
    ConsultMerged,
    ConsultStarted,
    ContactDeferred,
    ContactId,
    ContactLinked,
    ContactTransferred,
    Event,
    ListenStarted,
    PriorityChanged,
    TicketGiven,
    WrapUpCoded,
    WrapUpEnded,
    WrapUpExtended,
)
from acd.core.view import ContactView
from acd.web.bodies import (
    CallbackRequest,
    ConsultRequest,
    DeferRequest,
    EndConsultRequest,
    LinkRequest,
    ListenRequest,
    MergeRequest,
    PriorityRequest,
    StateChange,
    TicketRequest,
    TransferRequest,
    WantedState,
    WrapUpRequest,
)
from acd.web.control import Control
from acd.web.errors import ApiError, unknown
from acd.web.rights import Caller
from acd.web.shapes import AgentPath, Changed, ContactPath, Json, OnceKey, WhoAsks, shows
from agents.skills import AgentId
from config.api_tokens import Role
from queues.desk import IncidentId, LineId
from queues.states import ContactState


def agent_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["agents"])

    @router.post("/agents/{agent}/state", **shows(Changed))
    async def change_state(agent: AgentPath, wanted: StateChange, caller: WhoAsks, key: OnceKey) -> Response:
        """Sign an agent in, make him ready, pause him with a reason, or sign him out."""
        _only_himself(caller, agent)
        availability = control.availability(AgentId(agent))
        if availability is None:
            raise unknown(control.unwritten(), f"there is no agent {agent}")
        event = _state_event(AgentId(agent), availability, wanted)
        return Json(Changed(await control.change(event, caller.by, key)))

    return router


def contact_router(control: Control) -> APIRouter:
    router = APIRouter(tags=["contacts"])

    @router.post("/contacts/{contact}/priority", **shows(Changed))
    async def priority(
        contact: ContactPath, wanted: PriorityRequest, caller: WhoAsks, key: OnceKey
    ) -> Response:
        """Give a contact another class or head start, or take it back; what waits is matched anew."""
        event = _priority_event(_live(control, contact), wanted)
        return Json(Changed(await control.change(event, caller.by, key)))

    @router.post("/contacts/{contact}/transfer", **shows(Changed))
    async def transfer(
        contact: ContactPath, wanted: TransferRequest, caller: WhoAsks, key: OnceKey
    ) -> Response:
        """Hand the contact to another line; it keeps the moment it first waited."""
        event = ContactTransferred(*_who(control, caller, contact, wanted.agent), LineId(wanted.line))
        return Json(Changed(await control.change(event, caller.by, key)))

    @router.post("/contacts/{contact}/link", **shows(Changed))
    async def link(contact: ContactPath, wanted: LinkRequest, caller: WhoAsks, key: OnceKey) -> Response:
        """Tell its party when an incident is solved; the contact goes on."""
        _named(control, caller, contact, wanted.agent)
        _live(control, contact)
        event = ContactLinked(ContactId(contact), IncidentId(wanted.incident))
        return Json(Changed(await control.change(event, caller.by, key)))

    @router.post("/contacts/{contact}/defer", **shows(Changed))
    async def defer(contact: ContactPath, wanted: DeferRequest, caller: WhoAsks, key: OnceKey) -> Response:
        """Put the contact away until its moment; it keeps the moment it first waited."""
        named = _named(control, caller, contact, wanted.agent)
        found = _live(control, contact)
        handled = named or (_handling(found) if found.state == ContactState.CONNECTED else "")
        agent = AgentId(handled) if handled else None
        event = ContactDeferred(ContactId(contact), wanted.until_ms, agent, wanted.hold_ms)
        return Json(Changed(await control.change(event, caller.by, key)))

    return router


def consult_router(control: Control) -> APIRouter:
    """Agents who ask somebody about a contact, and supervisors who listen."""
    router = APIRouter(tags=["contacts"])

    @router.post("/contacts/{contact}/consult", **shows(Changed))
    async def consult(
        contact: ContactPath, wanted: ConsultRequest, caller: WhoAsks, key: OnceKey
    ) -> Response:
        """Step aside to ask a line, or a number outside; the party hears music."""
        ids = _who(control, caller, contact, wanted.agent)
        if wanted.number:
            return Json(Changed(await control.consult_outside(*ids, wanted.number, caller.by, key)))
        event = ConsultStarted(*ids, LineId(wanted.line))
        return Json(Changed(await control.change(event, caller.by, key)))

    @router.post("/contacts/{contact}/consult/end", **shows(Changed))
    async def end(contact: ContactPath, wanted: EndConsultRequest, caller: WhoAsks, key: OnceKey) -> Response:
        """Be with the party again; whoever was asked is not on the line any more."""
        event = ConsultEnded(*_who(control, caller, contact, wanted.agent))
        return Json(Changed(await control.change(event, caller.by, key)))

    @router.post("/contacts/{contact}/consult/merge", **shows(Changed))
    async def merge(contact: ContactPath, wanted: MergeRequest, caller: WhoAsks, key: OnceKey) -> Response:
        """Join whoever was asked with the party, and leave them, or stay."""
        event = ConsultMerged(*_who(control, caller, contact, wanted.agent), wanted.stays)
        return Json(Changed(await control.change(event, caller.by, key)))

    @router.post("/contacts/{contact}/listen", **shows(Changed))
    async def listen(contact: ContactPath, wanted: ListenRequest, caller: WhoAsks, key: OnceKey) -> Response:
        """Let a supervisor hear the conversation."""
        event = ListenStarted(ContactId(_live(control, contact).id), AgentId(wanted.agent), wanted.how)
        return Json(Changed(await control.change(event, caller.by, key)))

    return router


def callback_router(control: Control) -> APIRouter:
    """Promised callbacks."""
    router = APIRouter(tags=["contacts"])

    @router.post("/contacts/{contact}/callback", **shows(Changed))
    async def callback(
        contact: ContactPath, wanted: CallbackRequest, caller: WhoAsks, key: OnceKey
    ) -> Response:
        """Promise a waiting caller to call him back; he hangs up, and keeps his place."""
        number = ContactId(_live(control, contact).id)
        return Json(Changed(await control.promise_callback(number, wanted.number, caller.by, key)))

    @router.post("/contacts/{contact}/callback/cancel", **shows(Changed))
    async def cancel(contact: ContactPath, caller: WhoAsks, key: OnceKey) -> Response:
        """Call nobody back for this contact; it ends."""
        event = CallbackCancelled(ContactId(_live(control, contact).id))
        return Json(Changed(await control.change(event, caller.by, key)))

    return router


def work_router(control: Control) -> APIRouter:
    """What agents note about their contacts."""
    router = APIRouter(tags=["contacts"])

    @router.post("/contacts/{contact}/ticket", **shows(Changed))
    async def ticket(contact: ContactPath, wanted: TicketRequest, caller: WhoAsks, key: OnceKey) -> Response:
        """Say to which ticket the contact belongs, while it lives or is wrapped up."""
        _named(control, caller, contact, "")
        event = TicketGiven(ContactId(contact), wanted.ticket)
        return Json(Changed(await control.change(event, caller.by, key)))

    @router.post("/contacts/{contact}/wrap-up", **shows(Changed))
    async def wrap_up(contact: ContactPath, wanted: WrapUpRequest, caller: WhoAsks, key: OnceKey) -> Response:
        """Give the contact its code, end its wrap-up, or extend it."""
        named = _named(control, caller, contact, wanted.agent)
        agent = AgentId(named or _at_work(control, contact))
        event = _wrap_up_event(ContactId(contact), agent, wanted)
        return Json(Changed(await control.change(event, caller.by, key)))

    return router


def _state_event(agent: AgentId, availability: str, wanted: StateChange) -> Event | None:
    """The event that brings the agent there; None: he is there already."""
    if wanted.state is WantedState.PAUSED:
        return AgentPaused(agent, wanted.reason)
    if wanted.state.value == availability:
        return None
    if wanted.state is WantedState.SIGNED_OUT:
        return AgentSignedOut(agent)
    return AgentSignedIn(agent) if availability == WantedState.SIGNED_OUT.value else AgentReady(agent)


def _priority_event(contact: ContactView, wanted: PriorityRequest) -> Event:
    """What holds then: a field that the request does not name stays as it is, `null` takes it back."""
    named = wanted.model_fields_set
    return PriorityChanged(
        ContactId(contact.id),
        wanted.priority_class if "priority_class" in named else contact.asked_class,
        wanted.head_start_ms if "head_start_ms" in named else contact.head_start_ms,
    )


def _wrap_up_event(contact: ContactId, agent: AgentId, wanted: WrapUpRequest) -> Event:
    if wanted.code is not None:
        return WrapUpCoded(contact, agent, wanted.code)
    if wanted.extend_ms is not None:
        return WrapUpExtended(contact, agent, wanted.extend_ms)
    return WrapUpEnded(contact, agent)


def _live(control: Control, contact: int) -> ContactView:
    found = control.contact(ContactId(contact))
    if found is None:
        raise unknown(control.unwritten(), f"contact {contact} is not live")
    return found


def _handling(contact: ContactView) -> str:
    if contact.state != ContactState.CONNECTED.value:
        raise ApiError(409, "rejected", f"no agent handles contact {contact.id}")
    if not contact.agents:
        raise ApiError(409, "rejected", f"contact {contact.id} is with somebody outside")
    return contact.agents[0]


def _who(control: Control, caller: Caller, contact: int, agent: str) -> tuple[ContactId, AgentId]:
    """The contact, and the agent who is named or meant: who handles it. Raises ApiError."""
    named = _named(control, caller, contact, agent)
    return ContactId(contact), AgentId(named or _handling(_live(control, contact)))


def _at_work(control: Control, contact: int) -> str:
    """The one agent who has work with the contact."""
    found = control.agents_with(ContactId(contact))
    if not found:
        raise unknown(control.unwritten(), f"no agent has work with contact {contact}")
    if len(found) > 1:
        raise ApiError(409, "ambiguous", f"several agents have work with contact {contact}: name one")
    return found[0]


def _named(control: Control, caller: Caller, contact: int, agent: str) -> str:
    """The agent whom a request names, or whose token it is; empty: nobody.

    Raises ApiError 403, or 404 to an agent of what he has no work with, whether it exists or not.
    """
    named = agent or caller.agent
    _only_himself(caller, named)
    if caller.role is Role.AGENT and caller.agent not in control.agents_with(ContactId(contact)):
        raise unknown(control.unwritten(), f"there is no contact {contact}")
    return named


def _only_himself(caller: Caller, agent: str) -> None:
    if caller.is_other_agent(agent):
        raise ApiError(403, "forbidden", "an agent acts only for himself")
