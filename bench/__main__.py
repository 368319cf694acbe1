"""``make bench``: measures a whole platform against its floors in one run and prints the table."""

from __future__ import annotations

import argparse
import sys

from bench import platform_rows, report


def main() -> int:
    """Exit code 0 also when an aim is missed: the table says so; a benchmark is no test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="length of each measurement")
    options = parser.parse_args()
    rows = platform_rows.measure(options.seconds)
    print(report.table(rows))
    report.save(rows, "platform")
    print(f"\nwritten to {report.OUT.relative_to(report.OUT.parents[2])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
