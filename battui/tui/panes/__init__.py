"""The tabs of the screen, one file each."""
