"""What is measured, each beside the floor it is measured against (run with ``make bench``)."""
