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


if __name__ == "__main__":
    unittest.main()
