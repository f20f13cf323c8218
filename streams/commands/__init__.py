"""The commands of `tierwatch`, one click command a module."""
