"""What all facts have in common."""

from msgspec import Struct


class Fact(Struct, frozen=True, gc=False):
    """Base of all facts. `t_ms` is the moment it became true: of its event, or of its own deadline.

    Journals and the API name each by its tag, which therefore stays when its class is renamed.
    """

    t_ms: int
