"""Mail addresses, domains and fax ids in one form. Pure."""

import idna

from acd.directory.numbers import Numbering, read_number

MAX_FAX_ID = 64
"""A CSID has 20 characters (T.30 §5.3.6.2.4); gateways add to it."""


def mail_address(text: str) -> str | None:
    """The address with its local part as written and its domain as `domain` gives it; None: it is none."""
    local, at, host = text.strip().rpartition("@")
    if not at or not 0 < len(local.encode()) <= 64 or any(one in local for one in "\r\n\0<>"):
        return None
    if any(one.isspace() or one == "@" for one in local) and not (local[0] == local[-1] == '"'):
        return None
    normal = domain(host)
    return None if normal is None else f"{local}@{normal}"


def domain(text: str) -> str | None:
    """The domain in lower case, as A-labels (IDNA 2008, mapped by UTS 46); None: it is none."""
    text = text.strip().removesuffix(".")
    if not 0 < len(text) <= 255 or "@" in text:
        return None
    try:
        return idna.encode(text, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return None


def mail_key(address: str) -> str:
    """By which an address is found. RFC 5321 §2.4 lets hosts tell cases apart; no host known to us does."""
    return address.casefold()


def fax_id(text: str, numbering: Numbering) -> str | None:
    """A fax id that writes a number is that number; another one loses case and double spaces. None: empty."""
    text = " ".join(text.split())
    if not text or len(text) > MAX_FAX_ID:
        return None
    number = read_number(text, numbering)
    return number.normal if number is not None else text.casefold()
