// What mongoose.hpp promises: who owns what, when handlers are released, where exceptions go.

#include "mongoose.hpp"

#include <array>
#include <iostream>
#include <thread>
#include <type_traits>
#include <vector>

#define CHECK(x)                                                         \
  do {                                                                   \
    if (!(x)) std::cout << __LINE__ << ": " << #x << std::endl, exit(1); \
  } while (0)

using namespace std::chrono_literals;
using mongoose::Connection;
using mongoose::Event;
using mongoose::Manager;
using mongoose::Timer;

static_assert(!std::is_copy_constructible_v<Manager> && std::is_nothrow_move_constructible_v<Manager>);
static_assert(std::is_nothrow_move_assignable_v<Manager>);
static_assert(!std::is_copy_constructible_v<Timer> && std::is_nothrow_move_constructible_v<Timer>);
static_assert(std::is_nothrow_move_assignable_v<Timer> && std::is_trivially_copyable_v<Connection>);
static_assert(sizeof(Connection) == sizeof(void *));

template <typename Condition>
static void poll_until(Manager &manager, Condition condition) {
  for (int i = 0; i < 5000 && !condition(); i++) manager.poll(1ms);
  CHECK(condition());
}

static std::string url_of(Connection listener, const char *scheme = "http") {
  return std::string(scheme) + "://" + listener.local();
}

static void nothing(Connection, Event) {}

// Requests and responses, with members as views and bytes of any kind.
static void http() {
  Manager manager;
  const std::string body("a\0%s\xff", 5);
  std::string seen;
  auto listener = manager.http_listen("http://127.0.0.1:0", [&](Connection c, Event event) {
    auto request = event.http_message();
    if (!request) return;
    CHECK(request->method() == "POST" && request->uri() == "/x" && request->query() == "y=z" && request->body() == body);
    CHECK(request->header("host") == std::string_view(c.local()) && !request->header("Absent"));
    CHECK(c->is_accepted && c.remote().find("127.0.0.1:") == 0);
    c.reply(201, "Answer: 42\r\n", request->body());
  });
  const std::string url = url_of(listener) + "/x?y=z";
  manager.http_connect(url, [&](Connection c, Event event) {
    CHECK(!event.error());
    if (event.type() == MG_EV_CONNECT) CHECK(c.request("POST", url, {}, body));
    if (event.type() == MG_EV_CONNECT) CHECK(!c.request("bad method", url));
    if (auto response = event.http_message()) {
      CHECK(response->status() == 201 && response->header("answer") == "42");
      seen = response->body();
      c.close();
    }
  });
  poll_until(manager, [&] { return seen == body && listener->next == nullptr; });
}

static void websocket() {
  Manager manager;
  std::vector<std::string> echoes;
  auto listener = manager.http_listen("http://127.0.0.1:0", [](Connection c, Event event) {
    if (auto request = event.http_message()) c.ws_upgrade(*request, "X: y\r\n");
    if (auto message = event.ws_message()) CHECK(c.ws_send(message->data(), message->op()));
  });
  manager.ws_connect(url_of(listener, "ws"), [&](Connection c, Event event) {
    if (event.type() == MG_EV_WS_OPEN) CHECK(c->is_websocket && c.ws_send("text") && c.ws_send({"\0b", 2}, WEBSOCKET_OP_BINARY));
    if (auto message = event.ws_message()) {
      CHECK(message->op() == (echoes.empty() ? WEBSOCKET_OP_TEXT : WEBSOCKET_OP_BINARY));
      echoes.emplace_back(message->data());
    }
  }, "From: test\r\n");
  poll_until(manager, [&] { return echoes.size() == 2; });
  CHECK(echoes[0] == "text" && echoes[1] == std::string("\0b", 2));
}

// A handler lives as long as a connection uses it, and while it runs, whatever it does.
static void lifetime() {
  Manager manager;
  auto token = std::make_shared<int>(0);
  auto listener = manager.listen("tcp://127.0.0.1:0", [token](Connection, Event) {});
  CHECK(token.use_count() == 2);
  std::weak_ptr<int> client_token;
  {
    auto of_client = std::make_shared<int>(0);
    client_token = of_client;
    manager.connect(url_of(listener, "tcp"), [&manager, of_client](Connection c, Event event) {
      if (event.type() != MG_EV_CONNECT) return;
      mg_close_conn(c.get());  // MG_EV_CLOSE arrives before this returns: the captured values must still be there.
      CHECK(of_client.use_count() == 1 && manager.get() == c->mgr);
    });
  }
  CHECK(client_token.use_count() == 1);
  poll_until(manager, [&] { return client_token.expired(); });

  // The listener goes first: those that it accepted keep the handler.
  auto client = manager.connect(url_of(listener, "tcp"), nothing);
  poll_until(manager, [&] { return manager.get()->conns->is_accepted; });
  Connection accepted(manager.get()->conns);
  listener.close();
  poll_until(manager, [&] { return client->next == nullptr; });
  CHECK(token.use_count() == 2);
  accepted.close();
  poll_until(manager, [&] { return token.use_count() == 1; });

  // What never came to be leaves nothing behind.
  bool thrown = false;
  try {
    manager.http_listen("http://not.an.address:1", [token](Connection, Event) {});
  } catch (const std::runtime_error &e) {
    thrown = std::string(e.what()) == "cannot open http://not.an.address:1";
  }
  CHECK(thrown && token.use_count() == 1);

  // The end of the manager closes what is open.
  manager.listen("tcp://127.0.0.1:0", [token](Connection, Event) {});
  CHECK(token.use_count() == 2);
  manager = Manager();
  CHECK(token.use_count() == 1);
  manager.connect(std::string("tcp://127.0.0.1:1"), {});  // no handler at all
  manager.poll(0ms);
}

// Exceptions come out of the function that was called, once; the connection closes, and the loop goes on.
static void exceptions() {
  Manager manager;
  int closed = 0, failures = 0, replies = 0;
  auto listener = manager.http_listen("http://127.0.0.1:0", [&](Connection c, Event event) {
    closed += event.type() == MG_EV_CLOSE;
    if (auto request = event.http_message()) {
      if (request->uri() == "/fail") throw std::logic_error("from a handler");
      c.reply(200, "", "fine");
    }
  });
  const auto ask = [&](const char *path) {
    bool done = false;
    const std::string url = url_of(listener) + path;
    manager.http_connect(url, [&, url](Connection c, Event event) {
      if (event.type() == MG_EV_CONNECT) c.request("GET", url);
      if (event.http_message()) replies++, c.close();
      done = done || event.type() == MG_EV_CLOSE;
    });
    for (int i = 0; i < 5000 && !done; i++) {
      try {
        manager.poll(1ms);
      } catch (const std::logic_error &e) {
        CHECK(std::string(e.what()) == "from a handler");
        failures++;
      }
    }
    CHECK(done);
  };
  for (int i = 1; i <= 3; i++) {
    ask("/fail");
    CHECK(failures == i && replies == i - 1);
    ask("/");
    CHECK(failures == i && replies == i);
  }
  poll_until(manager, [&] { return closed == 6; });

  // While a connection is made.
  bool thrown = false;
  try {
    manager.listen("tcp://127.0.0.1:0", [](Connection, Event event) {
      if (event.type() == MG_EV_OPEN) throw 42;
    });
  } catch (int number) {
    thrown = number == 42;
  }
  CHECK(thrown);
  manager.poll(0ms);
  CHECK(manager.get()->conns == listener.get() && listener->next == nullptr);

  // From a timer, and from a destructor's last events: those are lost, and nothing ends the process.
  thrown = false;
  Timer timer = manager.after(0ms, [] { throw std::runtime_error("from a timer"); });
  for (int i = 0; i < 100 && !thrown; i++) {
    try {
      manager.poll(1ms);
    } catch (const std::runtime_error &) {
      thrown = true;
    }
  }
  CHECK(thrown);
  manager.listen("tcp://127.0.0.1:0", [](Connection, Event event) {
    if (event.type() == MG_EV_CLOSE) throw std::runtime_error("nobody hears me");
  });
}

static void moves() {
  std::vector<Manager> managers;
  int accepted = 0;
  {
    Manager manager;
    auto listener = manager.listen("tcp://127.0.0.1:0", [&](Connection, Event event) { accepted += event.type() == MG_EV_ACCEPT; });
    manager.connect(url_of(listener, "tcp"), [](Connection, Event event) {
      if (event.type() == MG_EV_CONNECT) throw 1;  // it must reach the manager that is here now
    });
    managers.push_back(std::move(manager));
  }
  for (int i = 0; i < 10; i++) managers.emplace_back();
  bool thrown = false;
  for (int i = 0; i < 5000 && !(thrown && accepted); i++) {
    try {
      managers[0].poll(1ms);
    } catch (int) {
      thrown = true;
    }
  }
  CHECK(thrown && accepted == 1);
  managers[0] = std::move(managers[1]);
  CHECK(managers[0].get()->conns == nullptr);
}

static void timers() {
  Timer outlives;
  {
    Manager manager;
    int ticks = 0, once = 0;
    auto token = std::make_shared<int>(0);
    std::optional<Timer> itself;
    itself = manager.every(1ms, [&, token] {
      ticks++;
      if (ticks == 3) itself.reset();  // the function that runs is released when it has returned
      CHECK(token.use_count() == 2);
    });
    Timer single = manager.after(1ms, [&] { once++; });
    Timer moved = std::move(single);
    poll_until(manager, [&] { return ticks == 3 && once == 1; });
    CHECK(token.use_count() == 1);
    for (int i = 0; i < 20; i++) manager.poll(1ms);
    CHECK(ticks == 3 && once == 1);
    {
      Timer scoped = manager.every(1ms, [&] { ticks++; });
      moved = manager.every(1ms, [&] { once++; });
    }
    poll_until(manager, [&] { return once >= 3; });
    CHECK(ticks == 3);
    moved.stop(), moved.stop();
    CHECK(manager.get()->timers == nullptr);
    outlives = manager.every(1ms, [] {});
  }
  outlives.stop();
}

static void texts() {
  struct mg_str none = {nullptr, 5};
  CHECK(mongoose::view(nullptr).empty() && mongoose::view(&none).empty());
  char text[] = "abc";
  struct mg_str some = {text, 2};
  CHECK(mongoose::view(&some) == "ab");
  Event error(MG_EV_ERROR, text), close(MG_EV_CLOSE, nullptr);
  CHECK(error.error() == "abc" && !error.http_message() && !error.ws_message());
  CHECK(!close.error() && close.type() == MG_EV_CLOSE && close.data() == nullptr);

  Manager manager;
  std::string received;
  auto listener = manager.listen("tcp://127.0.0.1:0", [&](Connection c, Event event) {
    if (event.type() != MG_EV_READ) return;
    received.append(reinterpret_cast<char *>(c->recv.buf), c->recv.len);
    c->recv.len = 0;
  });
  auto client = manager.connect(url_of(listener, "tcp"), nothing);
  CHECK(client.send("hello ") && client.send("") && client.send("world"));
  client.drain();
  poll_until(manager, [&] { return received == "hello world"; });
}

// Functions that other threads have called: with a connection or without, exceptions, and the end of the manager.
static void calls() {
  auto token = std::make_shared<int>(0);
  std::string order;
  {
    Manager manager;
    CHECK(!manager.call(0, [token](auto) { CHECK(false); }) && token.use_count() == 1);
    CHECK(manager.wakeup_init() && !manager.wakeup_init());
    const unsigned long id = manager.listen("tcp://127.0.0.1:0", nothing)->id;
    const auto loop = std::this_thread::get_id();
    std::thread worker([&, token] {
      CHECK(manager.call(id, [&, token](std::optional<Connection> c) {
        CHECK(std::this_thread::get_id() == loop && c && (*c)->id == id);
        order += "1";
      }));
      CHECK(manager.call(0, [&, token](std::optional<Connection> c) { order += c ? "?" : "2"; }));
    });
    poll_until(manager, [&] { return order == "12"; });
    worker.join();
    CHECK(token.use_count() == 1);

    CHECK(manager.call(id, [](auto) { throw std::runtime_error("thrown"); }));
    bool caught = false;
    for (int i = 0; i < 1000 && !caught; i++) {
      try {
        manager.poll(1ms);
      } catch (const std::runtime_error &e) {
        caught = e.what() == std::string("thrown");
      }
    }
    CHECK(caught);
    CHECK(manager.call(id, [&](std::optional<Connection> c) { order += c ? "?" : "3"; }));
    poll_until(manager, [&] { return order == "123"; });
    CHECK(manager.call(0, [&, token](std::optional<Connection> c) {
      order += c ? "?" : "4";
      throw std::runtime_error("lost");
    }));
  }
  CHECK(order == "1234" && token.use_count() == 1);
}

int main() {
  static_assert(MG_DATA_SIZE > 0);
  CHECK(MG_ABI_CHECK());
  mg_log_set(MG_LL_NONE);
  http(), websocket(), lifetime(), exceptions(), moves(), timers(), texts(), calls();
  return 0;
}
