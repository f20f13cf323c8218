"""What decides: one pure step per agent; no clock, no broker, no I/O."""
