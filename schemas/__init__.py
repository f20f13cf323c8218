"""The language of tierwatch: events, control records, outcomes, client state, policy and topic names."""
