"""The bridge and its peers, at one thing each."""
