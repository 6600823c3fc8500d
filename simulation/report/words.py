"""The report's own words in English and German; KPIs bring theirs with their definitions."""

from collections.abc import Mapping

LANGUAGES = ("en", "de")

WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("Simulation of {name}", "Simulation von {name}"),
    "compared": ("{before} against {after}", "{before} gegen {after}"),
    "made": (
        "{days} days of {contacts} contacts each, seed {seed}; the production engine took every decision.",
        "{days} Tage mit je {contacts} Kontakten, Startwert {seed}; alles entschied die echte Verteilung.",
    ),
    "intervals": (
        (
            "Ribbons and ± are 95 % confidence intervals. A contact counts when it entered the queue. "
            "Who gives up before {short} is a short abandon."
        ),
        (
            "Bänder und ± sind 95-%-Vertrauensbereiche. Ein Kontakt zählt, sobald er wartet. "
            "Wer vor {short} auflegt, zählt als kurz."
        ),
    ),
    "goals": ("Goals", "Ziele"),
    "line": ("Line", "Linie"),
    "measure": ("Measure", "Kennzahl"),
    "threshold": ("T", "T"),
    "aim": ("Aim", "Ziel"),
    "found": ("Found", "Erreicht"),
    "interval": ("95 %", "95 %"),
    "met": ("Met", "Erfüllt"),
    "yes": ("yes", "ja"),
    "no": ("no", "nein"),
    "unsure": ("not surely", "nicht sicher"),
    "all": ("all", "alle"),
    "totals": ("Totals", "Gesamt"),
    "time": ("Time", "Uhrzeit"),
    "staff": ("Staff against requirement", "Besetzung gegen Bedarf"),
    "agents": ("agents", "Agenten"),
    "present": ("present", "anwesend"),
    "required": ("required (lagged Erlang A)", "Bedarf (verzögertes Erlang A)"),
    "service": ("Service level", "Servicelevel"),
    "share": ("share", "Anteil"),
    "waiting": ("Waiting time of the answered", "Wartezeit der Angenommenen"),
    "seconds": ("waited at most, in seconds", "höchstens gewartet, in Sekunden"),
    "backlog": ("Contacts waiting at the end of each interval", "Wartende am Ende jedes Intervalls"),
    "tolerable": ("as many as can be answered in time", "so viele, wie rechtzeitig beantwortet werden"),
    "difference": ("Change of the service level", "Änderung des Servicelevels"),
    "changes": ("What changes", "Was sich ändert"),
    "before": ("Before", "Vorher"),
    "after": ("After", "Nachher"),
    "calm": ("calm day", "ruhiger Tag"),
    "surge": ("surge, not announced", "Störung ohne Ansage"),
    "announced": ("surge, announced", "Störung mit Ansage"),
    "marked": (
        "* surely different: the 95 % interval of the paired change leaves 0 out ({days} days, seed {seed}).",
        "* sicher verschieden: der 95-%-Bereich enthält 0 nicht ({days} Tage, Startwert {seed}).",
    ),
    "change": ("Change", "Änderung"),
    "contacts": ("Contacts", "Kontakte"),
    "abandons_negative": ("Service level", "Servicelevel"),
    "reachability": ("Reached", "Erreicht"),
    "reachability_per_customer": ("Customers reached", "Kunden erreicht"),
    "abandon_rate": ("Gave up", "Aufgelegt"),
    "asa": ("Waited", "Wartezeit"),
    "mail_in_time": ("Mail in time", "Mail in der Frist"),
    "occupancy": ("Occupancy", "Auslastung"),
}


def word(key: str, language: str, **values: str) -> str:
    """The text of that name; `language` is one of LANGUAGES."""
    return WORDS[key][LANGUAGES.index(language)].format(**values)
