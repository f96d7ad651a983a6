"""Who is speaking: the port, and one file per way of knowing."""
