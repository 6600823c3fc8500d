"""Registrations: who is bound until when, in which order requests count, and what a restart keeps."""

from collections.abc import Callable

import pytest

from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.errors import BadMessage
from channels.sip.protocol.message import Request
from channels.sip.protocol.registrar import Answer, ChangeKind, Limits, Registrar

Make = Callable[..., Request]
NAT = Endpoint("198.51.100.7", 41000)


@pytest.fixture
def registrar() -> Registrar:
    return Registrar(Limits(min_expires_s=60, default_expires_s=600, max_expires_s=3600, max_bindings=2))


@pytest.fixture
def register(registrar: Registrar, make_request: Make) -> Callable[..., Answer]:
    """REGISTER of anna with a Contact, at a time."""

    def send(contact: str, cseq: int = 1, now_ms: int = 0, call_id: str = "r1", **changes: str) -> Answer:
        request = make_request("REGISTER", contact=contact, cseq=str(cseq), call_id=call_id, **changes)
        return registrar.register("anna", request, NAT, now_ms)

    return send


Register = Callable[..., Answer]


def kinds(answer: Answer) -> list[ChangeKind]:
    return [change.kind for change in answer.changes]


def test_binding_is_added_and_refreshed_and_expires(registrar: Registrar, register: Register) -> None:
    """A phone is bound with where it really is, until its expiry, which a refresh moves."""
    answer = register("<sip:anna@10.0.0.5:5060>;expires=100")
    assert (answer.status, kinds(answer)) == (200, [ChangeKind.ADDED])
    assert answer.headers == (("Contact", "<sip:anna@10.0.0.5:5060>;expires=100"),)
    [binding] = registrar.bindings("anna")
    assert (binding.contact, binding.source, binding.expires_ms) == ("sip:anna@10.0.0.5:5060", NAT, 100_000)
    assert kinds(register("<sip:anna@10.0.0.5:5060>;expires=100", 2, 50_000)) == [ChangeKind.REFRESHED]
    assert registrar.next_deadline() == 150_000
    assert registrar.expire(149_999) == []
    assert [change.kind for change in registrar.expire(150_000)] == [ChangeKind.EXPIRED]
    assert registrar.users() == []
    assert registrar.next_deadline() is None


@pytest.mark.parametrize(
    ("contact", "extra", "seconds"),
    [
        ("<sip:anna@10.0.0.5>;expires=90", "Expires: 300", 90),
        ("<sip:anna@10.0.0.5>", "Expires: 300", 300),
        ("<sip:anna@10.0.0.5>", "X-None: 1", 600),
        ("<sip:anna@10.0.0.5>;expires=x;q=0.5", "X-None: 1", 600),
        ("<sip:anna@10.0.0.5>;expires=4000000000", "X-None: 1", 3600),
        ("<sip:anna@10.0.0.5>", "Expires: 99999", 3600),
    ],
)
def test_how_long(registrar: Registrar, register: Register, contact: str, extra: str, seconds: int) -> None:
    """The contact's own expiry counts before the header's, that before the default; the maximum caps."""
    register(contact, extra=extra)
    assert registrar.next_deadline() == 1000 * seconds


def test_too_brief(registrar: Registrar, register: Register) -> None:
    """Less than the minimum is refused with 423 and the minimum; 0 is not brief but a removal."""
    assert register("<sip:anna@10.0.0.5>;expires=59") == Answer(423, (("Min-Expires", "60"),))
    assert registrar.bindings("anna") == []
    register("<sip:anna@10.0.0.5>", 2)
    assert kinds(register("<sip:anna@10.0.0.5>;expires=0", 3)) == [ChangeKind.REMOVED]
    assert register("<sip:anna@10.0.0.5>;expires=0", 4) == Answer(200)


def test_star_removes_everything(registrar: Registrar, register: Register) -> None:
    """`Contact: *` with Expires 0 removes all bindings; in any other company it is a 400."""
    register("<sip:anna@10.0.0.5>, <sip:anna@10.0.0.6>")
    assert register("*", 2).status == 400
    assert register("*", 2, extra="Expires: 10").status == 400
    with pytest.raises(BadMessage):
        register("*", 2, extra="Contact: <sip:anna@10.0.0.7>")
    assert len(registrar.bindings("anna")) == 2
    assert kinds(register("*", 2, extra="Expires: 0")) == [ChangeKind.REMOVED] * 2


def test_query_changes_nothing(registrar: Registrar, register: Register, make_request: Make) -> None:
    """Without Contact the answer lists what is bound."""
    register("<sip:anna@10.0.0.5>")
    query = make_request("REGISTER", cseq="2", call_id="r1").without("Contact")
    answer = registrar.register("anna", query, NAT, 100_000)
    assert (answer.headers, answer.changes) == ((("Contact", "<sip:anna@10.0.0.5>;expires=500"),), ())


def test_order_within_one_phone(registrar: Registrar, register: Register) -> None:
    """An old or repeated CSeq of the same Call-ID changes nothing; another Call-ID is a restarted phone."""
    register("<sip:anna@10.0.0.5>", 5)
    assert register("<sip:anna@10.0.0.5>;expires=0", 4).status == 500
    assert register("<sip:anna@10.0.0.5>;expires=0", 5).status == 500
    assert register("*", 3, extra="Expires: 0").status == 500
    assert len(registrar.bindings("anna")) == 1
    assert kinds(register("<sip:anna@10.0.0.5>", 1, call_id="r2")) == [ChangeKind.REFRESHED]


def test_all_or_nothing(registrar: Registrar, register: Register) -> None:
    """One bad contact in a list and none is bound."""
    register("<sip:anna@10.0.0.5>", 5)
    assert register("<sip:anna@10.0.0.6>, <sip:anna@10.0.0.5>", 5).status == 500
    assert register("<sip:anna@10.0.0.6>, <sip:anna@10.0.0.7>;expires=1", 6).status == 423
    assert register("<sip:anna@10.0.0.6>, <tel:+49305550101>", 6).status == 400
    assert [binding.contact for binding in registrar.bindings("anna")] == ["sip:anna@10.0.0.5"]


def test_too_many(registrar: Registrar, register: Register) -> None:
    """One more phone pushes the oldest out; more than the maximum at once are refused."""
    many = ", ".join(f"<sip:anna@10.0.0.{number}>" for number in range(3))
    assert register(many).status == 403
    for number in range(3):
        answer = register(f"<sip:anna@10.0.1.{number}>", call_id=f"r{number}")
    assert kinds(answer) == [ChangeKind.REMOVED, ChangeKind.ADDED]
    contacts = [binding.contact for binding in registrar.bindings("anna")]
    assert contacts == ["sip:anna@10.0.1.1", "sip:anna@10.0.1.2"]


def test_instance_is_the_same_phone(registrar: Registrar, register: Register) -> None:
    """A phone with an instance id that comes back from another port replaces itself."""
    instance = '+sip.instance="<urn:uuid:00000000-0000-4000-8000-000000000001>"'
    register(f"<sip:anna@10.0.0.5:5060>;{instance}")
    assert kinds(register(f"<sip:anna@10.0.0.5:6060>;{instance}", call_id="r2")) == [ChangeKind.REFRESHED]
    assert [binding.contact for binding in registrar.bindings("anna")] == ["sip:anna@10.0.0.5:6060"]


def test_equal_contacts(registrar: Registrar, register: Register) -> None:
    """Letter case of the host, the default port and unknown parameters do not make another phone."""
    register("<sip:anna@Phone.example>")
    assert kinds(register("<sip:anna@phone.EXAMPLE:5060;x=1>", 2)) == [ChangeKind.REFRESHED]


def test_sign_out(registrar: Registrar, register: Register) -> None:
    """Removing a user removes its deadlines too."""
    register("<sip:anna@10.0.0.5>")
    assert [change.kind for change in registrar.remove("anna")] == [ChangeKind.REMOVED]
    assert registrar.next_deadline() is None
    assert registrar.remove("anna") == []


def test_record_round_trip(registrar: Registrar, register: Register) -> None:
    """Bindings read back from a record ring and expire as before; no bindings, no record."""
    assert registrar.to_record("anna") is None
    register("<sip:anna@10.0.0.5>, <sip:anna@10.0.0.6>;expires=90")
    record = registrar.to_record("anna")
    assert record is not None
    again = Registrar()
    again.from_record("anna", record)
    assert again.bindings("anna") == registrar.bindings("anna")
    assert again.next_deadline() == registrar.next_deadline() == 90_000
