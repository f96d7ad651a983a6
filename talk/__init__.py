"""The reference client: speak a file to a running service through the public protocol and hear the reply."""
