"""Whom a phone may divert its calls to: `[[outbound]]` rules of the purpose `divert`."""

from typing import NamedTuple

from acd.directory.numbers import Numbering, read_number
from acd.ports import DialClass
from config.schema import Site
from queues.outbound import rule_for

DIVERT = "divert"

NEVER = frozenset({DialClass.EMERGENCY, DialClass.PREMIUM, DialClass.UNKNOWN})
"""Numbers that are not dialled whatever the desk has allowed."""


class Allowed(NamedTuple):
    """`number` in normal form; `at_once`: so many such calls there may be."""

    number: str
    at_once: int


class Diversions:
    """The rules for the clients of the entries. Pure."""

    def __init__(self, site: Site, channel: str) -> None:
        self._rules = [rule for rule in site.desk.outbound if rule.channel == channel]
        self._tenants = {str(entry.id): entry.tenant for entry in site.desk.entries}
        self._directory = site.directory

    def allowed(self, user: str, entry: str, network: str) -> Allowed | None:
        """What may be dialled for a caller of this entry, whom a phone sends to `user`; None: nothing.

        `network`: country of the one that dials, "" for the client's.
        """
        tenant = self._tenants.get(entry)
        if tenant is None:
            return None
        region = self._directory.regions.get(tenant, "")
        number = read_number(user, Numbering(region, self._directory.internal_digits, network))
        if number is None or number.dial_class in NEVER:
            return None
        rule = rule_for(self._rules, tenant, DIVERT, number.dial_class)
        return None if rule is None else Allowed(number.normal, rule.at_once)
