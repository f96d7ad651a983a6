"""Bytes and JSON on one side, types on the other: both protocols, both directions, parsed once."""
