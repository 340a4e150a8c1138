"""The synaptic bridge. This room is still empty: a kernel is reached through its own process only."""
