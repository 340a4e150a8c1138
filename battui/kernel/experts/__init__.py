"""The memory of experts: which adapters are resident, which go, and how new ones come in."""
