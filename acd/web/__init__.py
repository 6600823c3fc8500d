"""The HTTP API: its shapes, its rules, its socket."""

PREFIX = "/api/v1"
"""Where the first version of the API lies; an incompatible one gets another."""

INCIDENT_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
"""How an incident may be called, as a regular expression: its name stands in paths."""
INCIDENT_WARNS_MS = 600_000
"""So long before the end of an incident a warning is given, unless somebody says otherwise."""
INCIDENT_LASTS_MS = 60_000, 30 * 86_400_000
"""At least and at most."""
