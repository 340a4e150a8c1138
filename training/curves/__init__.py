"""The learning curve and the ablations: short runs that differ in one thing each, and their picture."""
