"""What can go wrong in the SIP core: the peer's mistakes and ours are different classes."""


class SipError(Exception):
    """Base of all errors of the SIP core."""


class BadMessage(SipError):
    """The peer sent something that is not valid SIP; `status` is what a server answers."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason


class UnsafeTextError(SipError, ValueError):
    """We were about to write a header that contains a line break: our mistake, nothing is sent."""


class IllegalMoveError(SipError):
    """A caller asked for something that the state does not allow; the state is unchanged."""


class UnknownTransactionError(SipError, KeyError):
    """The key names no living transaction."""
