"""Who may talk: the user pool, its one public client, and the sign-in pages."""

from typing import Any

import aws_cdk.aws_cognito as cognito
from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from constructs import Construct

from stacks.constructs.sign_in import CALLBACK_PATH, SCOPES, issuer_of, site_urls
from stacks.stage_config import Mfa, StageConfig


class IdentityStack(Stack):
    """A pool with a second factor, and a browser client that signs in by code with PKCE and rotates refresh tokens."""

    pool: cognito.UserPool
    client: cognito.UserPoolClient
    canary_client: cognito.UserPoolClient | None
    domain: cognito.UserPoolDomain

    def __init__(self, scope: Construct, id_: str, *, config: StageConfig, **stack: Any) -> None:
        super().__init__(scope, id_, **stack)
        identity, protected = config.identity, config.stage.protected
        threat_protection = identity.threat_protection
        self.pool = cognito.UserPool(
            self,
            "Users",
            self_sign_up_enabled=identity.self_sign_up,
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            keep_original=cognito.KeepOriginalAttrs(email=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            mfa=cognito.Mfa.REQUIRED if identity.mfa is Mfa.REQUIRED else cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_digits=True,
                require_lowercase=True,
                require_uppercase=True,
                require_symbols=True,
                temp_password_validity=Duration.days(3),
            ),
            feature_plan=cognito.FeaturePlan.PLUS if threat_protection else cognito.FeaturePlan.ESSENTIALS,
            standard_threat_protection_mode=(
                cognito.StandardThreatProtectionMode.FULL_FUNCTION if threat_protection else None
            ),
            deletion_protection=protected,
            removal_policy=RemovalPolicy.RETAIN if protected else RemovalPolicy.DESTROY,
        )
        cognito.CfnUserPoolGroup(
            self,
            "Administrators",
            user_pool_id=self.pool.user_pool_id,
            # The service's default for VOICE_AUTH_ADMIN_GROUP.
            group_name="admins",
            description="May see figures and recordings of the voice assistant",
        )
        self.domain = self.pool.add_domain(
            "SignIn",
            cognito_domain=cognito.CognitoDomainOptions(domain_prefix=identity.domain_prefix),
            managed_login_version=cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
        )
        self.client = self.pool.add_client(
            "Browser",
            generate_secret=False,
            auth_flows=cognito.AuthFlow(user_srp=True),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=list(SCOPES),
                callback_urls=[f"{url}{CALLBACK_PATH}" for url in site_urls(config)],
                logout_urls=[f"{url}/" for url in site_urls(config)],
            ),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            access_token_validity=Duration.minutes(identity.access_token_minutes),
            id_token_validity=Duration.minutes(identity.access_token_minutes),
            refresh_token_validity=Duration.days(30),
            refresh_token_rotation_grace_period=Duration.seconds(10),
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
        )
        self.canary_client = self._canary_client(config) if config.has_canary else None
        resource = self.client.node.default_child
        assert isinstance(resource, cognito.CfnUserPoolClient)  # noqa: S101 - what the L2 construct is made of
        # Cognito refuses this flow beside rotation: a rotated token is refreshed at the token endpoint.
        resource.explicit_auth_flows = ["ALLOW_USER_SRP_AUTH"]
        cognito.CfnManagedLoginBranding(
            self,
            "SignInPages",
            user_pool_id=self.pool.user_pool_id,
            client_id=self.client.user_pool_client_id,
            use_cognito_provided_values=True,
        )
        # What `make publish-frontend` writes into the page's /config.json.
        CfnOutput(self, "Issuer", value=issuer_of(config, self.pool))
        CfnOutput(self, "BrowserClientId", value=self.client.user_pool_client_id)
        CfnOutput(self, "SignInUrl", value=config.sign_in_url)
        CfnOutput(self, "Scopes", value=" ".join(scope.scope_name for scope in SCOPES))
        if self.canary_client is not None:
            # What `make sign-in-canary` asks with.
            CfnOutput(self, "CanaryClientId", value=self.canary_client.user_pool_client_id)

    def _canary_client(self, config: StageConfig) -> cognito.UserPoolClient:
        """A client of its own for the one user that is no person, who signs in once and keeps its refresh token.

        Without rotation: a run that ends between the new token and its being stored would lock itself out.
        """
        client = self.pool.add_client(
            "Canary",
            user_pool_client_name=config.named("canary"),
            generate_secret=False,
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=list(SCOPES),
                # A file, not the page, which would redeem the code itself.
                callback_urls=[f"{config.site_url}/config.json"],
            ),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            access_token_validity=Duration.minutes(5),
            id_token_validity=Duration.minutes(5),
            refresh_token_validity=Duration.days(365),
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
        )
        resource = client.node.default_child
        assert isinstance(resource, cognito.CfnUserPoolClient)  # noqa: S101 - what the L2 construct is made of
        resource.explicit_auth_flows = ["ALLOW_REFRESH_TOKEN_AUTH"]
        return client
