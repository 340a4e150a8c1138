"""The life of a mission: thinking, trying, approving, installing, and its record."""
