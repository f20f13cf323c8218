"""What a user can set right is told in a line, without a traceback; the exit code is 2."""

from collections.abc import Callable
from functools import wraps
from typing import Final, NoReturn, ParamSpec, TypeVar

import click
from confluent_kafka import KafkaException

from streams.brokers.embedded import NotInstalled
from streams.brokers.publishing import PublishingError
from streams.settings_sources import SettingsError
from streams.user_errors import UserError

P = ParamSpec("P")
R = TypeVar("R")

EXIT_USER_ERROR: Final = 2
"""As click's own for a wrong option."""


def user_errors(command: Callable[P, R]) -> Callable[P, R]:
    """The command, its errors that a user can act upon told line by line. Write it below click's own decorators."""

    @wraps(command)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (UserError, SettingsError, PublishingError, NotInstalled) as error:
            _end(str(error))
        except KafkaException as error:
            _end(f"Kafka: {_words(error)}; `tierwatch doctor` says what is wrong with the set-up")
        except OSError as error:
            if error.filename is None:
                raise  # no file that the user named
            _end(f"{error.filename}: {error.strerror}")

    return told


def _end(text: str) -> NoReturn:
    for line in text.splitlines():
        click.echo(f"error: {line}", err=True)
    raise SystemExit(EXIT_USER_ERROR)


def _words(error: KafkaException) -> str:
    reason = error.args[0] if error.args else error
    return str(reason.str()) if hasattr(reason, "str") else str(reason)
