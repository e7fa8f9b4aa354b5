"""The ASGI side: who comes in, with what, and what goes back."""
