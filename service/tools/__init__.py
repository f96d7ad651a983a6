"""What the assistant can look up or do, one file a tool."""
