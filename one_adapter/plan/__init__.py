"""DECIDE: what the gateway would do, said once, in neutral words."""
