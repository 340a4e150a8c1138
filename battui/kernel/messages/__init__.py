"""Messages as the kernel queues, reads, answers and remembers them."""
