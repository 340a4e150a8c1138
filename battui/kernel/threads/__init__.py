"""A kernel on a thread of its own, for a front end with another event loop."""
