"""The JSON-RPC example against the websockets package."""

import json
import unittest

from websockets.sync.client import connect

from example import enter, example


class JsonRpcOverWebSocket(unittest.TestCase):
    def setUp(self):
        self.server = enter(self, example("json_rpc_websocket"))
        self.client = self.open()

    def open(self):
        return enter(self, connect(f"ws://127.0.0.1:{self.server.port}/rpc", max_size=None))

    def ask(self, text, client=None):
        client = client or self.client
        client.send(text)
        return client.recv(20)

    def test_calls_are_answered(self):
        for text, answer in [
            ('{"id":1,"method":"sum","params":[1,2.5]}', '{"id":1,"result":3.5}'),
            ('{"jsonrpc":"2.0","id":"a\\"b","method":"sum","params":{"x":0.1,"y":0.2}}', '{"id":"a\\"b","result":0.3}'),
            ('{"id":null,"method":"sum","params":[]}', '{"id":null,"result":0}'),
            ('{"id":2,"method":"rpc.list"}', '{"id":2,"result":["rpc.list","say","sum"]}'),
        ]:
            self.assertEqual(self.ask(text), answer)

    def test_mistakes_are_answered(self):
        for text, code in [
            ('{"id":3,"method":"sum","params":["1"]}', -32602),
            ('{"id":3,"method":"say"}', -32602),
            ('{"id":3,"method":"nope"}', -32601),
            ('{"id":3}', -32700),
            ("haha", -32700),
            ("", -32700),
            ("[" * 10_000, -32700),
        ]:
            with self.subTest(text[:40]):
                answer = json.loads(self.ask(text))
                self.assertEqual(answer["error"]["code"], code)
                self.assertEqual(answer.get("id"), 3 if "id" in text else None)

    def test_a_notification_gets_no_answer(self):
        self.client.send('{"method":"sum","params":[1]}')
        self.assertEqual(self.ask('{"id":4,"method":"sum","params":[2]}'), '{"id":4,"result":2}')

    def test_everyone_hears_what_is_said(self):
        others = [self.open() for _ in range(5)]
        texts = ["hello", "gr\u00fc\u00dfe \u4e16\u754c \U0001f600", 'quotes " and \\ and\nlines', "x" * 100_000]
        for text in texts:
            self.client.send(json.dumps({"method": "say", "params": {"text": text}}))
        for client in [self.client, *others]:
            heard = [json.loads(client.recv(20)) for _ in texts]
            self.assertEqual([message["method"] for message in heard], ["said"] * len(texts))
            self.assertEqual([message["params"]["text"] for message in heard], texts)

    def test_thousands_of_calls_in_flight(self):
        for i in range(5000):
            self.client.send(json.dumps({"id": i, "method": "sum", "params": [i, 1]}))
        for i in range(5000):
            self.assertEqual(json.loads(self.client.recv(20)), {"id": i, "result": i + 1})

    def test_large_call(self):
        numbers = list(range(100_000))
        self.assertEqual(json.loads(self.ask(json.dumps({"params": numbers, "method": "sum", "id": 1})))["result"], sum(numbers))


if __name__ == "__main__":
    unittest.main()
