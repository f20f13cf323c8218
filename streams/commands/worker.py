"""`tierwatch worker`: one Faust worker; more of them share the work."""

from pathlib import Path

import click
import structlog

from streams import garbage, logs, worker
from streams.app import run_worker
from streams.brokers.topics import check
from streams.commands.errors import user_errors
from streams.commands.options import loaded, settings_option
from streams.metrics_server import serve
from streams.policies.files import load_policy
from streams.policies.publishing import publish_policy_if_empty
from streams.running import is_ready
from streams.user_errors import UserError

log = structlog.get_logger(__name__)


@click.command(name="worker")
@settings_option
@user_errors
def worker_command(settings_file: Path | None) -> None:
    """Consume, decide and learn until SIGTERM (exit code 0) or a failure (1)."""
    settings = loaded(settings_file)
    logs.configure(settings)
    policy = load_policy(settings)
    wrong = check(settings, worker.changelogs(settings))
    if wrong:
        raise UserError("\n".join(f"topic {one.topic} {one.what}; {one.fix}" for one in wrong))
    publish_policy_if_empty(settings, policy)
    app, metrics = worker.assemble(settings, policy)
    garbage.collect_seldom()
    log.info("worker_starts", brokers=settings.bootstrap, group=settings.app_id, policy=policy.version)
    with serve(metrics.registry, settings.metrics_host, settings.metrics_port, lambda: is_ready(app)):
        run_worker(app, loglevel=settings.log_level)
