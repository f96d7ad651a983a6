"""What the emulator puts on the wire and takes from it: HTTP/2, event-stream frames, signatures, error forms."""
