"""One bidirectional stream as the model sees it, without any input or output of its own."""
