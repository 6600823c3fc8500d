"""The HTTP API: its shapes, its rules, its socket."""

PREFIX = "/api/v1"
"""Where the first version of the API lies; an incompatible one gets another."""
