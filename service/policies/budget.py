"""May this user, and this deployment, go on spending today?"""

from dataclasses import dataclass
from enum import StrEnum


class Budget(StrEnum):
    """Whose budget is spent."""

    USER = "user"
    DEPLOYMENT = "deployment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """Billionths of a US dollar a day (UTC); None: as much as it takes."""

    user_nano_usd: int | None = None
    deployment_nano_usd: int | None = None

    def spent(self, *, by_user: int, by_all: int) -> Budget | None:
        """Which budget is used up; None while there is something left of both."""
        if self.user_nano_usd is not None and by_user >= self.user_nano_usd:
            return Budget.USER
        if self.deployment_nano_usd is not None and by_all >= self.deployment_nano_usd:
            return Budget.DEPLOYMENT
        return None

    @property
    def are_limited(self) -> bool:
        """Whether anybody has to be asked."""
        return self.user_nano_usd is not None or self.deployment_nano_usd is not None
