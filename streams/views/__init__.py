"""The view in Redis: where each client stands, its last warnings, counts by segment, the ledger; rebuilt from topics."""
