"""Phones of agents register with a password, come and go; calls reach agents in the right order."""

from tests.acceptance import scenario as s
from tests.acceptance.corners import Corner, password
from tests.acceptance.desk import Desk, OpenDesk, until
from tests.acceptance.sipp import Sipp
from tests.acceptance.studio import Booth, windows


def test_only_the_right_password_registers_a_phone(shared_desk: Desk, sipp: Sipp) -> None:
    agent = "passwords.1"
    sipp.run(shared_desk, s.register_without_password(), agent).succeeds()
    sipp.run(shared_desk, s.register(agent, "not-his-password", status=403), agent).succeeds()
    sipp.run(shared_desk, s.register(agent, password("comes-and-goes.1"), status=403), agent).succeeds()
    assert shared_desk.agent(agent)["reachable"] == []
    sipp.run(shared_desk, s.register(agent, password(agent)), agent).succeeds()
    assert shared_desk.agent(agent)["reachable"] == ["voice"]
    assert shared_desk.agent(agent)["state"] == "ready"


def test_nobody_registers_for_another(shared_desk: Desk, sipp: Sipp) -> None:
    """Right credentials of one agent in a REGISTER for another one."""
    stolen = s.register("comes-and-goes.1", password("comes-and-goes.1"), status=403)
    sipp.run(shared_desk, stolen, "expires.1").succeeds()
    assert shared_desk.agent("expires.1")["reachable"] == []


def test_a_phone_registers_again_and_leaves(shared_desk: Desk, sipp: Sipp) -> None:
    agent = "comes-and-goes.1"
    for _ in range(2):
        sipp.run(shared_desk, s.register(agent, password(agent)), agent, port=_port(sipp)).succeeds()
        assert shared_desk.agent(agent)["reachable"] == ["voice"]
    sipp.run(shared_desk, s.register(agent, password(agent), expires=0), agent, port=_port(sipp)).succeeds()
    assert shared_desk.agent(agent)["reachable"] == []


def _port(sipp: Sipp) -> int:
    """The port of the first run: the same phone again."""
    return sipp.runs[0].port if sipp.runs else 0


def test_an_agent_whose_registration_expires_gets_no_calls(shared_desk: Desk, sipp: Sipp) -> None:
    agent = "expires.1"
    sipp.run(shared_desk, s.register(agent, password(agent), expires=3), agent).succeeds()
    assert shared_desk.agent(agent)["reachable"] == ["voice"]
    until(lambda: not shared_desk.agent(agent)["reachable"], "the expiry")
    sipp.call(shared_desk, "expires", s.calls(s.pause(300), s.hang_up())).succeeds()
    assert shared_desk.story("expires") == ["Arrived", "Queued", "Abandoned"]


def test_forty_callers_of_ten_classes_are_served_without_an_inversion(shared_desk: Desk, sipp: Sipp) -> None:
    """Three agents, 40 callers who all wait before the first one is ready: by class, then by arrival."""
    corner = shared_desk.corners["order"]
    for agent in corner.all_agents:
        sipp.phone(shared_desk, agent, s.phone(s.QUICK), calls=1000)
    shared_desk.pause(*corner.all_agents)
    order = [number * 7 % 10 for number in range(40)]
    callers = []
    for count, priority_class in enumerate(order, 1):
        dialled = corner.number_of_class(priority_class)
        callers.append(sipp.run(shared_desk, s.calls(s.HUNG_UP), dialled))
        until(lambda: len(shared_desk.live("order")) == count, f"caller {count}")  # noqa: B023 (used at once)
    shared_desk.ready(*corner.all_agents)
    for caller in callers:
        caller.succeeds(60)
    shared_desk.until_idle("order")
    answered = []
    for number, facts in shared_desk.histories("order").items():
        by_kind = {one["kind"]: one for one in facts}
        answered.append(
            (by_kind["Offered"]["fact"]["offer"], by_kind["Queued"]["fact"]["priority_class"], number)
        )
    ranks = [(priority_class, number) for _, priority_class, number in sorted(answered)]
    inversions = sum(a > b for at, a in enumerate(ranks) for b in ranks[at + 1 :])
    assert (len(ranks), inversions) == (40, 0)


def test_an_agent_gets_the_next_call_only_after_his_wrap_up(shared_desk: Desk, sipp: Sipp) -> None:
    agent = sipp.phone(shared_desk, "wrap-up.1", s.phone(s.TALK), calls=2)
    first = sipp.call(shared_desk, "wrap-up", s.calls(s.pause(600), s.hang_up()))
    until(lambda: shared_desk.live("wrap-up"), "the first caller")
    second = sipp.call(shared_desk, "wrap-up", s.calls(s.pause(3800), s.hang_up()))
    for run in (first, second, agent):
        run.succeeds()
    shared_desk.until_idle("wrap-up")
    one, two = shared_desk.histories("wrap-up").values()
    started = next(fact for fact in one if fact["kind"] == "WrapUpStarted")
    offered = next(fact for fact in two if fact["kind"] == "Offered")
    assert started["fact"]["until_ms"] - started["t_ms"] == 2000
    assert offered["t_ms"] >= started["fact"]["until_ms"]


def test_a_phone_that_failed_once_is_rung_again_after_it_answered_options(
    open_desk: OpenDesk, sipp: Sipp
) -> None:
    """It does not register a second time; `-aa` makes sipp answer the question by itself."""
    desk = open_desk(Corner("probed", agents=1), phone_probe="1s")
    first = sipp.phone(desk, "probed.1", s.refuses(500, "Server Internal Error"))
    caller = sipp.call(desk, "probed", s.calls(s.HUNG_UP))
    first.succeeds()
    until(lambda: not desk.agent("probed.1")["reachable"], "the failure")
    again = sipp.run(desk, s.phone(s.QUICK), "probed.1", "-aa", port=first.port, calls=2)
    caller.succeeds()
    assert desk.story("probed")[-2:] == ["Answered", "Released"]
    assert desk.agent("probed.1")["reachable"] == ["voice"]
    methods = [message.split()[0] for message in again.messages("received")]
    assert methods.index("OPTIONS") < methods.index("INVITE")


def test_two_phones_of_an_agent_ring_beside_a_dead_one_and_the_first_to_pick_up_has_the_call(
    open_desk: OpenDesk, booth: Booth, sipp: Sipp
) -> None:
    """The newest registration is that of the dead one."""
    desk, name = open_desk(Corner("several", agents=1, ring="60s")), "several.1"
    home, hall = booth.pjsua("home", 700), booth.pjsua("hall", 900)
    for phone in (home, hall):
        phone.tell("let-ring")
        phone.tell("register", name, password(name), f"sip:127.0.0.1:{desk.port}")
        phone.until("registered", status=200)
    sipp.run(desk, s.register(name, password(name)), name).succeeds()
    caller = booth.pjsua("caller", 1500)
    caller.tell("call", f"sip:line.several@127.0.0.1:{desk.port}")
    for phone in (home, hall):
        phone.until("state", state="EARLY")
    hall.tell("pick-up")
    hall.until("state", state="CONFIRMED")
    home.until("state", state="DISCONNECTED")
    until(lambda: any(windows(booth.heard("caller"), 900)), "the agent's tone at the caller")
    until(lambda: any(windows(booth.heard("hall"), 1500)), "the caller's tone at the agent")
    assert not home.events("state", state="CONFIRMED")
    caller.tell("hang-up")
    hall.until("state", state="DISCONNECTED")
    assert desk.story("several") == ["Arrived", "Queued", "Offered", "Answered", "Released"]
    assert (desk.agent(name)["state"], desk.agent(name)["reachable"]) == ("ready", ["voice"])
