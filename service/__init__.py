"""The voice service: one WebSocket to a browser, one bidirectional stream to Nova Sonic, and a pure session between."""
