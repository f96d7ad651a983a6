"""A stand-in for an Amazon Cognito user pool: managed login, OAuth 2.0 endpoints, tokens; nothing of AWS's API."""
