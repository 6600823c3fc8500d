"""`python -m acd` is `acd`."""

from acd.commands.cli import main

if __name__ == "__main__":
    main()
