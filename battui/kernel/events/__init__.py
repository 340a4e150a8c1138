"""What happened, told to whoever listens, and kept."""
