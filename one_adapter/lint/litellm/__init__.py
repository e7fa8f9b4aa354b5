"""JUDGE of LiteLLM's own configuration: what it refuses, drops, or passes over in silence."""
