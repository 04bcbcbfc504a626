"""The Autobahn cases against a client that echoes."""

import socket
import subprocess
import unittest

import ws_cases
from example import program
from ws_tester import Tester


class AutobahnClient(unittest.TestCase):
    def test_cases(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(20)
            url = f"ws://127.0.0.1:{listener.getsockname()[1]}/case"
            client = subprocess.Popen([program(self, "ws_echo"), "connect", url])
            try:
                for case in ws_cases.all_cases():
                    with self.subTest(case.name):
                        tester = Tester.to_client(listener.accept()[0])
                        try:
                            ws_cases.run(case, tester)
                        finally:
                            tester.close()
            finally:
                client.terminate()
                self.assertEqual(client.wait(10), 0)

    def test_compression(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(20)
            url = f"ws://127.0.0.1:{listener.getsockname()[1]}/case"
            client = subprocess.Popen([program(self, "ws_deflate"), "connect", url, "send_window_bits=15"])
            try:
                for case in ws_cases.compression():
                    with self.subTest(case.name):
                        # The words of the parameters are those of the other side.
                        agreed = case.offer.replace("server_", "@").replace("client_", "server_").replace("@", "client_")
                        agreed = agreed.replace("server_max_window_bits;", "").removesuffix("; server_max_window_bits")
                        field = f"Sec-WebSocket-Extensions: permessage-deflate; {agreed}".rstrip("; ")
                        tester = Tester.to_client(listener.accept()[0], f"{field}\r\n".encode())
                        try:
                            self.assertIn(b"\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
                                          tester.request + b"\r\n")
                            ws_cases.run_compression(case, tester)
                        finally:
                            tester.close()
            finally:
                client.terminate()
                self.assertEqual(client.wait(10), 0)


if __name__ == "__main__":
    unittest.main()
