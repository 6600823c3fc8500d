"""Who brings a contact and who answers it are two: a mail on a desktop beside a call on a phone.

The server is killed after every step, and goes on.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from acd.core.effects import AdmitContact, ConnectContact, Effect, OfferContact, ReleaseAgent, ReleaseContact
from acd.core.events import (
    AgentReachable,
    AgentSignedIn,
    ContactArrived,
    ContactId,
    DeviceVanished,
    Event,
    OfferAccepted,
    OfferFailed,
)
from acd.server.app import App
from acd.testing import ScriptedChannel, small_line, small_site
from agents.capacity import MAIL, VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from config.schema import Site
from queues.desk import Agent, Desk, Entry, EntryId, Tenant
from tests.acd.server.test_app import crash, status, until

ANNA = AgentId("anna")
PHONE, PAGE = Carrier("sip", "anna"), Carrier("desk", "anna")
NUMBER, MAILBOX = EntryId("+49305550101"), EntryId("help@nordwind.example")


def desk() -> Desk:
    """Anna takes a call and two mails; a call interrupts a mail."""
    line = small_line()
    entries = Entry(NUMBER, line.tenant, line.id, VOICE), Entry(MAILBOX, line.tenant, line.id, MAIL)
    anna = Agent(ANNA, ((line.needs[0][0][0], 5),), ((MAIL, 2), (VOICE, 1)))
    return Desk(
        tenants=(Tenant(line.tenant),),
        lines=(line,),
        entries=entries,
        agents=(anna,),
        interrupts=((VOICE, MAIL),),
        device_grace_ms=200,
    )


class Mortal:
    """A server with a telephone, a mailbox and a desktop, killed after everything that happens."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.app: App
        self.channels: dict[str, ScriptedChannel] = {}

    async def live(self) -> None:
        self.channels = {name: ScriptedChannel(name) for name in ("sip", "mail", "desk")}
        self.app = App(self.site, list(self.channels.values()), web=False)
        await self.app.start()

    async def does(self, event: Event, expected: type[Effect] | None = None, by: str = "") -> None:
        """It happens; the effect that follows reaches its channel; then the server dies and is back."""
        host = next(iter(self.channels.values())).host
        host.submit(event)
        if expected is not None:
            await until(lambda: self.channels[by].seen(expected))
        await until(lambda: self.app.gate.synced == self.app.driver.seq)
        await crash(self.app)
        await self.live()

    def standing(self, name: str) -> list[type[Effect]]:
        return [type(effect) for effect in self.channels[name].standing]

    def offer(self, name: str) -> OfferContact:
        return next(one for one in self.channels[name].standing if isinstance(one, OfferContact))


def told(story: Callable[[Mortal], Awaitable[None]], folder: Path) -> None:
    async def run() -> None:
        mortal = Mortal(small_site(folder, desk()))
        await mortal.live()
        try:
            await mortal.does(AgentReachable(ANNA, MAIL, PAGE))
            await mortal.does(AgentReachable(ANNA, VOICE, PHONE))
            await mortal.does(AgentSignedIn(ANNA))
            await story(mortal)
        finally:
            await mortal.app.stop()

    asyncio.run(run())


def arrived(channel: str, ref: str, entry: EntryId) -> ContactArrived:
    return ContactArrived(ref, entry, MAIL if channel == "mail" else VOICE, channel=channel)


def test_a_mail_is_worked_on_the_desktop_while_a_call_rings_the_phone(tmp_path: Path) -> None:
    async def story(mortal: Mortal) -> None:
        await mortal.does(arrived("mail", "m1", MAILBOX), OfferContact, "desk")
        assert (mortal.standing("mail"), mortal.standing("desk")) == ([AdmitContact], [OfferContact])
        assert mortal.channels["mail"].standing[0].promise
        await mortal.does(OfferAccepted(mortal.offer("desk").offer), ConnectContact, "desk")
        assert mortal.standing("desk") == [ConnectContact]
        await mortal.does(arrived("sip", "c1", NUMBER), OfferContact, "sip")
        assert mortal.standing("sip") == [AdmitContact, OfferContact]
        assert mortal.standing("desk") == [ConnectContact], "the mail is still hers"
        await mortal.does(OfferAccepted(mortal.offer("sip").offer), ConnectContact, "sip")
        assert mortal.standing("sip") == [AdmitContact, ConnectContact]
        contacts = {one.medium: one for one in status(mortal.app).contacts}
        assert {medium: one.agents for medium, one in contacts.items()} == {MAIL: (ANNA,), VOICE: (ANNA,)}
        mortal.channels["sip"].release(contacts[VOICE].id, "anna")
        await until(lambda: mortal.channels["sip"].seen(ReleaseContact))
        mortal.channels["mail"].release(contacts[MAIL].id, "anna")
        await until(lambda: mortal.channels["mail"].seen(ReleaseContact))
        assert mortal.channels["desk"].carried == [], "nothing of the call was ever told to the desktop"

    told(story, tmp_path)


def test_a_device_that_does_not_take_an_offer_is_unreachable_its_agent_not_paused(
    tmp_path: Path,
) -> None:
    async def story(mortal: Mortal) -> None:
        await mortal.does(arrived("mail", "m1", MAILBOX), OfferContact, "desk")
        await mortal.does(OfferFailed(mortal.offer("desk").offer))
        (anna,) = status(mortal.app).agents
        assert (anna.state, anna.reachable) == ("ready", (VOICE,))
        assert mortal.standing("desk") == []
        await mortal.does(AgentReachable(ANNA, MAIL, PAGE), OfferContact, "desk")
        assert mortal.offer("desk").contact == 1

    told(story, tmp_path)


def test_work_is_handed_back_when_its_agent_stays_gone_also_over_a_restart(tmp_path: Path) -> None:
    async def story(mortal: Mortal) -> None:
        await mortal.does(arrived("mail", "m1", MAILBOX), OfferContact, "desk")
        await mortal.does(OfferAccepted(mortal.offer("desk").offer), ConnectContact, "desk")
        await mortal.does(DeviceVanished(ANNA, PAGE))
        await until(lambda: mortal.channels["desk"].seen(ReleaseAgent))
        (mail,) = status(mortal.app).contacts
        assert (mail.id, mail.state, mail.position) == (1, "waiting", 1)
        await mortal.does(AgentReachable(ANNA, MAIL, PAGE), OfferContact, "desk")
        assert mortal.offer("desk").contact == ContactId(1)

    told(story, tmp_path)


def test_a_contact_of_a_channel_that_is_gone_stays_and_everything_else_goes_on(tmp_path: Path) -> None:
    """The site file lost its mailbox while a mail waited: its effects fail and are counted, calls do not."""

    async def story(mortal: Mortal) -> None:
        await mortal.does(arrived("fax2", "f1", NUMBER))
        await mortal.does(arrived("sip", "c1", NUMBER))
        assert [one.id for one in status(mortal.app).contacts] == [1, 2]
        mortal.channels["sip"].host.submit(arrived("gone", "g1", EntryId("nobody")))
        await until(lambda: mortal.app.dispatch.failed["RejectContact"] == 1)
        mortal.channels["sip"].leave(2)

    told(story, tmp_path)
