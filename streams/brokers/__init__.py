"""Kafka as everybody here reaches it: clients, topics, offsets, reading and publishing; the embedded broker."""
