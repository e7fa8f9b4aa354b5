"""Deployments: what runs the gateway's configuration in a container, a cluster or under systemd."""
