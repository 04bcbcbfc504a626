"""JSON Web Tokens: this library's are accepted by PyJWT, PyJWT's by this library, and each other's forgeries by neither."""

import base64
import http.client
import hmac
import json
import os
import pathlib
import random
import subprocess
import tempfile
import time
import unittest

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from example import EXAMPLES, ROOT, Server, enter

LIB = pathlib.Path(os.environ.get("MG_LIB", ROOT / "target" / "release"))


def part(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def some_claims(seed):
    """Claims of many lengths, so that all remainders of base64 occur."""
    text = random.Random(seed)
    names = ["id", "data", "\u00e9t\u00e9", 'quote"', "n"]
    return {text.choice(names): text.choice(["x" * text.randrange(80), text.random(), True, None, [1, {"a": "\u20ac\\"}]])
            for _ in range(text.randrange(1, 5))}


class Tokens(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(enter(cls, tempfile.TemporaryDirectory(prefix="mg-jwt-")))
        program = cls.folder / "jwt_lines"
        subprocess.run(["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", ROOT / "tests/peers/jwt_lines.c", f"-I{ROOT / 'include'}",
                        "-o", program, f"-L{LIB}", "-lmongoose"], check=True)
        cls.program = program
        cls.secret = "a secret of 32 characters or more"
        cls.keys = []
        forms = [(Encoding.PEM, PrivateFormat.TraditionalOpenSSL), (Encoding.PEM, PrivateFormat.PKCS8),
                 (Encoding.DER, PrivateFormat.TraditionalOpenSSL), (Encoding.DER, PrivateFormat.PKCS8)]
        for number, form in enumerate(forms):
            key = ec.generate_private_key(ec.SECP256R1())
            path = cls.folder / f"key{number}"
            path.write_bytes(key.private_bytes(*form, NoEncryption()))
            cls.keys.append((key, path))

    def ours(self, *lines):
        """What the program answers to each line of fields."""
        text = "".join("\t".join(map(str, line)) + "\n" for line in lines)
        done = subprocess.run([self.program], input=text.encode(), env={**os.environ, "LD_LIBRARY_PATH": str(LIB)}, check=True,
                              stdout=subprocess.PIPE)
        answers = done.stdout.decode().splitlines()
        self.assertEqual(len(answers), len(lines))
        return answers

    def both(self):
        """Algorithm, our key, PyJWT's key to sign, PyJWT's key to check."""
        yield "HS256", self.secret, self.secret, self.secret
        for key, path in self.keys:
            yield "ES256", path, key, key.public_key()

    def test_ours_are_accepted_by_pyjwt(self):
        for algorithm, key, _, check in self.both():
            claims = [some_claims(seed) for seed in range(40)]
            tokens = self.ours(*[("sign", algorithm, key, "the \"kid\"", json.dumps(c)) for c in claims])
            for wanted, token in zip(claims, tokens):
                self.assertEqual(jwt.decode(token, check, [algorithm]), wanted)
                self.assertEqual(jwt.get_unverified_header(token), {"alg": algorithm, "typ": "JWT", "kid": 'the "kid"'})
            with self.assertRaises(jwt.InvalidSignatureError):
                header, payload, signature = tokens[0].split(".")
                jwt.decode(".".join([header, part(b"{}"), signature]), check, [algorithm])

    def test_pyjwt_s_are_accepted_by_us(self):
        for algorithm, key, sign, _ in self.both():
            claims = [some_claims(seed) for seed in range(100, 140)]
            tokens = [jwt.encode(c, sign, algorithm, headers={"kid": "1"}) for c in claims]
            for wanted, found in zip(claims, self.ours(*[("verify", algorithm, key, token) for token in tokens])):
                self.assertEqual(json.loads(found), wanted)

    def test_tokens_of_other_keys_and_algorithms_are_rejected(self):
        (key, path), (other, _) = self.keys[:2]
        claims = {"sub": "admin"}
        forged = [
            ("HS256", self.secret, jwt.encode(claims, self.secret + "x", "HS256")),
            ("HS256", self.secret, jwt.encode(claims, self.secret * 2, "HS512")),
            ("HS256", self.secret, jwt.encode(claims, None, "none")),
            ("HS256", self.secret, jwt.encode(claims, key, "ES256")),
            ("ES256", path, jwt.encode(claims, other, "ES256")),
            ("ES256", path, jwt.encode(claims, ec.generate_private_key(ec.SECP384R1()), "ES384")),
            ("ES256", path, jwt.encode(claims, None, "none")),
            ("ES256", path, jwt.encode(claims, self.secret, "HS256")),
        ]
        for (algorithm, _, token), answer in zip(forged, self.ours(*[("verify", *line) for line in forged])):
            self.assertEqual(answer, "-", f"{algorithm} accepted {token}")

    def forge(self, algorithm, secret):
        """A token of an administrator whose header says this, signed with HMAC and this secret, or not at all."""
        signed = ".".join(part(json.dumps(value).encode()) for value in ({"alg": algorithm, "typ": "JWT"}, {"sub": "admin"}))
        return signed + "." + ("" if secret is None else part(hmac.digest(secret, signed.encode(), "sha256")))

    def test_public_keys_are_no_secrets(self):
        """Key confusion: an HMAC made with what everybody knows, or with the file of the key."""
        key, path = self.keys[0]
        public = [key.public_key().public_bytes(encoding, form) for encoding, form in (
            (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), (Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            (Encoding.X962, PublicFormat.UncompressedPoint), (Encoding.X962, PublicFormat.CompressedPoint))]
        for secret in (*public, public[0].strip(), path.read_bytes(), b""):
            for name in ("HS256", "ES256"):
                self.assertEqual(self.ours(("verify", "ES256", path, self.forge(name, secret))), ["-"])
        self.assertNotEqual(self.ours(("verify", "HS256", self.secret, self.forge("HS256", self.secret.encode()))), ["-"])

    def test_tokens_without_signature_are_rejected(self):
        key, path = self.keys[0]
        for name in ("none", "None", "NONE", "nOnE", "", None, 0, ["none"], "HS256", "ES256"):
            for secret in (None, b""):
                token = self.forge(name, secret)
                self.assertEqual(self.ours(("verify", "HS256", self.secret, token), ("verify", "ES256", path, token)), ["-", "-"], name)

    def test_changed_tokens_are_rejected(self):
        for algorithm, key, sign, _ in self.both():
            token = jwt.encode({"sub": "admin"}, sign, algorithm)
            header, payload, signature = token.split(".")
            changed = [f"{header}.{payload}.", f"{header}.{payload}", f"{header}.{payload}.{signature}=", f"{token}.{signature}",
                       f"{header}.{part(b'{}')}.{signature}", f"{part(b'{}')}.{payload}.{signature}", f" {token}", f"{token}A",
                       f"{header}.{payload}.{part(bytes(64))}", f"{header}.{payload}.{signature[:-2]}"]
            for other, answer in zip(changed, self.ours(*[("verify", algorithm, key, other) for other in changed])):
                self.assertEqual(answer, "-", f"{algorithm} accepted {other} for {token}")


class Login(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = enter(cls, Server(EXAMPLES / "jwt_login", "http://127.0.0.1:0"))

    def ask(self, method, path, authorization):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        connection.request(method, path, headers={"Authorization": authorization})
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read())
        connection.close()
        return found

    def token(self):
        status, answer = self.ask("POST", "/login", "Basic " + base64.b64encode(b"admin:secret").decode())
        self.assertEqual(status, 200)
        return answer["token"]

    def test_a_token_opens_the_page(self):
        token = self.token()
        claims = jwt.decode(token, options={"verify_signature": False})
        self.assertEqual(claims["sub"], "admin")
        self.assertAlmostEqual(claims["exp"], time.time() + 3600, delta=600)
        self.assertEqual(self.ask("GET", "/me", f"Bearer {token}"), (200, {"user": "admin"}))

    def test_other_tokens_do_not(self):
        header, payload, signature = self.token().split(".")
        root = part(b'{"sub":"root","exp":99999999999}')
        none = part(b'{"alg":"none"}')
        for token in [f"{header}.{root}.{signature}", f"{none}.{root}.", f"{header}.{payload}.", "", "a.b.c",
                      jwt.encode({"sub": "root", "exp": 99999999999}, bytes(32), "HS256")]:
            self.assertEqual(self.ask("GET", "/me", f"Bearer {token}")[0], 401, token)

    def test_a_wrong_password_gives_no_token(self):
        self.assertEqual(self.ask("POST", "/login", "Basic " + base64.b64encode(b"admin:guess").decode())[0], 401)
        self.assertEqual(self.ask("POST", "/login", "Basic !")[0], 401)


if __name__ == "__main__":
    unittest.main()
