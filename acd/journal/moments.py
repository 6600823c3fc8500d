"""Moments of the journal in messages."""

from datetime import UTC, datetime


def moment(t_ms: int) -> str:
    """`2026-12-01 02:41:51 UTC`; a damaged number is told as it is."""
    try:
        return f"{datetime.fromtimestamp(t_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return f"millisecond {t_ms}"
