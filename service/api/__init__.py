"""The REST side: health, options, the page, and how a refusal looks."""
