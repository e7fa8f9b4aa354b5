"""The only room of the runtime that knows LiteLLM."""
