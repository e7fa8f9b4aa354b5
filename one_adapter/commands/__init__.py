"""The subcommands that go through several stages, one file each."""
