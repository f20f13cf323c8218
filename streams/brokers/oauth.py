"""Tokens for SASL OAUTHBEARER, had for the client's credentials (RFC 6749 section 4.4), for aiokafka and Faust."""

import asyncio
import json
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from typing import Final, NamedTuple

from aiokafka.abc import AbstractTokenProvider

from streams.settings import Settings

TIMEOUT_SECONDS: Final = 10.0
UNSAID_LIFETIME_SECONDS: Final = 60.0
"""How long a token is used whose endpoint does not say `expires_in` (RFC 6749 section 5.1 only recommends it)."""
RENEW_AT: Final = 0.8
"""The part of its life after which a token is renewed, as librdkafka does."""


class TokenRefused(RuntimeError):
    """The token endpoint gave no token; the message names it and what it said."""


class Token(NamedTuple):
    """A bearer token. Units: `lifetime` seconds from when it was given."""

    text: str
    lifetime: float


class TokenProvider(AbstractTokenProvider):  # type: ignore[misc]
    """Hands aiokafka one token until it nears its end. Safe for the several threads and loops of a worker."""

    def __init__(self, fetch: Callable[[], Token], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._clock = fetch, clock
        self._lock = threading.Lock()
        self._token, self._renew_at = "", clock()

    async def token(self) -> str:
        """A token that has not expired. Raises: `TokenRefused`."""
        return await asyncio.to_thread(self._current)

    def _current(self) -> str:
        with self._lock:
            if self._clock() >= self._renew_at:
                token = self._fetch()
                self._token, self._renew_at = token.text, self._clock() + token.lifetime * RENEW_AT
            return self._token


def token_provider(settings: Settings) -> TokenProvider:
    """The provider that the settings describe; it asks for nothing yet."""
    return TokenProvider(lambda: fetch_token(settings))


def fetch_token(settings: Settings) -> Token:
    """Asks the token endpoint. Raises: `TokenRefused`."""
    url = settings.oauth_token_url
    try:
        with urllib.request.urlopen(_request(settings), timeout=TIMEOUT_SECONDS, context=_trust(settings)) as answer:
            told = json.load(answer)
        return Token(str(told["access_token"]), float(told.get("expires_in", UNSAID_LIFETIME_SECONDS)))
    except urllib.error.HTTPError as error:
        said = error.read(500).decode(errors="replace")
        raise TokenRefused(f"{url} (TIERWATCH_OAUTH_TOKEN_URL) answered {error.code}: {said}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TokenRefused(f"{url} (TIERWATCH_OAUTH_TOKEN_URL) gave no token: {error!r}") from error


def _request(settings: Settings) -> urllib.request.Request:
    form = {"grant_type": "client_credentials", **({"scope": settings.oauth_scope} if settings.oauth_scope else {})}
    secret = settings.oauth_client_secret.get_secret_value()
    pair = ":".join(urllib.parse.quote_plus(part) for part in (settings.oauth_client_id, secret))
    return urllib.request.Request(
        settings.oauth_token_url,
        data=urllib.parse.urlencode(form).encode(),
        headers={"Authorization": f"Basic {b64encode(pair.encode()).decode()}", "Accept": "application/json"},
    )


def _trust(settings: Settings) -> ssl.SSLContext | None:
    if not settings.oauth_token_url.startswith("https:"):
        return None
    return ssl.create_default_context(cafile=settings.oauth_ca_file)
