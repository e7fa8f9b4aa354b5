"""What the gateway decides: who may call, where a request goes, when, and what its end means."""
