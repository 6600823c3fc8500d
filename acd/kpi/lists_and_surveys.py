"""The KPIs of what is no waiting contact: escalation lists, and what parties say after their talk."""

from acd.kpi.definition import Definition, Unit

LISTS_AND_SURVEYS = (
    Definition(
        "lists_taken_share",
        "lists_taken / lists",
        Unit.SHARE,
        "Of the escalation lists that were not called off, the share that somebody took over.",
        "angenommene Alarmierungen",
        lambda c: c.lists_taken,
        lambda c: c.lists,
    ),
    Definition(
        "lists_taken_time",
        "lists_taken_ms / lists_taken",
        Unit.MS,
        "Mean time from the begin of an escalation list until somebody took it over.",
        "Zeit bis zur Annahme einer Alarmierung",
        lambda c: c.lists_taken_ms,
        lambda c: c.lists_taken,
    ),
    Definition(
        "survey_answered_share",
        "surveys_answered / surveys",
        Unit.SHARE,
        "Of those who were asked about their talk, the share that pressed a digit.",
        "Antwortquote der Befragung",
        lambda c: c.surveys_answered,
        lambda c: c.surveys,
    ),
    Definition(
        "survey_score",
        "survey_points / surveys_answered",
        Unit.NUMBER,
        "Mean of the first digit that each of them pressed.",
        "Note der Befragung",
        lambda c: c.survey_points,
        lambda c: c.surveys_answered,
    ),
)
