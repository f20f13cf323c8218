"""A worker that copies one topic to another, with the brokers and the log-in of the settings in its environment."""

from collections.abc import Sequence

from schemas import topics
from schemas.records import Batch, Outcome, Record
from streams.app import host_stateless, make_app, run_worker
from streams.settings import load
from streams.worker import options


class Echo:
    """Answers each record with itself."""

    def run(self, records: Sequence[Record]) -> Batch:
        """The records, in order."""
        return Batch([Outcome(topics.CLIENT_EVENTS, record.key, record.value or b"") for record in records], [], {})


def main() -> None:
    """Runs until SIGTERM."""
    settings = load()
    app = make_app(options(settings))
    host_stateless(app, settings.topic_names.real(topics.REPAYMENTS), "echo", Echo())
    run_worker(app)


if __name__ == "__main__":
    main()
