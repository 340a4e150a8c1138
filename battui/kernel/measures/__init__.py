"""What the kernel counts, and how it is scraped."""
