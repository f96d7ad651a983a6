"""The emulator's own certificate authority and the certificate of its server.

The authority is made once for a state directory and kept, so a client trusts one file, `ca.pem`, for good. The server's
certificate is short-lived and replaced without anybody noticing. Files that hold a key are readable by their owner only.

Rule 1: a file is published whole or not at all; two emulators may start on one directory at the same moment.
Rule 2: an authority that cannot be read is never replaced silently, for clients trust it.
"""

import ipaddress
import os
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFETIME: Final = timedelta(days=3650)
SERVER_LIFETIME: Final = timedelta(days=90)
RENEW_BEFORE: Final = timedelta(days=14)
NAMES: Final = (
    x509.DNSName("localhost"),
    x509.DNSName("*.localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
)

_CLOCK_SLACK: Final = timedelta(hours=1)


class CertificateError(Exception):
    """The state directory cannot hold or does not hold what TLS needs; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def pem(self) -> bytes:
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return key + self.certificate.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Where the certificates are."""

    authority: Path
    """`ca.pem`, the file a client trusts."""
    server: Path
    """Key and certificate of the server, for `ssl.SSLContext.load_cert_chain`."""

    def server_context(self) -> ssl.SSLContext:
        """Return a context that speaks HTTP/2 only."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.server)
        context.set_alpn_protocols(["h2"])
        return context


def ensure_certificates(state_dir: Path, *, now: datetime, extra_hosts: tuple[str, ...] = ()) -> TlsFiles:
    """Make or reuse the certificates of a state directory; raise `CertificateError` with the remedy."""
    files = TlsFiles(authority=state_dir / "ca.pem", server=state_dir / "server.pem")
    names = (*NAMES, *(_name(host) for host in extra_hosts))
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        authority = _authority(state_dir / "authority.pem", now)
        public = authority.certificate.public_bytes(serialization.Encoding.PEM)
        if not files.authority.exists() or files.authority.read_bytes() != public:
            _publish(files.authority, public, mode=0o644)
        if not _serves(files.server, authority, names, now):
            _publish(files.server, _issue_server(authority, names, now).pem(), mode=0o600)
    except OSError as error:
        raise CertificateError(
            f"cannot keep certificates in {state_dir}: {error.strerror}; choose another --state-dir"
        ) from error
    return files


def _authority(path: Path, now: datetime) -> Identity:
    if not path.exists():
        _publish(path, _make_authority(now).pem(), mode=0o600, replace=False)
    remedy = f"delete {path.parent} to make a new authority, and have clients trust its ca.pem again"
    try:
        authority = _read(path)
    except ValueError as error:
        raise CertificateError(f"{path} is not a key and a certificate; {remedy}") from error
    if authority.certificate.not_valid_after_utc - RENEW_BEFORE <= now:
        raise CertificateError(f"the authority in {path} has expired or is about to; {remedy}")
    return authority


def _read(path: Path) -> Identity:
    pem = path.read_bytes()
    key = serialization.load_pem_private_key(pem, password=None)
    certificate = x509.load_pem_x509_certificate(pem)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise ValueError("key and certificate are not a pair")
    return Identity(certificate=certificate, key=key)


def _serves(path: Path, authority: Identity, names: tuple[x509.GeneralName, ...], now: datetime) -> bool:
    try:
        certificate = _read(path).certificate
        certificate.verify_directly_issued_by(authority.certificate)
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return set(names) <= set(held) and now < certificate.not_valid_after_utc - RENEW_BEFORE


def _make_authority(now: datetime) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _subject("Nova Sonic emulator: certificate authority of this machine")
    builder = (
        _builder(name, name, key, now, AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
    )
    return Identity(certificate=builder.sign(key, hashes.SHA256()), key=key)


def _issue_server(authority: Identity, names: tuple[x509.GeneralName, ...], now: datetime) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer_key = authority.key.public_key()
    builder = (
        _builder(_subject("localhost"), authority.certificate.subject, key, now, SERVER_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )
    return Identity(certificate=builder.sign(authority.key, hashes.SHA256()), key=key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SLACK)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _publish(path: Path, content: bytes, *, mode: int, replace: bool = True) -> None:
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(draft).chmod(mode)
        if replace:
            Path(draft).replace(path)
            return
        try:
            path.hardlink_to(draft)  # unlike a rename this fails when somebody else was first
        except FileExistsError:
            return
    finally:
        Path(draft).unlink(missing_ok=True)


def utc_now() -> datetime:
    """The clock certificates are judged by."""
    return datetime.now(UTC)
