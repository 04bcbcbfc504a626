"""What an auditor's scanner says about the HTTPS server example."""

import json
import subprocess
import sys
import unittest

from example import Folder, enter
from test_tls_server import https_server
from tls_certs import Certificate

SCANS = ["--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--heartbleed", "--openssl_ccs", "--robot",
         "--compression", "--reneg", "--early_data", "--fallback", "--elliptic_curves", "--resum"]


class Scan(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = enter(cls, Folder()).path
        ca = Certificate("Test CA", authority=True)
        own = Certificate("server", ca, names=["localhost", "127.0.0.1"]).write(folder, "own")
        server = enter(cls, https_server(*own))
        report = folder / "report.json"
        command = [sys.executable, "-m", "sslyze", *SCANS, "--quiet", "--json_out", str(report), f"localhost:{server.port}"]
        # Its exit status tells about Mozilla's profiles, which ask for a certificate of a public authority.
        subprocess.run(command, stdout=subprocess.DEVNULL, timeout=300)
        (scan,) = json.loads(report.read_text())["server_scan_results"]
        cls.results = {name: part for name, part in scan["scan_result"].items() if part}

    def result(self, name):
        part = self.results[name]
        self.assertEqual(part["status"], "COMPLETED", part.get("error_trace"))
        return part["result"]

    def suites(self, name):
        return [accepted["cipher_suite"]["name"] for accepted in self.result(name)["accepted_cipher_suites"]]

    def test_old_versions_are_refused(self):
        for name in ["ssl_2_0_cipher_suites", "ssl_3_0_cipher_suites", "tls_1_0_cipher_suites", "tls_1_1_cipher_suites"]:
            self.assertEqual(self.suites(name), [], name)

    def test_only_authenticated_encryption_with_forward_secrecy(self):
        old, new = self.suites("tls_1_2_cipher_suites"), self.suites("tls_1_3_cipher_suites")
        self.assertTrue(old and new)
        for suite in old:
            self.assertRegex(suite, r"^TLS_ECDHE_(ECDSA|RSA)_WITH_(AES_(128|256)_GCM|CHACHA20_POLY1305)_SHA(256|384)$")
        for suite in new:
            self.assertRegex(suite, r"^TLS_(AES_(128|256)_GCM|CHACHA20_POLY1305)_SHA(256|384)$")

    def test_known_attacks(self):
        self.assertFalse(self.result("heartbleed")["is_vulnerable_to_heartbleed"])
        self.assertFalse(self.result("openssl_ccs_injection")["is_vulnerable_to_ccs_injection"])
        self.assertIn("NOT_VULNERABLE", self.result("robot")["robot_result"])
        self.assertFalse(self.result("tls_compression")["supports_compression"])
        renegotiation = self.result("session_renegotiation")
        self.assertFalse(renegotiation["is_vulnerable_to_client_renegotiation_dos"])
        self.assertFalse(self.result("tls_1_3_early_data")["supports_early_data"])
        self.assertTrue(self.result("tls_fallback_scsv")["supports_fallback_scsv"])

    def test_curves(self):
        curves = {curve["name"] for curve in self.result("elliptic_curves")["supported_curves"]}
        self.assertTrue(curves)
        self.assertLessEqual(curves, {"X25519", "secp256r1", "secp384r1"})

    def test_sessions_are_resumed(self):
        resumption = self.result("session_resumption")
        self.assertIn("FULLY_SUPPORTED", {resumption["tls_ticket_resumption_result"], resumption["session_id_resumption_result"]})


if __name__ == "__main__":
    unittest.main()
