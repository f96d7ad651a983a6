"""The assistant on one machine: start it, stop it, test it."""
