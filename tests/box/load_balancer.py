"""HAProxy in the place of the Application Load Balancer, configured from the attributes that were deployed."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.box.deployed import Deployed

# The lowest version that each security policy still takes; a policy that is not here stops the box.
_LOWEST_TLS: Final = {
    "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09": "TLSv1.2",
    "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09": "TLSv1.3",
}
_ALGORITHMS: Final = {"least_outstanding_requests": "leastconn", "round_robin": "roundrobin"}
_READY_S: Final = 30.0


def configuration(deployed: Deployed, *, certificate: Path, task_address: str) -> str:
    """haproxy.cfg. Idle time, TLS, balancing and health are the deployed ones; the rest is what an ALB always does."""
    group, attributes = deployed.group, deployed.group_attributes
    idle = deployed.balancer["idle_timeout.timeout_seconds"]
    policy = deployed.listener["SslPolicy"]
    algorithm = _ALGORITHMS[attributes["load_balancing.algorithm.type"]]
    return f"""global
  maxconn 2000
defaults
  mode http
  timeout connect 10s
  timeout client {idle}s
  timeout server {idle}s
  timeout tunnel {idle}s
  timeout http-keep-alive {deployed.balancer["client_keep_alive.seconds"]}s
frontend https
  bind 127.0.0.1:{deployed.listener["Port"]} ssl crt {certificate} ssl-min-ver {_LOWEST_TLS[policy]} alpn http/1.1
  option forwardfor
  default_backend tasks
backend tasks
  balance {algorithm}
  option httpchk GET {group["HealthCheckPath"]}
  http-check expect status {group["Matcher"]["HttpCode"]}
  timeout check {group["HealthCheckTimeoutSeconds"]}s
  server task {task_address}:{group["Port"]} check inter {group["HealthCheckIntervalSeconds"]}s rise \
{group["HealthyThresholdCount"]} fall {group["UnhealthyThresholdCount"]} init-state down
"""


def without_unknown_words(text: str, version: tuple[int, int]) -> str:
    """`init-state` came with HAProxy 3.1; before it a server counts as up until its first check."""
    return text if version >= (3, 1) else text.replace(" init-state down", "")


def haproxy_version() -> tuple[int, int]:
    words = subprocess.run(["haproxy", "-v"], capture_output=True, text=True, check=True).stdout.split()
    major, minor = words[words.index("version") + 1].split(".")[:2]
    return int(major), int(minor)


@contextmanager
def load_balancer(text: str, folder: Path) -> Iterator[Path]:
    """A running HAProxy; yields its log."""
    file, log = folder / "haproxy.cfg", folder / "haproxy.log"
    file.write_text(without_unknown_words(text, haproxy_version()))
    with log.open("w") as out:
        process = subprocess.Popen(["haproxy", "-db", "-f", str(file)], stdout=out, stderr=subprocess.STDOUT)
        try:
            until = time.monotonic() + 1.0
            while process.poll() is None and time.monotonic() < until:
                time.sleep(0.05)  # a process that starts offers nothing else to wait for
            if process.poll() is not None:
                raise RuntimeError(f"haproxy: {log.read_text()[-1500:]}")
            yield log
        finally:
            process.terminate()
            process.wait(_READY_S)
