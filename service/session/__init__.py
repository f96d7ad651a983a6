"""One conversation as a pure state machine: events and the time go in, effects come out."""
