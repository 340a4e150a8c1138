"""What battui takes: time, memory and space, beside what it is compared with."""
