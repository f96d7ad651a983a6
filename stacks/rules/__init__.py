"""The architecture rules (`architecture.guard`) and the findings that are acknowledged, each with its reason."""
