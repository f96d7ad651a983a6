"""A server that InvokeModelWithBidirectionalStream clients cannot tell from Amazon Nova Sonic on Bedrock."""
