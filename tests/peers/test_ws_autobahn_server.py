"""The Autobahn cases against a server that echoes."""

import unittest

import ws_cases
from example import Server, enter, program
from ws_tester import Tester


class AutobahnServer(unittest.TestCase):
    def test_cases(self):
        server = enter(self, Server(program(self, "ws_echo"), "listen", "http://127.0.0.1:0"))
        for case in ws_cases.all_cases():
            with self.subTest(case.name):
                tester = Tester.to_server(server.port)
                try:
                    ws_cases.run(case, tester)
                finally:
                    tester.close()

    def test_compression(self):
        server = enter(self, Server(program(self, "ws_deflate"), "listen", "http://127.0.0.1:0", "send_window_bits=15"))
        for case in ws_cases.compression():
            with self.subTest(case.name):
                offer = f"Sec-WebSocket-Extensions: permessage-deflate; {case.offer}".rstrip("; ")
                tester = Tester.to_server(server.port, f"{offer}\r\n".encode())
                try:
                    self.assertIn(b"Sec-WebSocket-Extensions: permessage-deflate", tester.answer)
                    ws_cases.run_compression(case, tester)
                finally:
                    tester.close()


if __name__ == "__main__":
    unittest.main()
