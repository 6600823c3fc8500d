"""Names of our INVITEs: nobody can guess them, and a restart makes the same ones again.

What a killed process has sent without its record being written is sent once more. With other names it would
be another call, and the first one would ring on. So they come of the leg and of a secret of this desk.
"""

from hashlib import blake2b

from channels.media.commands import LegId

SECRET = "secret"
"""Key of the channel's record that keeps it. A copy of the data that is no longer this desk's loses it with
all other records (decision 0032), and makes one of its own.
"""

BYTES = 8
"""64 bits; RFC 3261 §19.3 asks for 32."""


class Naming:
    """By a secret of at least 16 random bytes."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def tag(self, leg: LegId) -> str:
        """Our tag of a leg; its branches and its Call-ID are made of it."""
        return f"{leg}-{blake2b(leg.encode(), digest_size=BYTES, key=self._secret).hexdigest()}"
