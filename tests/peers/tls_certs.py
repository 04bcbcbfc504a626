"""Certificates of every kind, made for the TLS tests."""

import datetime
import ipaddress
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
KEYS = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Certificate:
    """A certificate with its key, and the chain to send with it."""

    def __init__(self, subject, issuer=None, *, key="P-256", names=(), authority=False, since=NOW - DAY, until=NOW + 365 * DAY,
                 issuer_name=None, extensions=(), chain=True):
        self.key = KEYS[key]()
        self.subject = _name(subject)
        signer = issuer.key if issuer else self.key
        builder = (x509.CertificateBuilder()
                   .subject_name(self.subject)
                   .issuer_name(issuer_name or (issuer.subject if issuer else self.subject))
                   .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(since).not_valid_after(until)
                   .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True))
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(n) for n in names]), critical=False)
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        self.certificate = builder.sign(signer, algorithm)
        self.chain = (issuer.chain if issuer and issuer.intermediate else []) if chain else []
        self.intermediate = authority and issuer is not None
        if self.intermediate:
            self.chain = [self.certificate, *self.chain]

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def chain_pem(self):
        own = [] if self.intermediate else [self.certificate]
        return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in own + self.chain)

    @property
    def key_pem(self):
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def damaged(self):
        """The chain with a bit of the certificate's signature turned over."""
        der = bytearray(self.certificate.public_bytes(serialization.Encoding.DER))
        der[-3] ^= 1
        import ssl
        return ssl.DER_cert_to_PEM_cert(bytes(der)).encode()

    def write(self, folder, name):
        """Writes the chain and the key; returns their paths."""
        folder = pathlib.Path(folder)
        cert, key = folder / f"{name}.crt", folder / f"{name}.key"
        cert.write_bytes(self.chain_pem)
        key.write_bytes(self.key_pem)
        return cert, key
