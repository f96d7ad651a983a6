"""Rules that answer one question each and do nothing."""
