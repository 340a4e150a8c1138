"""battui: a living image of objects that learn, worked from a full-screen terminal."""

__version__ = "0.1.0"
