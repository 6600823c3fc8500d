"""Who brings a contact and who answers it are two: a mail on a desktop beside a call on a phone.

The server is killed after every step, and goes on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

import pytest

from acd.core.effects import (
    AdmitContact,
    ConnectContact,
    Effect,
    OfferContact,
    ReleaseAgent,
    ReleaseContact,
    TreatContact,
)
from acd.core.events import (
    AgentReachable,
    AgentSignedIn,
    AgentUnreachable,
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
        self.without: Collection[str] = ()
        """Channels that the site file has lost, from the next life on."""

    async def live(self) -> None:
        names = [name for name in ("sip", "mail", "desk") if name not in self.without]
        self.channels = {name: ScriptedChannel(name) for name in names}
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


def told(
    story: Callable[[Mortal], Awaitable[None]],
    folder: Path,
    change: Callable[[Desk], Desk] = lambda desk: desk,
) -> None:
    async def run() -> None:
        mortal = Mortal(small_site(folder, change(desk())))
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
    return ContactArrived(ref, entry, MAIL if entry == MAILBOX else VOICE, channel=channel)


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


def test_a_channel_that_the_site_file_lost_takes_its_phones_and_calls_along_and_leaves_its_mails(
    tmp_path: Path,
) -> None:
    """Nobody is offered to a phone that nobody serves, or waits with a leg that nobody holds."""

    async def story(mortal: Mortal) -> None:
        await mortal.does(AgentReachable(ANNA, MAIL, PHONE))
        await mortal.does(arrived("mail", "m1", MAILBOX), OfferContact, "desk")
        await mortal.does(OfferAccepted(mortal.offer("desk").offer))
        await mortal.does(arrived("sip", "c1", NUMBER), OfferContact, "sip")
        await mortal.does(arrived("sip", "c2", NUMBER))
        mortal.without = ("sip", "mail")
        await mortal.does(arrived("desk", "c3", NUMBER))
        found = {one.id: one.agents for one in status(mortal.app).contacts}
        assert found == {1: (ANNA,), 4: ()}, "the mail is still hers, the callers of the telephone are gone"
        (anna,) = status(mortal.app).agents
        assert (anna.state, anna.reachable) == ("handling", (MAIL,))
        assert mortal.app.driver.rejected == 0

    told(story, tmp_path)


def test_a_conversation_whose_phone_lost_its_channel_ends_for_the_agent_and_the_caller_waits(
    tmp_path: Path,
) -> None:
    async def story(mortal: Mortal) -> None:
        await mortal.does(arrived("mail", "c1", NUMBER), OfferContact, "sip")
        await mortal.does(OfferAccepted(mortal.offer("sip").offer), ConnectContact, "sip")
        mortal.without = ("sip",)
        await mortal.does(AgentReachable(ANNA, MAIL, Carrier("desk", "tablet")))
        (call,) = status(mortal.app).contacts
        assert (call.id, call.state, call.agents) == (1, "waiting", ())
        (anna,) = status(mortal.app).agents
        assert (anna.state, anna.reachable) == ("ready", (MAIL,))

    told(story, tmp_path)


@pytest.mark.parametrize("gone", [True, False])
def test_an_agent_is_not_paused_for_a_device_whose_channel_fails_at_the_offer(
    tmp_path: Path, gone: bool
) -> None:
    """Gone or on fire: the offer did not reach him, and the next one goes by another device."""

    def burn(effect: Effect) -> None:
        if isinstance(effect, OfferContact):
            raise OSError("the phone is on fire")

    async def story(mortal: Mortal) -> None:
        channel = "fax2" if gone else "mail"
        mortal.channels["mail"].on_effect = burn
        host = mortal.channels["sip"].host
        host.submit(AgentUnreachable(ANNA, VOICE, PHONE))
        host.submit(AgentReachable(ANNA, VOICE, Carrier(channel, "anna")))
        host.submit(AgentReachable(ANNA, VOICE, PHONE))
        host.submit(arrived("sip", "c1", NUMBER))
        await until(lambda: mortal.channels["sip"].seen(OfferContact))
        assert mortal.app.dispatch.failed["OfferContact"] == 1
        (anna,) = status(mortal.app).agents
        assert (anna.state, anna.reachable) == ("offered", (MAIL, VOICE))

    told(story, tmp_path)


def test_a_caller_whom_the_agents_channel_cannot_join_waits_again(tmp_path: Path) -> None:
    def burn(effect: Effect) -> None:
        if isinstance(effect, ConnectContact):
            raise OSError("no sound")

    async def story(mortal: Mortal) -> None:
        phones = mortal.channels["sip"]
        phones.on_effect = burn
        phones.host.submit(arrived("mail", "c1", NUMBER))
        await until(lambda: phones.seen(OfferContact))
        phones.accept(phones.seen(OfferContact)[0])
        await until(lambda: mortal.channels["mail"].seen(TreatContact))
        await until(lambda: len(phones.seen(OfferContact)) == 2)
        assert [one.id for one in status(mortal.app).contacts] == [1]

    told(story, tmp_path)
