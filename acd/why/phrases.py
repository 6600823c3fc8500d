"""What is said of decisions and of those who could not take a contact, and the words of the engine.

In English and German, as in `acd.why.words`.
"""

from acd.why.words import Words

RULES: Words = {
    "medium": ("takes no {what}", "nimmt kein {what}"),
    "skill": ("lacks {what} {needs}", "ohne {what} {needs}"),
    "skill.level": ("has {what} {has}, not {needs}", "hat {what} {has} statt {needs}"),
    "skill.later": (
        "lacks {what} {needs}; a relaxation lets him in at {until_ms}",
        "ohne {what} {needs}; eine Lockerung lässt ihn ab {until_ms} zu",
    ),
    "skill.any": ("meets no alternative of the line", "erfüllt keine Anforderung der Linie"),
    "held": ("it is held for {what} until {until_ms}", "er ist bis {until_ms} für {what} aufgehoben"),
    "asks": ("asks himself", "fragt selbst"),
    "signed out": ("not signed in", "nicht angemeldet"),
    "paused": ("paused ({what}) since {since_ms}", "in Pause ({what}) seit {since_ms}"),
    "no device": ("no phone or desktop registered", "kein Telefon oder Arbeitsplatz gemeldet"),
    "device away": ("device away since {since_ms}", "Gerät weg seit {since_ms}"),
    "rung": ("being rung for contact {contact}", "wird für Kontakt {contact} angerufen"),
    "reserved": ("kept free for contact {contact}", "freigehalten für Kontakt {contact}"),
    "wrap-up": (
        "wraps up contact {contact} until {until_ms}",
        "arbeitet Kontakt {contact} nach bis {until_ms}",
    ),
    "wrap-up.open": (
        "wraps up contact {contact}, no end set",
        "arbeitet Kontakt {contact} nach, ohne festes Ende",
    ),
    "busy": (
        "has contact {contact} in hand since {since_ms}",
        "hat Kontakt {contact} in Arbeit seit {since_ms}",
    ),
    "tried": ("tried already, in vain", "schon vergeblich versucht"),
    "later": (
        "freed by the same event: those who were idle are asked first",
        "erst durch dasselbe Ereignis frei: zuerst werden die Freien gefragt",
    ),
}
"""Why an agent could not be offered it, after his name: see `acd.why.verdict.Rule`."""

LOOKS: Words = {
    "standing": (
        (
            "rank: class {priority_class} ({class_of}), urgency {percent} % = "
            "(waited {waited_ms} + head start {head_start_ms}) / target {target_ms}"
        ),
        (
            "Rang: Klasse {priority_class} ({class_of}), Dringlichkeit {percent} % = "
            "(gewartet {waited_ms} + Vorsprung {head_start_ms}) / Ziel {target_ms}"
        ),
    ),
    "line": ("of the line", "der Linie"),
    "asked": ("entry, list or by hand", "Eingang, Liste oder von Hand"),
    "promotion": ("promotion", "Beförderung"),
    "agent chosen": (
        "{agent} was the best of {count} who could take it",
        "{agent} passte am besten von {count}, die ihn nehmen konnten",
    ),
    "agent chosen.only": (
        "{agent} was the only one who could take it",
        "nur {agent} konnte ihn nehmen",
    ),
    "contact chosen.only": (
        "{agent} became free, and nothing else waited for him",
        "{agent} wurde frei, und sonst wartete nichts für ihn",
    ),
    "contact chosen": (
        "{agent} became free, and this was the first in rank of {count} for him",
        "{agent} wurde frei, und dieser war der erste im Rang von {count} für ihn",
    ),
    "reserved": (
        "{agent} had been kept free for it",
        "{agent} war für ihn freigehalten",
    ),
    "by class": ("decided by class", "entschieden durch die Klasse"),
    "by urgency": ("decided by urgency", "entschieden durch die Dringlichkeit"),
    "by arrival": ("a tie, decided by the order of arrival", "Gleichstand, entschieden durch die Ankunft"),
    "by in hand": ("decided by who has least in hand", "entschieden: wer am wenigsten in Arbeit hat"),
    "by idle": ("decided by who was idle longest", "entschieden: wer am längsten frei war"),
    "by skill": ("decided by the higher skill levels", "entschieden durch die höheren Stufen"),
    "by occupancy": ("decided by the lower occupancy", "entschieden durch die geringere Auslastung"),
    "by last offer": (
        "decided by whose last offer is oldest",
        "entschieden: wessen letztes Angebot am ältesten ist",
    ),
    "by roster": (
        "a tie, decided by the roster",
        "Gleichstand, entschieden durch die Reihenfolge im Dienstplan",
    ),
    "idle": (
        "could take it: {agent} (idle since {idle_since_ms}, fitness {fitness})",
        "konnte ihn nehmen: {agent} (frei seit {idle_since_ms}, Eignung {fitness})",
    ),
    "rival": (
        "against contact {contact}: class {priority_class}, urgency {percent} %",
        "gegen Kontakt {contact}: Klasse {priority_class}, Dringlichkeit {percent} %",
    ),
    "barred": ("not: {agents}: {why}", "nicht: {agents}: {why}"),
    "more": ("and {count} more", "und {count} weitere"),
    "free": ("free", "frei"),
    "spell": ("{from_ms} to {until_ms}: {why}", "{from_ms} bis {until_ms}: {why}"),
    "meanwhile": ("Meanwhile, of those who may serve it", "Inzwischen, von denen, die ihn bedienen dürfen"),
    "head": ("contact {contact}", "Kontakt {contact}"),
    "open": (
        "It has not ended by the last entry of the journal.",
        "Beim letzten Eintrag des Journals war er noch nicht vorbei.",
    ),
    "older": (
        "Some entries were written by engine version {versions}; this one ({mine}) decides them alike.",
        "Einige Einträge stammen von Version {versions}; diese ({mine}) entscheidet sie gleich.",
    ),
    "texts": (" {names}", " {names}"),
    "asks": (", and is asked for key {keys}", ", und wird nach Taste {keys} gefragt"),
    "music": (", then music {name}", ", dann Musik {name}"),
    "music.only": (" music {name}", " Musik {name}"),
    "silence": (" nothing", " nichts"),
    "at": ("at", "um"),
    "what": ("what", "was"),
}

IFS: Words = {
    "ready": ("Had {agent} been ready from {at_ms} on,", "Wäre {agent} ab {at_ms} bereit gewesen,"),
    "without": ("Without contact {contact},", "Ohne Kontakt {contact}"),
    "plain": (
        "Had contact {contact} come without class and head start of its own,",
        "Wäre Kontakt {contact} ohne eigene Klasse und Vorsprung gekommen,",
    ),
    "more": (
        "With one more agent like {agent}, from the arrival on,",
        "Mit einem weiteren Agenten wie {agent} ab der Ankunft",
    ),
    "no-incident": (
        "Had incident {incident} not been on,",
        "Ohne die Störung {incident}",
    ),
    "same": (
        "it would have been the same: answered by {agent} at {answered_ms}.",
        "wäre es dasselbe gewesen: angenommen von {agent} um {answered_ms}.",
    ),
    "earlier": (
        "{agent} would have answered at {answered_ms}: {difference_ms} earlier.",
        "hätte {agent} um {answered_ms} angenommen: {difference_ms} früher.",
    ),
    "later": (
        "{agent} would have answered at {answered_ms}: {difference_ms} later.",
        "hätte {agent} um {answered_ms} angenommen: {difference_ms} später.",
    ),
    "answered": (
        "{agent} would have answered at {answered_ms}; it was answered by nobody.",
        "hätte {agent} um {answered_ms} angenommen; es hat niemand angenommen.",
    ),
    "unanswered": (
        "it would have ended unanswered at {over_ms}.",
        "wäre er um {over_ms} ohne Antwort geendet.",
    ),
    "open": (
        "it would not have been decided by the end of what was replayed.",
        "wäre bis zum Ende des Nachgespielten nichts entschieden gewesen.",
    ),
    "no time": (
        "there was no time left to find out (--within).",
        "blieb keine Zeit, es herauszufinden (--within).",
    ),
    "busy": (
        "(At that moment {agent} was talking, and did not end that for it.)",
        "({agent} sprach in diesem Moment und brach das dafür nicht ab.)",
    ),
    "head": ("What if", "Was wäre wenn"),
    "limits": (
        (
            "Each is replayed from the journal by the engine itself. Assumed: everybody else does what the "
            "record has of them, as long after what they answer to as then (ring, talk, wrap-up, a text); "
            "callers come and give up, agents pause and come back at their own moments; who was answered "
            "earlier than in the record does not hang up."
        ),
        (
            "Jedes wird von der Verteilung selbst aus dem Journal nachgespielt. Angenommen ist: alle anderen "
            "tun, was von ihnen verzeichnet ist, so lange nach dem Anlass wie damals (Klingeln, Gespräch, "
            "Nachbearbeitung, Ansage); Anrufer kommen und geben auf, Agenten gehen in Pause und kommen "
            "zurück zu ihrer Zeit; wem früher geantwortet wird, der legt nicht auf."
        ),
    ),
    "assumed": (
        (
            "Not in the record, so assumed as usual: answers {rings}, talks {talks}, texts {texts}; "
            "{left_out} deeds were not possible any more."
        ),
        (
            "Nicht verzeichnet, also wie üblich angenommen: Annahmen {rings}, Gespräche {talks}, "
            "Ansagen {texts}; {left_out} Handlungen waren nicht mehr möglich."
        ),
    ),
}
"""What would have been, had one thing been otherwise."""

VALUES: Words = {
    "arrived": ("it has arrived", "angekommen"),
    "transfer": ("transfer", "Weitergabe"),
    "overflow": ("overflow", "Überlauf"),
    "leg lost": ("connection lost", "Verbindung verloren"),
    "handed back": ("handed back", "zurückgegeben"),
    "deferred": ("it is due", "fällig"),
    "joined": ("its party wrote again", "der Absender meldete sich wieder"),
    "received": ("it was received", "empfangen"),
    "message": ("a message was left", "Nachricht hinterlassen"),
    "callback": ("callback", "Rückruf"),
    "consult": ("an agent asks somebody", "Rückfrage"),
    "called in": ("rang itself", "rief selbst an"),
    "waited": ("that took too long", "das dauerte zu lange"),
    "agent left": ("the agent has left or paused", "Agent ist gegangen oder in Pause"),
    "tried": ("was tried in vain", "vergeblich versucht"),
    "waited too long": ("waited too long", "zu lange gewartet"),
    "full": ("the line is full", "die Linie ist voll"),
    "closed": ("the line is closed", "die Linie ist geschlossen"),
    "chosen": ("chosen by its party", "vom Anrufer gewählt"),
    "greeting": ("before it was in line", "bevor er in der Linie war"),
    "waiting": ("while it waited", "beim Warten"),
    "offered": ("while an agent was rung", "während ein Agent angerufen wurde"),
    "receiving": ("while it was received", "beim Empfang"),
    "caller": ("its party hung up", "der Anrufer hat aufgelegt"),
    "agent": ("the agent ended it", "der Agent hat beendet"),
    "treatment": ("its treatment is over", "die Ansage ist zu Ende"),
    "outside": ("who was outside has gone", "der Externe ist gegangen"),
    "not reached": ("nobody was reached", "niemand erreicht"),
    "promise expired": ("the promise expired", "das Versprechen ist abgelaufen"),
    "cancelled": ("cancelled", "abgesagt"),
    "signed out": ("signed out", "abgemeldet"),
    "stayed away": ("the device stayed away", "das Gerät blieb weg"),
    "gave up": ("gave up", "aufgegeben"),
    "lost": ("lost", "verloren"),
    "contact ended": ("the contact ended", "der Kontakt endete"),
    "answered elsewhere": ("answered by another agent", "von jemand anderem angenommen"),
    "unreachable": ("not reachable", "nicht erreichbar"),
    "other medium": ("it is of another medium", "anderes Medium"),
    "end": ("as the incident says", "wie es die Störung vorsieht"),
    "busy": ("busy", "besetzt"),
    "no answer": ("no answer", "keine Antwort"),
    "refused": ("refused", "abgelehnt"),
    "failed": ("failed", "gescheitert"),
    "answered": ("answered", "angenommen"),
    "ended": ("ended", "beendet"),
    "transferred": ("handed over", "übergeben"),
    "conference": ("conference", "Konferenz"),
    "left": ("left", "gegangen"),
    "contact over": ("the contact is over", "der Kontakt ist vorbei"),
    "agent gone": ("the agent has gone", "der Agent ist weg"),
    "timed out": ("took too long", "dauerte zu lange"),
    "no room": ("too many calls at once", "zu viele Anrufe zugleich"),
    "refused by policy": ("forbidden by the rules", "durch die Regeln verboten"),
    "listen": ("listening", "mithören"),
    "whisper": ("whispering", "flüstern"),
    "barge": ("barging in", "aufschalten"),
    "voicemail": ("voicemail", "Voicemail"),
}
"""Words of the engine, in fields that no site names: see `TRANSLATED`."""

TRANSLATED = frozenset(("cause", "reason", "stage", "by", "result", "how", "kind"))
"""The fields whose words those are. A pause's reason is the site's, and stays as it is."""
