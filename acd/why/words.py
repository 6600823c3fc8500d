"""All that is said of a contact, in English and German: `key: (english, german)`.

In braces the fields of a fact. What ends in `_ms` is a moment or a length, as `MOMENTS` has it; words of the
engine (`VALUES` of `acd.why.phrases`) are said in the language, names of the site as they are.
"""

from collections.abc import Mapping

LANGUAGES = ("en", "de")

Words = Mapping[str, tuple[str, str]]

MOMENTS = frozenset(
    (
        "until_ms",
        "due_ms",
        "anchor_ms",
        "since_ms",
        "spoke_ms",
        "ready_ms",
        "idle_since_ms",
        "at_ms",
        "answered_ms",
        "over_ms",
    )
)

SENTENCES: Words = {
    # ---- arrival, and by which rules
    "Arrived": (
        "It arrives at {entry}, of client {tenant}, for line {line} ({medium}).",
        "Er kommt an über {entry}, Mandant {tenant}, für Linie {line} ({medium}).",
    ),
    "CalledOut": (
        "The desk itself calls somebody ({purpose}).",
        "Der Service Desk ruft selbst jemanden an ({purpose}).",
    ),
    "ClassOfLine": (
        "Class {priority_class}, as line {line} has it.",
        "Klasse {priority_class}, wie Linie {line} sie hat.",
    ),
    "ClassOfEntry": (
        "Class {priority_class} by entry {entry}.",
        "Klasse {priority_class} durch Eingang {entry}.",
    ),
    "ClassOfList": (
        "Class {priority_class} by a VIP list, or as its channel says.",
        "Klasse {priority_class} durch eine VIP-Liste, oder wie sein Kanal es sagt.",
    ),
    "HeadStartOfEntry": (
        "Head start of {head_start_ms} by entry {entry}.",
        "Vorsprung von {head_start_ms} durch Eingang {entry}.",
    ),
    "HeadStartOfList": (
        "Head start of {head_start_ms} by a VIP list, or as its channel says.",
        "Vorsprung von {head_start_ms} durch eine VIP-Liste, oder wie sein Kanal es sagt.",
    ),
    "PriorityChange": (
        "By hand or by a new list: class {priority_class}, head start {head_start_ms}.",
        "Von Hand oder durch eine neue Liste: Klasse {priority_class}, Vorsprung {head_start_ms}.",
    ),
    "Joined": (
        "Its party added to it ({ref}).",
        "Vom Absender kam etwas dazu ({ref}).",
    ),
    "Ticketed": ("It belongs to ticket {ticket}.", "Er gehört zu Ticket {ticket}."),
    "MediumChange": (
        "It turned out to be {medium}: from line {from_line} to {line}.",
        "Es stellte sich als {medium} heraus: von Linie {from_line} zu {line}.",
    ),
    "Receiving": ("It is being received.", "Er wird gerade empfangen."),
    "PageKept": ("{pages} pages are safe.", "{pages} Seiten sind sicher."),
    "Received": ("All of it is there: {pages} pages.", "Alles ist da: {pages} Seiten."),
    "LegGone": ("Its party has hung up; it goes on.", "Der Absender hat aufgelegt; es geht weiter."),
    # ---- what it hears
    "Announced": ("It hears {greeting}.", "Er hört {greeting}."),
    "Informed": (
        "Incident {incident} concerns it: its text is told.",
        "Störung {incident} betrifft ihn: die Ansage wird gesagt.",
    ),
    "Concerned": (
        "Incident {incident} is on where it comes in ({entry}).",
        "Störung {incident} gilt dort, wo er ankommt ({entry}).",
    ),
    "Linked": (
        "Its party is to be told when incident {incident} is solved ({by}).",
        "Der Anrufer soll erfahren, wenn Störung {incident} behoben ist ({by}).",
    ),
    "LinkOver": (
        "Of the all-clear of incident {incident}: {result}.",
        "Zur Entwarnung von Störung {incident}: {result}.",
    ),
    "Treated": (
        "It hears{texts}{asks}{music}.",
        "Er hört{texts}{asks}{music}.",
    ),
    "TurnedAway": ("Line {line} does not take it: {reason}.", "Linie {line} nimmt ihn nicht: {reason}."),
    "KeyChosen": ("Key {key} was pressed.", "Taste {key} wurde gedrückt."),
    "NoKey": ("No key was pressed in time.", "Es wurde rechtzeitig keine Taste gedrückt."),
    "ConditionAsked.yes": (
        "{treatment} asks: {condition}? Yes.",
        "{treatment} fragt: {condition}? Ja.",
    ),
    "ConditionAsked.no": (
        "{treatment} asks: {condition}? No.",
        "{treatment} fragt: {condition}? Nein.",
    ),
    "LanguageSet": ("It is spoken to in {language}.", "Er wird in Sprache {language} angesprochen."),
    "Collected": ("It was asked to type: {name}.", "Er sollte etwas tippen: {name}."),
    "Recorded": ("What was said is kept ({length_ms}).", "Das Gesagte ist aufbewahrt ({length_ms})."),
    "Sealing": (
        "It hung up while it was recorded: what was said is waited for until {until_ms}.",
        "Während der Aufnahme aufgelegt: auf das Gesagte wird bis {until_ms} gewartet.",
    ),
    "MessageLeft": (
        "It has left a message ({length_ms}), which waits in line {line}.",
        "Eine Nachricht ({length_ms}) wurde hinterlassen; sie wartet in Linie {line}.",
    ),
    "WaitTold": (
        "It is told to wait about {minutes} min more (expected: {expected_ms}).",
        "Gesagt wird eine Wartezeit von noch etwa {minutes} min (erwartet: {expected_ms}).",
    ),
    "PositionTold": ("Position {position} is told.", "Position {position} wird gesagt."),
    # ---- waiting
    "Queued": (
        (
            "It waits in line {line} ({cause}), class {priority_class}, head start {head_start_ms}; "
            "it has waited since {anchor_ms}."
        ),
        (
            "Er wartet in Linie {line} ({cause}), Klasse {priority_class}, Vorsprung {head_start_ms}; "
            "er wartet seit {anchor_ms}."
        ),
    ),
    "Requeued": (
        "Nobody is rung for it any more: it is back at its old place in line {line}.",
        "Für ihn klingelt es nirgends mehr: zurück an den alten Platz in Linie {line}.",
    ),
    "Deferred": ("It is put off until {until_ms}.", "Er ruht bis {until_ms}."),
    "PreferredHeld": (
        "It is held for {agent}, until {until_ms} at most: nobody else is asked.",
        "Er wird für {agent} aufgehoben, höchstens bis {until_ms}: sonst wird niemand gefragt.",
    ),
    "PreferredHeld.last": (
        (
            "It is held for {agent}, who spoke with this person last ({spoke_ms}), until {until_ms} at most: "
            "nobody else is asked."
        ),
        (
            "Er wird für {agent} aufgehoben, höchstens bis {until_ms}: zuletzt mit dieser Person gesprochen "
            "({spoke_ms}); sonst wird niemand gefragt."
        ),
    ),
    "PreferredLet": (
        "It is held for {agent} no longer: {reason}.",
        "Er wird nicht länger für {agent} aufgehoben: {reason}.",
    ),
    "Relaxed": (
        "Relaxation {step} applies: more agents may serve it.",
        "Lockerung {step} gilt: mehr Agenten dürfen ihn bedienen.",
    ),
    "Promoted": (
        "Its target is near: promoted to class {priority_class}.",
        "Sein Ziel ist nah: befördert in Klasse {priority_class}.",
    ),
    "TriedForgotten": (
        "Everybody had been tried: all may be asked again.",
        "Alle waren versucht: alle dürfen wieder gefragt werden.",
    ),
    "Overflowed": (
        "Overflow from line {from_line} to {to_line}: {reason}.",
        "Überlauf von Linie {from_line} zu {to_line}: {reason}.",
    ),
    # ---- offers
    "Offered": ("It is offered to {agent}.", "Er wird {agent} angeboten."),
    "Reserved": (
        "{agent} is kept free for it while its party is called.",
        "{agent} wird für ihn freigehalten, solange zurückgerufen wird.",
    ),
    "ReservationEnded": ("{agent} is kept free no more.", "{agent} wird nicht länger freigehalten."),
    "Refused": ("{agent} refused it.", "{agent} hat abgelehnt."),
    "NotAnswered": (
        "{agent} did not answer in time (RONA).",
        "{agent} hat nicht rechtzeitig angenommen (RONA).",
    ),
    "Rona": (
        "{agent} is paused for that (“{pause}”), unless signed out or paused already.",
        "{agent} pausiert deshalb („{pause}“), wenn nicht schon abgemeldet oder in Pause.",
    ),
    "OfferLost": (
        "The offer did not reach {agent}.",
        "Das Angebot hat {agent} nicht erreicht.",
    ),
    "OfferWithdrawn": (
        "The offer to {agent} is withdrawn: {cause}.",
        "Das Angebot an {agent} wird zurückgenommen: {cause}.",
    ),
    "Answered": (
        "{agent} answers after {wait_ms} of waiting.",
        "{agent} nimmt an, nach {wait_ms} Wartezeit.",
    ),
    "PassedOver": (
        "{agent} gets contact {rival} instead.",
        "{agent} bekommt statt dessen Kontakt {rival}.",
    ),
    "LookedFor": (
        "An agent is looked for, and none is found.",
        "Ein Agent wird gesucht und keiner gefunden.",
    ),
    "LookedFor.recording": (
        "It is being recorded, so nobody is looked for.",
        "Es wird gerade aufgenommen, also wird niemand gesucht.",
    ),
    "LookedFor.no room": (
        "It may not be called now (rules of outbound calls, or too many at once): nobody is looked for.",
        "Er darf jetzt nicht angerufen werden (Wählregeln, oder zu viele zugleich): niemand wird gesucht.",
    ),
    # ---- callbacks and calls
    "Parked": (
        "A callback is promised until {until_ms}; it keeps its place in line {line}.",
        "Ein Rückruf ist bis {until_ms} versprochen; der Platz in Linie {line} bleibt.",
    ),
    "CalledIn": (
        "Its party rang itself, and has its old place.",
        "Der Anrufer rief selbst an und hat seinen Platz.",
    ),
    "DialDecided.yes": (
        "The dial policy allows the number ({purpose}, {dial_class}).",
        "Die Wählregeln erlauben die Nummer ({purpose}, {dial_class}).",
    ),
    "DialDecided.no": (
        "The dial policy does not allow the number now ({purpose}, {dial_class}): {reason}.",
        "Die Wählregeln erlauben die Nummer jetzt nicht ({purpose}, {dial_class}): {reason}.",
    ),
    "CallPlaced": ("Attempt {attempt} to call ({purpose}).", "Anrufversuch {attempt} ({purpose})."),
    "CallOver": ("The attempt ended: {result}.", "Der Versuch endete: {result}."),
    "CallbackOver.kept": ("The callback is kept.", "Der Rückruf ist eingelöst."),
    "CallbackOver.lost": ("The callback was not kept.", "Der Rückruf wurde nicht eingelöst."),
    # ---- targets and lists
    "TargetNear": (
        "The target of line {line} passes at {due_ms}, and nobody has answered yet.",
        "Das Ziel der Linie {line} verstreicht um {due_ms}, und niemand hat angenommen.",
    ),
    "TargetMissed": (
        "The target of line {line} has passed: it has waited {wait_ms}.",
        "Das Ziel der Linie {line} ist verstrichen: er wartet seit {wait_ms}.",
    ),
    "EscalationBegan": (
        "Escalation {escalation}: the list {list} is called, {people} people, {rounds} times at most.",
        "Eskalation {escalation}: die Liste {list} wird angerufen, {people} Personen, bis zu {rounds}-mal.",
    ),
    "EscalationTried": (
        "Escalation {escalation}: {who} is called (contact {called}, round {round}).",
        "Eskalation {escalation}: {who} wird angerufen (Kontakt {called}, Runde {round}).",
    ),
    "EscalationMailed": (
        "Escalation {escalation}: nobody took it over; a mail is ordered.",
        "Eskalation {escalation}: niemand hat übernommen; eine Mail ist beauftragt.",
    ),
    "EscalationOver.acknowledged": (
        "Escalation {escalation}: {who} has taken it over, after {took_ms}.",
        "Eskalation {escalation}: {who} hat übernommen, nach {took_ms}.",
    ),
    "EscalationOver.cancelled": (
        "Escalation {escalation} was taken back after {took_ms}.",
        "Eskalation {escalation} wurde nach {took_ms} zurückgenommen.",
    ),
    "EscalationOver.mailed": (
        "Escalation {escalation}: the mail was sent, after {took_ms}.",
        "Eskalation {escalation}: die Mail ist verschickt, nach {took_ms}.",
    ),
    "EscalationOver.nobody": (
        "Escalation {escalation} is over after {took_ms}: nobody has taken it over.",
        "Eskalation {escalation} ist nach {took_ms} vorbei: niemand hat übernommen.",
    ),
    # ---- in hand
    "TalkTooLong": (
        "The conversation with {agent} has lasted {talk_ms}, as long as line {line} lets one.",
        "Das Gespräch mit {agent} dauert {talk_ms}, so lange wie Linie {line} eines lässt.",
    ),
    "Held.agent": ("{agent} puts it on hold.", "{agent} hält das Gespräch."),
    "Held.party": ("Its party puts {agent} on hold.", "Der Anrufer hält das Gespräch mit {agent}."),
    "Resumed": ("The conversation with {agent} goes on.", "Das Gespräch mit {agent} geht weiter."),
    "Interrupted": (
        "{agent} has contact {by} now: it rests.",
        "{agent} hat jetzt Kontakt {by}: er ruht.",
    ),
    "InterruptionEnded": ("{agent} goes on with it.", "{agent} macht mit ihm weiter."),
    "Transferred": (
        "{agent} hands it from line {from_line} to {to_line}; what it has waited counts on.",
        "{agent} gibt ihn von Linie {from_line} an {to_line}; seine Wartezeit zählt weiter.",
    ),
    "AgentLegLost": ("The connection to {agent} was lost.", "Die Verbindung zu {agent} ging verloren."),
    "HandedBack": ("{agent} has it no more: {reason}.", "{agent} hat ihn nicht mehr: {reason}."),
    "Consulted": (
        "{agent} asks somebody (contact {consult}).",
        "{agent} fragt jemanden (Kontakt {consult}).",
    ),
    "ConsultOver": ("The consult is over: {result}.", "Die Rückfrage ist vorbei: {result}."),
    "ConferenceJoined": ("{agent} joins the conversation.", "{agent} kommt zum Gespräch dazu."),
    "ConferenceLeft": ("{agent} leaves the conversation.", "{agent} verlässt das Gespräch."),
    "TakenOver": ("{agent} takes it over from {from_agent}.", "{agent} übernimmt ihn von {from_agent}."),
    "SurveyBegan": (
        "{agent} has ended the talk; its party is asked about it ({treatment}).",
        "{agent} hat das Gespräch beendet; der Anrufer wird danach gefragt ({treatment}).",
    ),
    "HandedOut": ("{agent} hands it to somebody outside.", "{agent} gibt ihn nach außen ab."),
    "OutsideJoined": ("Somebody outside joins.", "Jemand von außen kommt dazu."),
    "OutsideLeft": ("Who was outside has left: {reason}.", "Wer von außen kam, ist weg: {reason}."),
    "ListenerRung": ("{agent} wants to hear it ({how}).", "{agent} will mithören ({how})."),
    "ListenerJoined": ("{agent} hears it ({how}).", "{agent} hört mit ({how})."),
    "ListenerLeft": ("{agent} hears it no more.", "{agent} hört nicht mehr mit."),
    "AgentTold": ("{agent} is told: {text}.", "{agent} hört: {text}."),
    "WrapUpStarted": (
        "{agent} wraps it up, until {until_ms}.",
        "{agent} arbeitet ihn nach, bis {until_ms}.",
    ),
    "WrapUpStarted.open": (
        "{agent} wraps it up.",
        "{agent} arbeitet ihn nach.",
    ),
    "WrapUpExtension": (
        "{agent} needs longer for it: until {until_ms}.",
        "{agent} braucht länger dafür: bis {until_ms}.",
    ),
    "WrapUpCode": ("{agent} codes it {code}.", "{agent} gibt den Code {code}."),
    "WrapUpOverdue": ("{agent} still owes its code.", "{agent} schuldet noch den Code."),
    "WrapUpDone": ("{agent} has wrapped it up.", "{agent} ist mit der Nachbearbeitung fertig."),
    # ---- the end
    "Abandoned": (
        "It was given up by its party ({stage}), after {wait_ms}.",
        "Der Anrufer gab auf ({stage}), nach {wait_ms}.",
    ),
    "Released": ("It is over: {by}.", "Er ist vorbei: {by}."),
    "FlowedOut": ("It leaves for {kind}, after {wait_ms}.", "Er geht zu {kind}, nach {wait_ms}."),
    "Deflected": (
        "It ends with the text of incident {incident} ({by}).",
        "Er endet mit der Ansage der Störung {incident} ({by}).",
    ),
}
"""What a fact about a contact says, by its name; after a point, which of several ways."""
