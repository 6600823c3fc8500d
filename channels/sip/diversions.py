"""To which numbers a phone may want to divert its calls; whether it may, the desk's dial policy says."""

from acd.directory.numbers import Number, Numbering, read_number
from config.schema import Site
from queues.dial_policy import NEVER


class Diversions:
    """How the clients of the entries write numbers. Pure."""

    def __init__(self, site: Site) -> None:
        self._tenants = {str(entry.id): entry.tenant for entry in site.desk.entries}
        self._directory = site.directory

    def number(self, user: str, entry: str, network: str) -> Number | None:
        """What a phone means that sends a caller of this entry to `user`; None: nothing that is ever dialled.

        `network`: country of the one that dials, "" for the client's.
        """
        tenant = self._tenants.get(entry)
        if tenant is None:
            return None
        region = self._directory.regions.get(tenant, "")
        number = read_number(user, Numbering(region, self._directory.internal_digits, network))
        return None if number is None or number.dial_class in NEVER else number
