// Usage: node ws_node.js client PORT [DEFLATE], or node ws_node.js server [DEFLATE], which prints its port and serves one client.
// DEFLATE are options of permessage-deflate as JSON; then it has to be agreed on, and what is received has to be compressed.
// Exchanges messages with a peer that sends them back; exit status 0 if all went well.
const assert = require("node:assert");
const { once } = require("node:events");
const { WebSocket, WebSocketServer } = require("ws");

async function exchange(socket) {
  const texts = ["", "hello", "Grüße 👋", "x".repeat(70000)];
  const sent = [...texts, Buffer.alloc(0), Buffer.from([0, 255, 254]), Buffer.alloc(1000000, 7)];
  for (const data of sent) {
    socket.send(data);
    const [back, isBinary] = await once(socket, "message");
    assert.strictEqual(isBinary, Buffer.isBuffer(data));
    assert.deepStrictEqual(back, Buffer.from(data));
  }
  socket.send("one ", { fin: false });
  socket.send("two ", { fin: false });
  socket.ping("between");
  socket.send("three");
  const [[pong], [message]] = await Promise.all([once(socket, "pong"), once(socket, "message")]);
  assert.deepStrictEqual([String(pong), String(message)], ["between", "one two three"]);
  const received = [];
  const all = new Promise(resolve => socket.on("message", data => received.push(Number(data)) === 1000 && resolve()));
  for (let i = 0; i < 1000; i++) socket.send(String(i));
  await all;
  assert.deepStrictEqual(received, [...Array(1000).keys()]);
  socket.close(4001, "enough");
  const [code, reason] = await once(socket, "close");
  assert.deepStrictEqual([code, String(reason)], [4001, "enough"]);
}

async function compressed(socket) {
  assert.strictEqual(socket.extensions, "permessage-deflate");
  await exchange(socket);
  assert(socket._socket.bytesRead < 60000, `${socket._socket.bytesRead} bytes were received`);
}

async function main(role, ...rest) {
  const port = role === "client" ? rest.shift() : 0;
  const perMessageDeflate = rest.length > 0 && JSON.parse(rest[0]);
  if (role === "client") {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, ["echo", "other"], rest.length > 0 ? { perMessageDeflate } : {});
    await once(socket, "open");
    assert.strictEqual(socket.protocol, "echo");
    await (perMessageDeflate ? compressed(socket) : exchange(socket));
  } else {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate });
    await once(server, "listening");
    console.log(`port ${server.address().port}`);
    const [socket] = await once(server, "connection");
    server.close();
    if (perMessageDeflate) return compressed(socket);
    assert.strictEqual(socket.protocol, "echo");
    await exchange(socket);
  }
}

main(...process.argv.slice(2)).then(() => process.exit(0), error => { console.error(error); process.exit(1); });
