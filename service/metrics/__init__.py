"""What the service counts and what it writes to its log."""
