"""What a caller costs in processor time of the media process alone; `bench/media.py` measures it finely."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from channels.media.commands import Join, LegId, Play, RoomId, SoundId

if TYPE_CHECKING:
    from tests.channels.media.conftest import OpenDesk, Until

LEGS = 20


def cpu_s(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def test_a_packet_sent_or_relayed_costs_at_most_five_times_its_aim(
    open_desk: "OpenDesk", until: "Until"
) -> None:
    """Aims: 10 µs per packet of music (0.05 % of a core), 15 µs per relayed packet (0.15 % a call)."""

    async def story() -> None:
        async with open_desk() as desk:
            phones = [await desk.phone(f"leg{number}", 440) for number in range(LEGS)]
            legs = [LegId(f"leg{number}") for number in range(LEGS)]
            pid = desk.client.welcome.pid
            for leg in legs:
                desk.send(Play(leg, loop=SoundId("music")))
            for aim_s in (10e-6, 15e-6):
                await until(lambda: all(phone.packets for phone in phones))
                packets, used_s = sum(len(phone.packets) for phone in phones), cpu_s(pid)
                await asyncio.sleep(2)
                packets = sum(len(phone.packets) for phone in phones) - packets
                assert packets > 50 * LEGS
                assert (cpu_s(pid) - used_s) / packets < 5 * aim_s
                for leg, peer in zip(legs[::2], legs[1::2], strict=True):
                    room = RoomId(f"with {leg}")
                    desk.send(Join(leg, room), Join(peer, room))
                await desk.settled()
                for phone in phones:
                    phone.forget()

    asyncio.run(story())
