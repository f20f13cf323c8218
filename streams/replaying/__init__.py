"""The agents without a broker: event files, what came of them, what another policy would have made of them."""
