"""What tests and benchmarks of the directory share."""
