"""A worker with nothing but the view and the metrics, of the settings in its environment."""

from streams import logs
from streams.app import make_app, run_worker
from streams.metrics import Metrics
from streams.metrics_server import serve
from streams.running import running
from streams.settings import load
from streams.views.hosting import host_view, view_topics
from streams.worker import options


def main() -> None:
    """Runs until SIGTERM."""
    settings = load()
    logs.configure(settings)
    metrics = Metrics(view_topics(settings))
    app = make_app(options(settings), metrics)
    metrics.ask(running=lambda: running(app))
    host_view(app, settings)
    with serve(metrics.registry, settings.metrics_host, settings.metrics_port):
        run_worker(app)


if __name__ == "__main__":
    main()
