"""One writer: commits, and the ledger of what they changed."""
