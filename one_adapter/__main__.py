"""`python -m one_adapter` is the `one-adapter` command."""

from one_adapter.cli import main

if __name__ == "__main__":
    main()
