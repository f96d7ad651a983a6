"""How frames and model events reach the service: the WebSocket on one side, the model's stream on the other."""
