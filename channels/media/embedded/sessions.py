"""What was offered and answered on every leg, and what the media process must know of it. No I/O."""

from collections.abc import Iterable

from channels.media.commands import Accept, Answer, LegId, Offer
from channels.media.embedded import wire
from channels.media.embedded.states import LegState
from channels.media.events import Accepted, Answered, Offered
from channels.media.latch import Latch
from channels.media.negotiation import BOTH, AudioSession, is_nobodys, remote_audio
from channels.media.rtp import Address, Codec
from channels.media.sdp import parse_sdp

Negotiate = Offer | Answer | Accept


class Sessions:
    """The process keeps a copy of each session for the next server."""

    def __init__(self, *, latch: Latch, silent_s: int) -> None:
        self._of: dict[LegId, AudioSession] = {}
        self._latch = latch
        self._silent_s = silent_s

    def found(self, legs: Iterable[LegState]) -> None:
        """What the server before us had agreed."""
        for state in legs:
            if state.session:
                self._of[state.leg] = AudioSession.from_record(state.session)

    def forget(self, leg: LegId) -> None:
        self._of.pop(leg, None)

    def negotiate(self, command: Negotiate, local: Address) -> Offered | Answered | Accepted:
        """Raises BadSdpError, NotAcceptableError, OutOfTurnError; then what was agreed stays."""
        leg = command.leg
        session = self._of.get(leg)
        if session is None:
            session = self._of[leg] = AudioSession(_number(leg), local.ip, local.port, latch=self._latch)
        session.near = command.near or session.near
        if not isinstance(command, Accept):
            session.latch = command.latch or session.latch
        if isinstance(command, Answer):
            return Answered(leg, session.answer(command.sdp), session.held_by_peer)
        if isinstance(command, Offer):
            session.withdraw()  # a server that was killed may have made it before
            return Offered(leg, session.offer(codecs=self._codecs(command.like)), session.held_by_peer)
        if session.pending or not _is_in_force(session, command.sdp):
            session.accept(command.sdp)
        return Accepted(leg, session.held_by_peer)

    def _codecs(self, like: LegId) -> tuple[Codec, ...]:
        """The codec of the other leg first."""
        session = self._of.get(like)
        if session is None or session.codec is None:
            return BOTH
        return (session.codec, *(codec for codec in BOTH if codec is not session.codec))

    def connect(self, leg: LegId) -> wire.Connect:
        """The order to the process that makes it do what was agreed."""
        session = self._of[leg]
        kept = session.to_record()
        remote, codec, payload_type = session.remote, session.codec, session.send_payload_type
        if remote is None or codec is None or payload_type is None:
            return wire.Connect(leg, None, session=kept)
        return wire.Connect(
            leg,
            None if is_nobodys(remote.host) else Address(remote.host, remote.port),
            int(codec),
            payload_type,
            remote.dtmf,
            session.heard_types,
            session.latch,
            session.near,
            session.held_by_peer,
            self._silent_s,
            kept,
        )


def _is_in_force(session: AudioSession, sdp: bytes) -> bool:
    """Whether this answer was taken before."""
    remote = session.remote
    return remote is not None and remote_audio(parse_sdp(sdp), session.host, session.line) == remote


def _number(leg: LegId) -> int:
    """A session id that a restart makes again (RFC 8866 §5.2 wants a number)."""
    return int.from_bytes(leg.encode()[-7:], "big")
