"""A stand-in for `docker` where there is no engine: the five words that the CDK says to it, spoken to buildah.

Used as CDK_DOCKER. "Pushing" writes an OCI layout into a folder. IMAGES_DIR says where everything is kept.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
BASE: Final = "docker.io/library/python:3.12-slim"
# What Python's own extension modules link to.
_LIBRARIES: Final = (
    "ca-certificates", "libbz2-1.0", "libexpat1", "libffi8", "liblzma5", "libncursesw6", "libnsl2", "libreadline8",
    "libsqlite3-0", "libssl3", "libtirpc3", "libuuid1", "zlib1g",
)  # fmt: skip
_TOOLS: Final = ("buildah", "mmdebstrap")


def missing() -> str | None:
    """Why images cannot be built here, in one line; None: they can."""
    if os.geteuid() != 0:
        return "building an image without an engine needs root"
    absent = [tool for tool in _TOOLS if shutil.which(tool) is None]
    return f"not installed here: {', '.join(absent)} (apt-get install)" if absent else None


def environment(folder: Path) -> dict[str, str]:
    """buildah's storage in a folder of ours, apart from the machine's."""
    folder.mkdir(parents=True, exist_ok=True)
    storage = folder / "storage.conf"
    storage.write_text(
        f'[storage]\ndriver = "overlay"\nrunroot = "{folder}/run"\ngraphroot = "{folder}/graph"\n',
        encoding="utf-8",
    )
    return {**os.environ, "CONTAINERS_STORAGE_CONF": str(storage)}


def buildah(folder: Path, *arguments: str) -> str:
    """Run buildah and return what it printed; its complaint is the error's text."""
    done = subprocess.run(
        ["buildah", *arguments], env=environment(folder), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"buildah {arguments[0]}: {done.stdout[-1500:]}{done.stderr[-1500:]}")
    return done.stdout.strip()


def make_base(folder: Path) -> None:
    """An image under the name that the Dockerfile begins with: Debian's packages and this machine's Python.

    It is kept between runs. The certificates are this machine's, so that pip reaches what this machine reaches.
    """
    if buildah(folder, "images", "--quiet", "--filter", f"reference={BASE}"):
        return
    context = folder / "base"
    shutil.rmtree(context, ignore_errors=True)
    context.mkdir()
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(_LIBRARIES)}", "bookworm", context / "base.tar"],
        check=True, capture_output=True,
    )  # fmt: skip
    prefix = Path(sysconfig.get_config_var("installed_base"))
    ignored = shutil.ignore_patterns("test", "__pycache__", "*.a", "share", "idlelib", "tkinter")
    shutil.copytree(prefix, context / "python", symlinks=True, ignore=ignored)
    for package in (context / "python/lib/python3.12/site-packages").iterdir():
        if not package.name.startswith(("pip", "_")):
            shutil.rmtree(package) if package.is_dir() else package.unlink()
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", context / "ca.crt")
    (context / "Dockerfile").write_text(
        f"""FROM scratch
ADD base.tar /
COPY python {prefix}
COPY ca.crt /etc/ssl/certs/ca-certificates.crt
RUN chmod 755 /root && ln -s {prefix}/bin/python3.12 /usr/local/bin/python && ln -s python /usr/local/bin/python3
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt PIP_DISABLE_PIP_VERSION_CHECK=1
""",
        encoding="utf-8",
    )
    buildah(folder, "bud", "--isolation", "chroot", "--tag", BASE, str(context))
    shutil.rmtree(context)


def pushed(folder: Path, name: str) -> Path:
    """Where a pushed image lies."""
    return folder / "registry" / name.replace("/", "_").replace(":", "_")


def main(arguments: list[str]) -> int:
    """docker login|inspect|build|tag|push, as far as the CDK says them."""
    folder = Path(os.environ["IMAGES_DIR"])
    verb, rest = arguments[0], arguments[1:]
    match verb:
        case "login":
            sys.stdin.read()
        case "inspect":
            sys.stdout.write(buildah(folder, "inspect", "--type", "image", *rest))
        case "build":
            # Another machine's architecture cannot be run here, so the image is of this machine's.
            if "--platform" in rest:
                at = rest.index("--platform")
                rest = rest[:at] + rest[at + 2 :]
            buildah(
                folder,
                "bud",
                "--layers",
                "--isolation",
                "chroot",
                "--pull-never",
                "--format",
                "docker",
                *rest,
            )
        case "tag":
            buildah(folder, "tag", *rest)
        case "push":
            name = rest[-1]
            target = pushed(folder, name)
            target.mkdir(parents=True, exist_ok=True)
            buildah(folder, "push", name, f"oci:{target}:latest")
        case _:
            sys.stderr.write(f"this stand-in for docker does not know {verb}\n")
            return 64
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
