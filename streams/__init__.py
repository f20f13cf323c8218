"""The only shell: Faust, Kafka, Redis, Prometheus, settings, the command line."""
