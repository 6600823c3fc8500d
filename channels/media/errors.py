"""What can go wrong with media; `code` is how it is told over a wire."""


class MediaError(Exception):
    """A command could not be carried out."""

    code = "error"


class BadCommandError(MediaError):
    """The command is malformed or names an impossible value."""

    code = "bad-command"


class UnknownLegError(MediaError):
    """No leg has this id."""

    code = "unknown-leg"


class UnknownSoundError(MediaError):
    """No sound with this id is in the engine's sound folder."""

    code = "unknown-sound"


class NoPortsLeftError(MediaError):
    """Every port of the configured range is in use."""

    code = "no-ports"


class UnwritableError(MediaError):
    """A recording cannot be written."""

    code = "unwritable"


class MediaGoneError(MediaError):
    """The media engine cannot be reached."""

    code = "gone"


class MediaHangsError(MediaGoneError):
    """The media engine is there, and says nothing."""


class BadSdpError(MediaError):
    """A session description that cannot be read, or an answer that does not fit its offer."""

    code = "bad-sdp"


class NotAcceptableError(MediaError):
    """A readable session description that has nothing we can use."""

    code = "not-acceptable"


class BadAddressError(NotAcceptableError):
    """Its sound is wanted at no IP address of our family: a name, the other family, a broadcast."""

    code = "bad-address"


class MulticastError(NotAcceptableError):
    """Its sound is wanted at a group of receivers."""

    code = "multicast"


class OutOfTurnError(MediaError):
    """Offer or answer while an offer of ours waits for its answer, or an answer to none (RFC 3264 §4)."""

    code = "out-of-turn"


class UnsafeSdpError(MediaError, ValueError):
    """We were about to write a description with a line break in a value: our mistake."""

    code = "unsafe"
