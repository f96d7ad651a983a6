"""AWS on a laptop: stand-ins that speak the real wire protocols. They share no code with the service."""
