"""Put a built page where CloudFront reads it, so that at no moment half of it is served.

`python -m delivery.publish --stage dev --build frontend_hosting/dist`. Files with a hash in their name go first and
may be kept for ever; then /config.json; then /index.html, which makes the new page the page. Whatever fails before
that leaves the old page as it was, and old files stay for browsers that still hold the old index.
"""

import argparse
import hashlib
import json
import mimetypes
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK_EACH_TIME: Final = "no-cache"
# What a bundler writes into assets/ carries a hash of its content in its name.
_HASHED: Final = re.compile(r"^assets/.+[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$")
_LOCAL_REFERENCE: Final = re.compile(r"""(?:src|href)=["']/?([^"':?#]+)["']""")
_LAST: Final = ("config.json", "index.html")


class CannotPublishError(Exception):
    """Nothing was published; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a stage's page lives, and what the page must know about its stage."""

    bucket: str
    distribution_id: str
    site_url: str
    page_config: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file to upload."""

    key: str
    body: bytes
    cache_control: str

    @property
    def content_type(self) -> str:
        return mimetypes.guess_type(self.key)[0] or "application/octet-stream"


def outputs_of(stage: str, region: str, part: str) -> dict[str, str]:
    """What a stack of the stage says of itself; raises CannotPublishError where there is none."""
    name = f"voice-{stage}-{part}"
    try:
        (found,) = boto3.client("cloudformation", region_name=region).describe_stacks(StackName=name)[
            "Stacks"
        ]
    except ClientError as error:
        raise CannotPublishError(f"there is no stack {name} in {region}; deploy the stage first") from error
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def target_of(stage: str, region: str) -> Target:
    """Read the outputs of the stage's stacks."""
    page, identity = (outputs_of(stage, region, part) for part in ("frontend", "identity"))
    return Target(
        bucket=page["PageBucket"],
        distribution_id=page["DistributionId"],
        site_url=page["SiteUrl"],
        page_config={
            "authority": identity["Issuer"],
            "clientId": identity["BrowserClientId"],
            "domain": identity["SignInUrl"],
            "scopes": identity["Scopes"].split(),
        },
    )


def files_of(build: Path, page_config: Mapping[str, Any]) -> list[File]:
    """The files in the order in which they must arrive. Refuses a build that is not whole."""
    index = build / "index.html"
    if not index.is_file():
        raise CannotPublishError(f"there is no index.html in {build}; build the page first")
    missing = sorted(
        reference
        for reference in _LOCAL_REFERENCE.findall(index.read_text(encoding="utf-8"))
        if not (build / reference).is_file()
    )
    if missing:
        raise CannotPublishError(
            f"{build} is not whole: index.html names {', '.join(missing)}; build the page again"
        )
    config = json.dumps(page_config, indent=2, sort_keys=True).encode()
    bodies = {path.relative_to(build).as_posix(): path for path in sorted(build.rglob("*")) if path.is_file()}
    files = [
        File(key=key, body=path.read_bytes(), cache_control=FOR_EVER if _HASHED.match(key) else ASK_EACH_TIME)
        for key, path in bodies.items()
        if key not in _LAST
    ]
    files.append(File(key="config.json", body=config, cache_control=ASK_EACH_TIME))
    files.append(File(key="index.html", body=index.read_bytes(), cache_control=ASK_EACH_TIME))
    return files


def publish(target: Target, files: Sequence[File]) -> list[str]:
    """Upload what has changed, then forget the cached entry points. Returns the keys that were uploaded."""
    s3 = boto3.client("s3")
    try:
        s3.head_bucket(Bucket=target.bucket)
    except (ClientError, BotoCoreError) as error:
        raise CannotPublishError(f"bucket {target.bucket} cannot be reached: {error}") from error
    uploaded = []
    for file in files:
        if _is_there(s3, target.bucket, file):
            continue
        try:
            s3.put_object(
                Bucket=target.bucket,
                Key=file.key,
                Body=file.body,
                CacheControl=file.cache_control,
                ContentType=file.content_type,
            )
        except (ClientError, BotoCoreError) as error:
            kept = "the old page is still served" if file.key not in _LAST else "run this again"
            raise CannotPublishError(f"{file.key} could not be uploaded: {error}; {kept}") from error
        uploaded.append(file.key)
    if uploaded:
        _forget(target, uploaded)
    return uploaded


def _is_there(s3: Any, bucket: str, file: File) -> bool:
    try:
        head = s3.head_object(Bucket=bucket, Key=file.key)
    except ClientError:
        return False
    same = head["ETag"].strip('"') == hashlib.md5(file.body, usedforsecurity=False).hexdigest()
    return bool(same and head.get("CacheControl") == file.cache_control)


def _forget(target: Target, uploaded: Sequence[str]) -> None:
    """Files that are kept for ever never change, so only the others can be stale at the edge."""
    paths = sorted({"/", *(f"/{key}" for key in uploaded if not _HASHED.match(key))})
    reference = hashlib.sha256("".join(uploaded).encode()).hexdigest()[:16] + str(len(uploaded))
    boto3.client("cloudfront").create_invalidation(
        DistributionId=target.distribution_id,
        InvalidationBatch={"Paths": {"Quantity": len(paths), "Items": paths}, "CallerReference": reference},
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="publish-frontend", description="Publish the built page of a stage."
    )
    parser.add_argument("--stage", required=True)
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--build", type=Path, default=Path("frontend_hosting/dist"))
    given = parser.parse_args(arguments)
    try:
        target = target_of(given.stage, given.region)
        uploaded = publish(target, files_of(given.build, target.page_config))
    except CannotPublishError as error:
        sys.stderr.write(f"publish-frontend: {error}\n")
        return 2
    sys.stdout.write(f"{len(uploaded)} files published, {target.site_url}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
