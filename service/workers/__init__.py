"""Several processes behind one port: the parent that holds them together, and the link between them."""
