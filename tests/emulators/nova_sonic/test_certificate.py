import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from emulators.nova_sonic.certificate import (
    AUTHORITY_LIFETIME,
    RENEW_BEFORE,
    SERVER_LIFETIME,
    CertificateError,
    ensure_certificates,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, now=NOW)
    before = (files.authority.read_bytes(), files.server.read_bytes())

    ensure_certificates(tmp_path, now=NOW + timedelta(days=1))

    assert before == (files.authority.read_bytes(), files.server.read_bytes())


def test_a_server_certificate_about_to_expire_is_renewed_under_the_same_authority(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, now=NOW)
    authority, server = files.authority.read_bytes(), files.server.read_bytes()

    ensure_certificates(tmp_path, now=NOW + SERVER_LIFETIME - RENEW_BEFORE + timedelta(seconds=1))

    assert authority == files.authority.read_bytes()
    assert server != files.server.read_bytes()


def test_an_expired_authority_is_named_with_its_remedy(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, now=NOW)

    with pytest.raises(CertificateError, match=r"expired or is about to; delete .* trust its ca.pem again"):
        ensure_certificates(tmp_path, now=NOW + AUTHORITY_LIFETIME)


def test_a_spoiled_authority_is_not_replaced_silently(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, now=NOW)
    (tmp_path / "authority.pem").write_text("gone")

    with pytest.raises(CertificateError, match="is not a key and a certificate"):
        ensure_certificates(tmp_path, now=NOW)


@pytest.mark.parametrize("name", ["server.pem", "ca.pem"])
def test_a_spoiled_or_lost_file_that_can_be_made_again_is_made_again(tmp_path: Path, name: str) -> None:
    ensure_certificates(tmp_path, now=NOW)
    (tmp_path / name).write_text("gone")

    files = ensure_certificates(tmp_path, now=NOW)

    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    x509.load_pem_x509_certificate(files.server.read_bytes()).verify_directly_issued_by(authority)


def test_another_host_gets_a_certificate_with_its_name(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, now=NOW)
    files = ensure_certificates(tmp_path, now=NOW, extra_hosts=("bedrock.test", "10.0.0.7"))

    certificate = x509.load_pem_x509_certificate(files.server.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "*.localhost", "bedrock.test"} == set(names.get_values_for_type(x509.DNSName))
    assert {"127.0.0.1", "::1", "10.0.0.7"} == {str(a) for a in names.get_values_for_type(x509.IPAddress)}


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, now=NOW)

    for name in ("authority.pem", "server.pem"):
        assert 0o600 == stat.S_IMODE((tmp_path / name).stat().st_mode)
    assert ["authority.pem", "ca.pem", "server.pem"] == sorted(path.name for path in tmp_path.iterdir())


def test_a_strict_client_that_trusts_the_authority_shakes_hands(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, now=datetime.now(UTC))
    client = ssl.create_default_context(cafile=files.authority)
    client.set_alpn_protocols(["h2"])
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = files.server_context().wrap_bio(to_server, to_client, server_side=True)
    theirs = client.wrap_bio(to_client, to_server, server_hostname="localhost")

    open_ends = {ours, theirs}
    for _ in range(6):
        for end in list(open_ends):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            open_ends.remove(end)

    assert set() == open_ends
    assert "h2" == theirs.selected_alpn_protocol()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(CertificateError, match="choose another --state-dir"):
        ensure_certificates(tmp_path / "file" / "state", now=NOW)
