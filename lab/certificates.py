"""A certificate authority of the lab's own: made afresh, trusted by nobody who is not told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, CertificateBuilder, KeyUsage, Name


class Authority:
    """Writes a bundle to trust, and one certificate with its key for all hosts."""

    def __init__(self, folder: Path, *, hosts: tuple[str, ...]) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec

        self.bundle = folder / "authority.pem"
        self.certificate = folder / "services.pem"
        self.key = folder / "services.key"
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root = _root(root_key)
        leaf = _leaf(root, root_key, key, hosts)
        self.bundle.write_bytes(_pem(root))
        self.certificate.write_bytes(_pem(leaf))
        self.key.write_bytes(_key(key))


def _root(key: EllipticCurvePrivateKey) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    name = _name("Firebreak's lab")
    usage = _usage(signs_certificates=True)
    made = _builder(name, name, key)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return made.add_extension(usage, critical=True).sign(key, hashes.SHA256())


def _leaf(
    root: Certificate,
    root_key: EllipticCurvePrivateKey,
    key: EllipticCurvePrivateKey,
    hosts: tuple[str, ...],
) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    made = _builder(_name("services"), root.subject, key)
    made = made.add_extension(names, critical=False).add_extension(issuer, critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    usage = _usage(signs_certificates=False)
    return made.add_extension(usage, critical=True).sign(root_key, hashes.SHA256())


def _builder(subject: Name, issuer: Name, key: EllipticCurvePrivateKey) -> CertificateBuilder:
    from cryptography import x509

    now = datetime.now(UTC)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(own, critical=False)
    )


def _name(text: str) -> Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs_certificates: bool) -> KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _key(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization as to

    return key.private_bytes(to.Encoding.PEM, to.PrivateFormat.PKCS8, to.NoEncryption())
