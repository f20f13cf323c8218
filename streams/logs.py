"""Logs: an event name and key-values, one line each, as text or JSON."""

import logging
import sys

import structlog

from streams.settings import Settings


def configure(settings: Settings) -> None:
    """Sends structlog, and what libraries log from warning up, to standard error."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    render: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr)
    for library in ("aiokafka", "faust", "mode", "asyncio"):  # Faust's worker sets the root to debug: records nobody reads
        logging.getLogger(library).setLevel(max(level, logging.WARNING))
