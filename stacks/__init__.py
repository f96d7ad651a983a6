"""What runs on AWS: one file is one stack, and one stack is one unit of deployment."""
