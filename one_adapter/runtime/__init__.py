"""The part that lives inside the LiteLLM proxy; it reads the exported YAML and nothing else of ours."""
