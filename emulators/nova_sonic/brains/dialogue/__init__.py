"""What the local assistant answers: rules and a small knowledge base, pure and deterministic."""
