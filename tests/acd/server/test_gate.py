"""The gate: no effect before its level, order within a level, calls go on when the disk fails."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from acd.core.effects import AdmitContact, Effect, ReleaseContact
from acd.core.events import ContactId
from acd.core.law import contact_of
from acd.server.gate import Gate
from agents.devices import Carrier

Left = list[tuple[int, int]]
Held = dict[tuple[int, int], Effect]


def voice(number: int) -> Effect:
    return ReleaseContact(ContactId(number), "agent", carrier=Carrier("sip", "call"))


def mail(number: int) -> Effect:
    return AdmitContact(ContactId(number), "", carrier=Carrier("mail", f"ref{number}"), promise=True)


def with_gate(story: Callable[[Gate, Left], Awaitable[None]]) -> None:
    async def run() -> None:
        left: Left = []
        gate = Gate(asyncio.get_running_loop(), lambda _effect, seq, index: left.append((seq, index)))
        await story(gate, left)

    asyncio.run(run())


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_nothing_leaves_before_its_entry_is_written_and_a_promise_not_before_it_is_synced() -> None:
    """Journal silent: nothing leaves; written: voice leaves; synced: the accepted mail leaves too."""

    async def story(gate: Gate, left: Left) -> None:
        gate.hold(1, [voice(1), mail(2), voice(3)])
        await turns()
        assert left == []
        gate.on_written(1)
        await turns()
        assert left == [(1, 0), (1, 2)]
        gate.on_synced(1)
        await turns()
        assert left == [(1, 0), (1, 2), (1, 1)]

    with_gate(story)


def test_a_written_entry_releases_those_before_it_and_none_after_it() -> None:
    """One report covers all entries up to it, in order, and nothing beyond."""

    async def story(gate: Gate, left: Left) -> None:
        for seq in range(1, 6):
            gate.hold(seq, [voice(seq), voice(seq)])
        gate.on_written(3)
        await turns()
        assert left == [(seq, index) for seq in (1, 2, 3) for index in (0, 1)]

    with_gate(story)


def test_many_reports_between_two_turns_cost_one_wake_up() -> None:
    """Coalescing: a thousand reports before the loop turns schedule the gate once."""

    class CountingLoop:
        calls = 0

        def call_soon_threadsafe(self, _callback: object) -> None:
            self.calls += 1

    loop = CountingLoop()
    gate = Gate(loop, lambda *_: None)  # type: ignore[arg-type]
    for seq in range(1, 1001):
        gate.on_written(seq)
    assert loop.calls == 1
    assert gate.written == 1000


def test_a_flood_of_effects_leaves_in_portions_and_in_order() -> None:
    """Ten thousand effects at once do not hold up the loop: other callbacks run between."""

    async def story(gate: Gate, left: Left) -> None:
        gate.hold(1, [voice(number) for number in range(10_000)])
        gate.on_written(1)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert 0 < len(left) < 10_000
        await turns(100)
        assert left == [(1, index) for index in range(10_000)]
        assert gate.held == 0

    with_gate(story)


def test_an_effect_that_causes_another_event_while_leaving_keeps_the_order() -> None:
    """A channel may submit from within carry_out; what that leads to leaves after what was there."""

    async def run() -> None:
        left: Left = []

        def release(_effect: Effect, seq: int, index: int) -> None:
            left.append((seq, index))
            if seq == 1:
                gate.hold(2 + index, [voice(9)])
                gate.on_written(2 + index)

        gate = Gate(asyncio.get_running_loop(), release)
        gate.hold(1, [voice(1), voice(2)])
        gate.on_written(1)
        await turns()
        assert left == [(1, 0), (1, 1), (2, 0), (3, 0)]

    asyncio.run(run())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("hold"), st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=4)),
            st.tuples(st.sampled_from(["write", "sync"]), st.integers(0, 3)),
        ),
        max_size=40,
    )
)
def test_reports_from_threads_let_no_effect_pass_its_level_or_an_earlier_one_of_its_contact(
    steps: list[tuple[str, Any]],
) -> None:
    """Whatever the order of entries and reports; and who promised nothing waits for no disk."""

    async def story(gate: Gate, left: Left) -> None:
        held: Held = {}
        promised: set[int] = set()
        last = written = synced = 0
        for step, what in steps:
            if step == "hold":
                last += 1
                effects = [mail(contact) if promise else voice(contact) for contact, promise in what]
                held.update({(last, index): effect for index, effect in enumerate(effects)})
                promised |= {contact for contact, promise in what if promise}
                gate.hold(last, effects)
            elif step == "write":
                written = min(last, written + what)
                on_thread(gate.on_written, written)
            else:
                synced = min(written, synced + what)
                on_thread(gate.on_synced, synced)
            await turns(2)
            _right_levels(held, left, max(written, synced), synced, promised)
            _in_order_of_each_contact(held, left)
        on_thread(gate.on_synced, last)
        await turns(2)
        assert set(left) == set(held)

    with_gate(story)


def _right_levels(held: Held, left: Left, written: int, synced: int, promised: set[int]) -> None:
    for key, effect in held.items():
        if key in left:
            assert key[0] <= (synced if effect.promise else written)
        elif contact_of(effect) not in promised:
            assert key[0] > written


def _in_order_of_each_contact(held: Held, left: Left) -> None:
    for contact in (1, 2, 3):
        of_contact = [key for key in left if contact_of(held[key]) == contact]
        assert of_contact == [key for key in held if contact_of(held[key]) == contact][: len(of_contact)]


def test_a_shut_gate_keeps_its_promises_and_lets_out_everything_in_order_once_it_is_open() -> None:
    """A channel that starts may wait for the disk; no channel is told anything before all have started."""

    async def story(gate: Gate, left: Left) -> None:
        gate.shut()
        gate.hold(1, [voice(1), mail(2)])
        gate.hold(2, [voice(3)])
        synced = gate.until_synced(2)
        gate.on_synced(2)
        await turns()
        assert (left, synced.done(), gate.held) == ([], True, 3)
        gate.reopen()
        await turns()
        assert left == [(1, 0), (2, 0), (1, 1)]

    with_gate(story)


def test_what_follows_a_promise_waits_with_it_and_leaves_after_it() -> None:
    """The agent is not shown a mail that its sender may still have to send again."""

    async def story(gate: Gate, left: Left) -> None:
        gate.hold(1, [mail(1), voice(1), voice(2)])
        gate.hold(2, [voice(1)])
        gate.on_written(2)
        await turns()
        assert left == [(1, 2)]
        gate.on_synced(2)
        await turns()
        assert left == [(1, 2), (1, 0), (1, 1), (2, 0)]
        gate.hold(3, [voice(1)])
        gate.on_written(3)
        await turns()
        assert left[-1] == (3, 0), "once the promise is kept nothing waits for the disk any more"

    with_gate(story)


def test_a_promise_is_kept_when_its_entry_is_synced_and_at_once_if_it_was() -> None:
    """HTTP 2xx waits for the sync of its own entry."""

    async def story(gate: Gate, left: Left) -> None:
        gate.start_from(4)
        assert gate.until_synced(4).done()
        late, early = gate.until_synced(7), gate.until_synced(6)
        gate.on_written(7)
        await turns()
        assert not early.done()
        gate.on_synced(6)
        await turns()
        assert early.done()
        assert not late.done()

    with_gate(story)


def test_a_cancelled_promise_disturbs_nobody() -> None:
    """A client that went away does not break those who still wait."""

    async def story(gate: Gate, left: Left) -> None:
        gone, waiting = gate.until_synced(1), gate.until_synced(1)
        gone.cancel()
        gate.on_synced(1)
        await turns()
        assert waiting.done()

    with_gate(story)


def test_calls_go_on_while_the_disk_is_full_and_promises_wait() -> None:
    """The journal fails: after a grace voice leaves unwritten; once it writes again the rule is back."""

    async def story(gate: Gate, left: Left) -> None:
        gate.hold(1, [voice(1), mail(2)])
        on_thread(gate.on_failure, OSError("no space left on device"))
        await turns()
        assert left == []
        assert "no space" in gate.trouble
        while not left:
            await asyncio.sleep(0.01)
        gate.hold(2, [voice(3)])
        await turns()
        assert left == [(1, 0), (2, 0)]
        gate.on_written(2)
        await turns()
        gate.hold(3, [voice(4)])
        await turns()
        assert left == [(1, 0), (2, 0)]
        gate.on_synced(3)
        await turns()
        assert left == [(1, 0), (2, 0), (3, 0), (1, 1)]
        assert gate.trouble == ""

    with_gate(story)


def test_a_failure_that_is_made_good_at_once_changes_nothing() -> None:
    """A snapshot that could not be stored does not let effects out early."""

    async def story(gate: Gate, left: Left) -> None:
        gate.hold(1, [voice(1)])
        gate.on_written(1)
        await turns()
        gate.on_failure(OSError("snapshot"))
        await asyncio.sleep(0.3)
        gate.hold(2, [voice(2)])
        await turns()
        assert left == [(1, 0)]

    with_gate(story)


def on_thread(call: Callable[..., None], argument: object) -> None:
    thread = threading.Thread(target=call, args=(argument,))
    thread.start()
    thread.join()
