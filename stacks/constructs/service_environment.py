"""What the container is told. `tests/stacks/constructs/test_service_environment.py` holds it against the service's settings.

The service refuses to start with a VOICE_ name that it does not know, so nothing is set before it can be read.
"""

from collections.abc import Mapping
from typing import Final

from stacks.constructs.websocket_load_balancer import CONTAINER_PORT
from stacks.stage_config import StageConfig

# The process ends itself a little before Fargate ends it.
_KILL_MARGIN_S: Final = 5


def service_environment(config: StageConfig, ids: Mapping[str, str]) -> dict[str, str]:
    """Ids and numbers only; a secret never travels in an environment variable.

    `ids` are known only to CloudFormation; those that the service does not read yet wait in `AWAITED`.
    """
    environment = {
        "VOICE_HOST": "0.0.0.0",  # noqa: S104 - inside the task's own network interface
        "VOICE_PORT": str(CONTAINER_PORT),
        "VOICE_MODEL_ID": config.model.id,
        "VOICE_REGION": config.model.region,
        "VOICE_MAX_SESSIONS": str(config.sessions_per_task),
        "VOICE_MODEL_QUOTA": str(config.model.concurrent_streams),
        "VOICE_USER_SESSIONS": str(config.service.user_sessions),
        "VOICE_USER_MINUTES_PER_DAY": str(config.service.user_minutes_per_day),
        "VOICE_HEARTBEAT_MS": str(config.service.heartbeat_s * 1000),
        "VOICE_PING_INTERVAL_S": str(config.service.heartbeat_s),
        "VOICE_DRAIN_S": str(config.service.drain_s),
        "VOICE_STOP_TIMEOUT_S": str(config.service.stop_timeout_s - _KILL_MARGIN_S),
        "VOICE_LOG_LEVEL": "info",
    }
    optional = {
        "VOICE_ALLOWED_ORIGINS": config.site_url,
        "VOICE_AUTH_JWKS_URL": config.keys_url,
        "VOICE_TASK_PROTECTION": "on" if config.service.protect_tasks else None,
        "VOICE_BUDGET_USER_USD": config.service.user_usd_per_day,
        "VOICE_BUDGET_DEPLOYMENT_USD": config.service.usd_per_day,
    }
    environment |= {name: str(value) for name, value in optional.items() if value is not None}
    return environment | {name: value for name, value in ids.items() if name not in AWAITED}


# What the service does not read yet. A test says when it does.
AWAITED: Final[frozenset[str]] = frozenset()
