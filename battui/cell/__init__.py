"""Where learned code runs: a sealed child process that is used once."""
