"""The reference client: speaks to the service as the page does, from recordings, and reports what it heard."""
