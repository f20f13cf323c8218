"""What learns: features, the probability of default, cut-offs; `score` reads, `learn` changes, `snapshot` is JSON."""
