"""Run as ``python -m imigr_directory.cli``."""

from imigr_directory.cli import cli

if __name__ == "__main__":
    cli(prog_name="python -m imigr_directory.cli")
