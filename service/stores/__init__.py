"""Where conversations are kept: one port, one contract test, one file for each way of keeping them."""
