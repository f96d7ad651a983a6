"""What the tasks may ask of Bedrock."""

from typing import Final

# The API reference asks for the first for the bidirectional stream; the service authorization reference lists
# the second. The grant names both, on the one model.
MODEL_ACTIONS: Final = ("bedrock:InvokeModel", "bedrock:InvokeModelWithBidirectionalStream")
