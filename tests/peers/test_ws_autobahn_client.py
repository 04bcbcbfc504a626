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


if __name__ == "__main__":
    unittest.main()
