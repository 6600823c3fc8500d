"""A fax on a voice call and a call that an exchange keeps, by scripted channels and the real server.

The server is killed after every step, and goes on.
"""

from pathlib import Path

from msgspec.structs import replace

from acd.core.effects import (
    AdmitContact,
    ConfirmReceived,
    ConnectContact,
    Effect,
    OfferContact,
    ReceiveContact,
    ReleaseAgent,
    ReleaseContact,
)
from acd.core.events import (
    AgentReachable,
    ContactArrived,
    ContactId,
    ContactLeft,
    ContactReceived,
    ContactReleased,
    DeskChanged,
    LeaseRenewed,
    MediumChanged,
    OfferAccepted,
    OfferFailed,
    PageReceived,
)
from agents.capacity import FAX, VOICE
from agents.devices import Carrier
from queues.desk import DEFAULT_MEDIA, Desk, Entry, EntryId, Medium, MediumTraits
from tests.acd.server.test_app import status, until
from tests.acd.server.test_two_ports import ANNA, NUMBER, PAGE, PHONE, Mortal, arrived, told

FAXES, EXCHANGE = EntryId("+49305550199"), EntryId("exchange")
PBX = Medium("pbx")
LEASE_MS = 3_600_000
FIRST = ContactId(1)


def more(plain: Desk) -> Desk:
    """Anna reads faxes too, and takes calls that an exchange keeps."""
    (line,), (anna,) = plain.lines, plain.agents
    of_fax = Entry(FAXES, line.tenant, line.id, FAX)
    of_exchange = Entry(EXCHANGE, line.tenant, line.id, PBX)
    kept = MediumTraits(PBX, promise=False, put_aside=False, keeps_leg=True, lease_ms=LEASE_MS)
    return replace(
        plain,
        entries=(*plain.entries, of_fax, of_exchange),
        agents=(replace(anna, capacity=((FAX, 1), (VOICE, 1), (PBX, 1))),),
        media=(*DEFAULT_MEDIA, kept),
    )


def test_a_fax_on_a_voice_call_is_confirmed_when_it_is_synced_and_outlives_every_kill(
    tmp_path: Path,
) -> None:
    async def story(mortal: Mortal) -> None:
        await mortal.does(AgentReachable(ANNA, FAX, PAGE))
        await mortal.does(arrived("mail", "c1", NUMBER), OfferContact, "sip")
        await mortal.does(MediumChanged(FIRST, FAXES), ReceiveContact, "mail")
        assert (mortal.standing("mail"), mortal.standing("sip")) == ([AdmitContact, ReceiveContact], [])
        await mortal.does(PageReceived(FIRST, 1), ConfirmReceived, "mail")
        assert mortal.standing("mail") == [AdmitContact, ReceiveContact, ConfirmReceived]
        await mortal.does(ContactReceived(FIRST, 2, complete=True), OfferContact, "desk")
        assert mortal.standing("mail") == [AdmitContact, ConfirmReceived]
        await mortal.does(ContactLeft(FIRST))
        assert (mortal.standing("mail"), mortal.standing("desk")) == ([], [OfferContact])
        await mortal.does(OfferAccepted(mortal.offer("desk").offer), ConnectContact, "desk")
        (fax,) = status(mortal.app).contacts
        assert (fax.state, fax.pages, fax.incomplete, fax.parked) == ("connected", 2, False, False)
        await mortal.does(ContactReleased(FIRST, ANNA))
        assert status(mortal.app).contacts == ()
        assert mortal.app.driver.rejected == 0

    told(story, tmp_path, more)


def test_a_page_is_confirmed_when_the_machine_may_die(tmp_path: Path) -> None:
    """When its sender is told, the entry has survived the machine."""

    async def story(mortal: Mortal) -> None:
        fax = ContactArrived("f1", FAXES, FAX, channel="mail", ready=False)
        await mortal.does(fax, ReceiveContact, "mail")
        synced: list[bool] = []

        def look(effect: Effect) -> None:
            if isinstance(effect, ConfirmReceived):
                synced.append(mortal.app.gate.synced == mortal.app.driver.seq)

        mortal.channels["mail"].on_effect = look
        await mortal.does(PageReceived(FIRST, 1), ConfirmReceived, "mail")
        assert synced == [True]

    told(story, tmp_path, more)


def test_a_channel_that_cannot_receive_loses_the_call_at_once_and_ends_its_leg(tmp_path: Path) -> None:
    def burn(effect: Effect) -> None:
        if isinstance(effect, ReceiveContact):
            raise OSError("no worker")

    async def story(mortal: Mortal) -> None:
        mortal.channels["mail"].on_effect = burn
        mortal.channels["mail"].host.submit(arrived("mail", "c1", NUMBER))
        mortal.channels["mail"].host.submit(MediumChanged(FIRST, FAXES))
        await until(lambda: mortal.channels["mail"].seen(ReleaseContact))
        assert status(mortal.app).contacts == ()

    told(story, tmp_path, more)


def test_an_exchange_that_never_says_that_the_call_has_ended_gives_its_agent_back(tmp_path: Path) -> None:
    async def story(mortal: Mortal) -> None:
        hook = Carrier("desk", "webhook of anna")
        await mortal.does(AgentReachable(ANNA, PBX, hook))
        call = ContactArrived("p1", EXCHANGE, PBX, channel="mail")
        await mortal.does(call, OfferContact, "desk")
        await mortal.does(OfferFailed(mortal.offer("desk").offer))
        (anna,) = status(mortal.app).agents
        assert anna.state == "ready", "the hook is silent, anna is not paused"
        assert PBX not in anna.reachable
        await mortal.does(LeaseRenewed(FIRST))
        await mortal.does(AgentReachable(ANNA, PBX, hook), OfferContact, "desk")
        await mortal.does(OfferAccepted(mortal.offer("desk").offer), ConnectContact, "desk")
        plain = mortal.app.driver.engine.state.desk
        short = tuple(replace(one, lease_ms=one.lease_ms and 50) for one in plain.media)
        mortal.channels["mail"].host.submit(DeskChanged(replace(plain, media=short)))
        mortal.channels["mail"].host.submit(LeaseRenewed(FIRST))
        await until(lambda: mortal.channels["desk"].seen(ReleaseAgent))
        assert status(mortal.app).contacts == ()
        (anna,) = status(mortal.app).agents
        assert anna.state == "ready"
        assert mortal.channels["mail"].seen(ReleaseContact) == []

    told(story, tmp_path, more)


def test_nothing_of_it_needs_the_phone(tmp_path: Path) -> None:
    """A fax straight at its number, while anna's phone is there as well."""

    async def story(mortal: Mortal) -> None:
        await mortal.does(AgentReachable(ANNA, FAX, PAGE))
        await mortal.does(
            ContactArrived("f1", FAXES, FAX, channel="mail", ready=False), ReceiveContact, "mail"
        )
        assert mortal.standing("desk") == []
        await mortal.does(ContactReceived(FIRST, 1, complete=False), OfferContact, "desk")
        assert mortal.offer("desk").carrier == PAGE != PHONE
        assert status(mortal.app).contacts[0].incomplete

    told(story, tmp_path, more)
