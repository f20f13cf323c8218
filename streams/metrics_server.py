"""Serves the metrics to Prometheus, and to probes whether we live (`/-/healthy`) and work (`/-/ready`)."""

from collections.abc import Callable, Iterable
from threading import Thread
from typing import Any, Final, Self
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server

LOCALHOST: Final = "127.0.0.1"
App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Serving:
    """A running server; stop it at the end."""

    def __init__(self, server: WSGIServer, thread: Thread) -> None:
        self._server = server
        self._thread = thread

    @property
    def port(self) -> int:
        """Where it listens; of use if any free port was asked for."""
        return int(self._server.server_port)

    def stop(self) -> None:
        """Answers no more; the port is free afterwards."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def serve(
    registry: CollectorRegistry, address: str = LOCALHOST, port: int = 0, ready: Callable[[], bool] | None = None
) -> Serving:
    """Serves the registry in a thread of its own; port 0 is any that is free. Raises: OSError if the port is taken."""
    server, thread = start_http_server(port, address, registry)
    server.set_app(_with_probes(server.get_app(), ready or (lambda: True)))
    return Serving(server, thread)


def _with_probes(metrics: Any, ready: Callable[[], bool]) -> App:
    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path not in ("/-/healthy", "/-/ready"):
            pages: Iterable[bytes] = metrics(environ, start_response)
            return pages
        well = path == "/-/healthy" or ready()
        start_response("200 OK" if well else "503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"well\n" if well else b"not ready\n"]

    return answer
