"""What covers the panes for a while."""
