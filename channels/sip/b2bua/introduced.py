"""Who calls, which number he has dialled, and who sent him here, as the INVITE of a trunk says."""

import re
from collections.abc import Iterator
from contextlib import suppress

from channels.sip.b2bua.calls import Calls
from channels.sip.b2bua.leg import LegRecord
from channels.sip.protocol.address import NameAddr, make_name_addr, make_uri, parse_name_addr
from channels.sip.protocol.errors import BadMessage
from channels.sip.protocol.message import Request
from channels.sip.trunks import CalledBy, CallerBy, Trunk
from queues.desk import EntryId

ANONYMOUS = "anonymous"
"""The user of a caller who does not say who he is (RFC 3323 §4.1)."""

HIDDEN = frozenset({"id", "user", "header"})
"""Privacy values by which his name and number are not to be passed on (RFC 3323 §4.2, RFC 3325 §9.3)."""


_NUMBER = re.compile(r"\+?[0-9().-]*[0-9][0-9().-]*")
_NO_SEPARATORS = str.maketrans("", "", "().-")
"""Visual separators (RFC 3966 §5.1.1) are for people: a phone dials back what it was shown."""

Caller = tuple[str, str]
"""His number or user name, and how he calls himself."""

NOBODY: Caller = ANONYMOUS, ""
"""He does not say who he is, or wants it not to be passed on."""


def entry(calls: Calls, request: Request, trunk: Trunk) -> EntryId:
    """The entry that was dialled, by the headers that the trunk says so in; else the Request-URI as it is."""
    for header in trunk.called:
        if header == CalledBy.REQUEST_URI:
            found = calls.entry_of(request.target.user, trunk.region)
        elif header in request.index:
            users = (address.uri.user for address in _addresses(request, header))
            found = next(filter(None, (calls.entry_of(user, trunk.region) for user in users)), None)
        else:
            continue
        if found is not None:
            return found
    return EntryId(request.target.user)


def _addresses(request: Request, header: str) -> Iterator[NameAddr]:
    """Those that can be read; the network's additions must not cost a call."""
    with suppress(BadMessage):
        for value in request.values(header):
            yield parse_name_addr(value)


def caller(request: Request, trunk: Trunk) -> Caller:
    """Who calls, by the first of the trunk's headers that says so; nobody if he wants it so.

    Of two values (one SIP, one telephone URI: RFC 3325 §9.1) it is the one with a number: that is what
    lists know him by.
    """
    if "Privacy" in request.index and _is_hidden(request):
        return NOBODY
    for header in trunk.caller:
        if header not in request.index:
            continue
        addresses = [request.from_] if header == CallerBy.FROM else _addresses(request, header)
        said = [(user, one.display) for one in addresses if (user := one.uri.user.partition(";")[0])]
        for user, name in said:
            if _NUMBER.fullmatch(user):
                return user.translate(_NO_SEPARATORS), name
        if said:
            return said[0]
    return NOBODY


def _is_hidden(request: Request) -> bool:
    words = {word.strip().lower() for line in request.get_all("Privacy") for word in line.split(";")}
    return not HIDDEN.isdisjoint(words)


def introduce(calls: Calls, record: LegRecord, request: Request) -> None:
    """What an agent's phone is to show of the caller: From, as a value without a tag, and Diversion.

    Our own realm, so that no foreign address leaks inwards.
    """
    trunk = calls.trunk_of(record.host)
    settings = calls.settings
    if trunk is None:  # it is none any more, by the site of a restart
        record.show_as = f"<{make_uri(ANONYMOUS, settings.realm)}>"
        return
    (user, name), title = caller(request, trunk), settings.titles.get(record.entry, "")
    if not settings.shows_name:
        name = ""
    display = f"{title}: {name}" if title and name else title or name
    record.show_as = make_name_addr(make_uri(user, settings.realm), display)
    if "Diversion" in request.index or "History-Info" in request.index:
        record.diverted = _diverted(request, settings.realm)


def _diverted(request: Request, realm: str) -> str:
    """Who sent him here last: Diversion (RFC 5806), else the first of several in History-Info (RFC 7044)."""
    last = next(_addresses(request, "Diversion"), None)
    if last is None:
        past = list(_addresses(request, "History-Info"))
        last = past[0] if len(past) > 1 else None
    if last is None or "Privacy" in last.uri.headers or last.params.get("privacy") not in (None, "off"):
        return ""
    reason = last.params.get("reason") or ""
    suffix = f";reason={reason}" if reason.replace("-", "").isalnum() else ""
    return make_name_addr(make_uri(last.uri.user.partition(";")[0], realm)) + suffix
