"""The findings that we know and accept: read from one table, and put on the constructs that cause them."""

import fnmatch
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from aws_cdk import Acknowledgment, Stage, Validations

from stacks.stage_config import StageConfig

TABLE: Final = Path(__file__).with_name("acknowledgments.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Some findings on some constructs, why they stay, who answers for that, and until when."""

    findings: tuple[str, ...]
    constructs: tuple[str, ...]
    reason: str
    owner: str
    review_by: date

    def ids(self, config: StageConfig) -> list[str]:
        """The full ids in this stage."""
        return [self.id(finding, config) for finding in self.findings]

    def id(self, finding: str, config: StageConfig) -> str:
        """One full id. Some hold names of stacks, which differ between stages."""
        stage = config.stage
        return (
            finding.replace("{stage}", stage.name)
            .replace("{region}", stage.region)
            .replace("{account}", stage.account)
        )

    def covers(self, path: str) -> bool:
        """Whether a construct's path within its stage is meant. `*` stands for one name or a part of one."""
        parts = path.split("/")
        return any(
            len(parts) == len(pattern.split("/")) and all(map(fnmatch.fnmatchcase, parts, pattern.split("/")))
            for pattern in self.constructs
        )


def accepted() -> list[Accepted]:
    """Every row of the table."""
    rows: list[dict[str, Any]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))["accepted"]
    return [
        Accepted(
            findings=tuple(row["findings"]),
            constructs=tuple(row["constructs"]),
            reason=row["reason"],
            owner=row["owner"],
            review_by=row["review_by"],
        )
        for row in rows
    ]


def acknowledge(stage: Stage, config: StageConfig) -> None:
    """Put every row on the constructs of this stage that it names."""
    rows = accepted()
    for construct in stage.node.find_all():
        path = construct.node.path.partition("/")[2]
        for row in rows:
            if row.covers(path):
                for id_ in row.ids(config):
                    Validations.of(construct).acknowledge(Acknowledgment(id=id_, reason=row.reason))
