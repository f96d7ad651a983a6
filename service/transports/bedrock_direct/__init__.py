"""Our own client of InvokeModelWithBidirectionalStream: the SDK's frames, byte for byte, at a fraction of its cost."""
