"""What the benchmarks of the terminal share."""
