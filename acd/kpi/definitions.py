"""The KPIs by name: each with its version, formula, unit and meaning; computed from counts only.

A changed definition is a new version; what was reported stays true under its old one.
"""

from collections.abc import Iterable, Mapping

from acd.kpi.definition import ONE as ONE
from acd.kpi.definition import RULES as RULES
from acd.kpi.definition import Definition as Definition
from acd.kpi.definition import Part as Part
from acd.kpi.definition import Unit as Unit
from acd.kpi.definition import printed as printed
from acd.kpi.lists_and_surveys import LISTS_AND_SURVEYS
from acd.kpi.service import Counts


def _net(c: Counts) -> float:
    """All who were answered or gave up, short abandons left out."""
    return c.answered + c.abandoned - c.short


def _late_or_answered(c: Counts) -> float:
    """Answered, and gave up later than T: short abandons are within T already."""
    return c.answered + c.abandoned - c.abandoned_in_time


def _busy_handling(c: Counts) -> float:
    return c.talk_ms + c.hold_ms + c.wrap_up_ms


_ALL: Iterable[Definition] = (
    Definition(
        "contacts",
        "offered + blocked + incident + open",
        Unit.NUMBER,
        "All contacts: N = O + B + M, and what is still open.",
        "Anzahl der Kontakte",
        lambda c: c.arrived,
    ),
    Definition(
        "answered",
        "in_time / answered",
        Unit.SHARE,
        "Service level: of those who were answered, the share within T.",
        "Servicelevel der angenommenen",
        lambda c: c.in_time,
        lambda c: c.answered,
    ),
    Definition(
        "answered_or_abandoned_in_time",
        "(in_time + abandoned_in_time) / (answered + abandoned)",
        Unit.SHARE,
        "Service level: the share whose wait was over within T, one way or the other.",
        "Servicelevel, Auflegen in der Zeit zählt als erfüllt",
        lambda c: c.in_time + c.abandoned_in_time,
        lambda c: c.answered + c.abandoned,
    ),
    Definition(
        "abandons_ignored",
        "in_time / (answered + abandoned - short - (abandoned_in_time - short))",
        Unit.SHARE,
        "Service level: who gave up within T does not count at all.",
        "Servicelevel, Auflegen in der Zeit zählt nicht mit",
        lambda c: c.in_time,
        _late_or_answered,
    ),
    Definition(
        "abandons_negative",
        "in_time / (answered + abandoned - short)",
        Unit.SHARE,
        "Service level, the default: whoever gave up, short abandons left out, was not served in time.",
        "Servicelevel, Auflegen zählt als verfehlt",
        lambda c: c.in_time,
        _net,
    ),
    Definition(
        "abandons_positive",
        "(in_time + abandoned_in_time - short) / (answered + abandoned - short)",
        Unit.SHARE,
        "Service level: who gave up within T, but not shortly, counts as served.",
        "Servicelevel, Auflegen in der Zeit zählt als erfüllt, kurzes nicht mit",
        lambda c: c.in_time + c.abandoned_in_time - c.short,
        _net,
    ),
    Definition(
        "offered",
        "in_time / offered",
        Unit.SHARE,
        "Service level: the share of all that were offered to the line, flow-outs included.",
        "Servicelevel der angebotenen",
        lambda c: c.in_time,
        lambda c: c.offered,
    ),
    Definition(
        "reachability",
        "answered / (answered + abandoned + blocked)",
        Unit.SHARE,
        "The share of calls that reached a person. A voicemail is none; who was content with the text of an "
        "incident is left out.",
        "Erreichbarkeit",
        lambda c: c.answered,
        lambda c: c.answered + c.abandoned + c.blocked,
    ),
    Definition(
        "reachability_net",
        "answered / (answered + abandoned - short + blocked)",
        Unit.SHARE,
        "The same without short abandons.",
        "Erreichbarkeit ohne kurzes Auflegen",
        lambda c: c.answered,
        lambda c: _net(c) + c.blocked,
    ),
    Definition(
        "reachability_per_customer",
        "customers_reached / customers",
        Unit.SHARE,
        "Of the cases of parties who were answered, gave up or were turned away, the share that was answered "
        "in the end.",
        "Erreichbarkeit je Kunde",
        lambda c: c.customers_reached,
        lambda c: c.customers,
    ),
    Definition(
        "abandon_rate",
        "abandoned / (answered + abandoned)",
        Unit.SHARE,
        "The share that gave up.",
        "Lost Calls",
        lambda c: c.abandoned,
        lambda c: c.answered + c.abandoned,
    ),
    Definition(
        "abandon_rate_net",
        "(abandoned - short) / (answered + abandoned - short)",
        Unit.SHARE,
        "The same without short abandons.",
        "Lost Calls ohne kurzes Auflegen",
        lambda c: c.abandoned - c.short,
        _net,
    ),
    Definition(
        "asa",
        "wait_ms / answered",
        Unit.MS,
        "Average speed of answer: mean wait of those who were answered, from the moment they queued.",
        "mittlere Wartezeit",
        lambda c: c.wait_ms,
        lambda c: c.answered,
    ),
    Definition(
        "response_time",
        "response_ms / answered",
        Unit.MS,
        "The same from the arrival, announcements included.",
        "Anruf-Reaktionszeit",
        lambda c: c.response_ms,
        lambda c: c.answered,
    ),
    Definition(
        "longest_wait",
        "longest_wait_ms",
        Unit.MS,
        "Longest wait of those who were answered.",
        "längste Wartezeit",
        lambda c: c.longest_wait_ms,
    ),
    Definition(
        "longest_abandoned",
        "longest_abandoned_ms",
        Unit.MS,
        "Longest wait of those who gave up.",
        "längste Wartezeit der Aufleger",
        lambda c: c.longest_abandoned_ms,
    ),
    Definition(
        "talk_time",
        "(talk_ms + hold_ms) / handled",
        Unit.MS,
        "Mean conversation of those whom an agent handled, hold included.",
        "Gesprächszeit",
        lambda c: c.talk_ms + c.hold_ms,
        lambda c: c.handled,
    ),
    Definition(
        "wrap_up_time",
        "wrap_up_ms / handled",
        Unit.MS,
        "Mean after-contact work.",
        "Nachbearbeitungszeit",
        lambda c: c.wrap_up_ms,
        lambda c: c.handled,
    ),
    Definition(
        "aht",
        "(talk_ms + hold_ms + wrap_up_ms) / handled",
        Unit.MS,
        "Average handling time: conversation and after-contact work.",
        "Bearbeitungszeit",
        _busy_handling,
        lambda c: c.handled,
    ),
    Definition(
        "occupancy",
        "busy_ms / present_ms",
        Unit.SHARE,
        "Of the time in which agents were signed in and not paused: talk, hold, ring and wrap-up.",
        "Auslastung",
        lambda c: c.busy_ms,
        lambda c: c.present_ms,
    ),
    Definition(
        "voicemail_share",
        "voicemails / offered",
        Unit.SHARE,
        "The share of the offered calls that ended with a message instead of an agent.",
        "Anteil Sprachnachrichten",
        lambda c: c.voicemails,
        lambda c: c.offered,
    ),
    Definition(
        "callback_rate",
        "callbacks_kept / (callbacks_kept + callbacks_lost)",
        Unit.SHARE,
        "Of the promised callbacks that are decided, the share in which the party and an agent spoke.",
        "gehaltene Rückrufe",
        lambda c: c.callbacks_kept,
        lambda c: c.callbacks_kept + c.callbacks_lost,
    ),
    Definition(
        "callback_time",
        "callback_ms / callbacks_kept",
        Unit.MS,
        "Mean time from the promise of a callback until it was kept.",
        "Zeit bis zum Rückruf",
        lambda c: c.callback_ms,
        lambda c: c.callbacks_kept,
    ),
    Definition(
        "announced_wait_error",
        "told_error_ms / waits_told",
        Unit.MS,
        "Mean difference between the wait that was announced first and the one that came, of those who were "
        "answered.",
        "Abweichung von der angesagten Wartezeit",
        lambda c: c.told_error_ms,
        lambda c: c.waits_told,
    ),
    Definition(
        "announced_wait_kept",
        "waits_in_band / waits_told",
        Unit.SHARE,
        "Of those who were told how long they would wait and were answered, the share whose wait lay where "
        "nine of ten should.",
        "eingehaltene angesagte Wartezeiten",
        lambda c: c.waits_in_band,
        lambda c: c.waits_told,
    ),
    Definition(
        "coded_share",
        "coded / handled",
        Unit.SHARE,
        "The share that has a wrap-up code: how complete counts by code are.",
        "Anteil mit Nachbearbeitungscode",
        lambda c: c.coded,
        lambda c: c.handled,
    ),
    Definition(
        "escalation_rate",
        "escalated / handled",
        Unit.SHARE,
        "Of those whom an agent handled, the share handed on to a line of a higher level.",
        "Eskalationsquote",
        lambda c: c.escalated,
        lambda c: c.handled,
    ),
    Definition(
        "escalation_time",
        "escalation_ms / escalated",
        Unit.MS,
        "Mean time from the arrival to that hand-over.",
        "Eskalationszeit",
        lambda c: c.escalation_ms,
        lambda c: c.escalated,
    ),
    Definition(
        "escalation_time_from_answer",
        "escalation_handling_ms / escalated",
        Unit.MS,
        "Mean time from the answer to that hand-over.",
        "Eskalationszeit ab Annahme",
        lambda c: c.escalation_handling_ms,
        lambda c: c.escalated,
    ),
    *LISTS_AND_SURVEYS,
    Definition(
        "mail_in_time",
        "replied_in_time / written",
        Unit.SHARE,
        "Of mails and faxes that were replied to or should have been, the share with a human reply in time, "
        "in business time.",
        "Antworten in der Zeit",
        lambda c: c.replied_in_time,
        lambda c: c.written,
    ),
    Definition(
        "mail_response_time",
        "reply_ms / replied",
        Unit.MS,
        "Mean business time from the arrival of a mail or fax to its reply.",
        "Reaktionszeit auf Mails und Faxe",
        lambda c: c.reply_ms,
        lambda c: c.replied,
    ),
    Definition(
        "first_contact_resolution",
        "resolved_first / resolvable",
        Unit.SHARE,
        "Of the answered contacts of known parties, the share that was not escalated, and that no other "
        "contact of the party followed, nor an answered one preceded, within the days of the rule.",
        "Erstlösungsquote",
        lambda c: c.resolved_first,
        lambda c: c.resolvable,
    ),
    Definition(
        "first_contact_resolution_of_answered",
        "resolved_first / answered",
        Unit.SHARE,
        "The same of all that were answered, parties unknown included.",
        "Erstlösungsquote aller angenommenen",
        lambda c: c.resolved_first,
        lambda c: c.answered,
    ),
    Definition(
        "recontact_rate",
        "recontacted / resolvable",
        Unit.SHARE,
        "Of the answered contacts of known parties, the share whose party came again in those days.",
        "Wiederanruferquote",
        lambda c: c.recontacted,
        lambda c: c.resolvable,
    ),
    Definition(
        "handling_per_ticket",
        "ticket_handling_ms / tickets",
        Unit.MS,
        "Work on a service request: of all contacts with the same ticket together.",
        "Bearbeitungszeit je Ticket",
        lambda c: c.ticket_handling_ms,
        lambda c: c.tickets,
    ),
    Definition(
        "incident_share",
        "incident / arrived",
        Unit.SHARE,
        "The share that ended in the text of an incident.",
        "Anteil mit Störungsansage zufrieden",
        lambda c: c.incident,
        lambda c: c.arrived,
    ),
    Definition(
        "informed_share",
        "informed / arrived",
        Unit.SHARE,
        "The share that was told of an incident, whatever became of it.",
        "Anteil mit Störungsansage",
        lambda c: c.informed,
        lambda c: c.arrived,
    ),
)

DEFINITIONS: Mapping[str, Definition] = {definition.name: definition for definition in _ALL}

DEFAULT_SERVICE_LEVEL = "abandons_negative"

SERVICE_LEVELS = (
    "answered",
    "answered_or_abandoned_in_time",
    "abandons_ignored",
    "abandons_negative",
    "abandons_positive",
    "offered",
)
"""The definitions of the service level, any of which a contract may name."""
