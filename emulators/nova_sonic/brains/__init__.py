"""What the emulated model hears and says, behind one port: `scripted` for tests, `speech` for people."""
