"""Logging set-up: one JSON object per line on stderr, contact ids and no personal data."""

import logging
import sys

import structlog

LEVELS = ("debug", "info", "warning", "error")


_configured = "error"


def level() -> str:
    """What `configure` was told, for processes of ours; where nobody told it (tests), only errors."""
    return _configured


def configure(level: str) -> None:
    """Log from `level` (one of LEVELS) on. Raises ValueError for another level."""
    global _configured  # noqa: PLW0603 (logging is a matter of the process)
    if level not in LEVELS:
        raise ValueError(f"log level must be one of {', '.join(LEVELS)}, not {level}")
    _configured = level
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(sort_keys=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries that use the standard logger (asyncio, uvicorn) speak up only when something is wrong.
    logging.basicConfig(
        level=max(number, logging.WARNING),
        stream=sys.stderr,
        format='{"level": "%(levelname)s", "logger": "%(name)s", "message": "%(message)s"}',
    )
