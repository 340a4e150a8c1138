"""The supervised engine process and the queue of generations before it."""
