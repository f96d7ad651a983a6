"""The addresses under which a stage's user pool answers; service, page and content policy must agree on them."""

import aws_cdk.aws_cognito as cognito

from stacks.stage_config import StageConfig

# Where the pool sends a browser back to; frontend_hosting/src/auth/oidc.ts listens there.
CALLBACK_PATH = "/auth/callback"
SCOPES = (cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL, cognito.OAuthScope.PROFILE)


def issuer_of(config: StageConfig, pool: cognito.IUserPool) -> str:
    """The `iss` of the pool's tokens, and the place below which its keys are."""
    return f"https://cognito-idp.{config.stage.region}.amazonaws.com/{pool.user_pool_id}"


def site_urls(config: StageConfig) -> list[str]:
    """Every origin whose page may sign in here."""
    return [url for url in (config.site_url, config.identity.local_site_url) if url is not None]
