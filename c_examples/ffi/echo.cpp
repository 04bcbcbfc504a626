// HTTP and WebSocket echo in C++17, with mongoose.hpp.
//
// Build: c++ -std=c++17 c_examples/ffi/echo.cpp -o target/echo_cpp -I include -L target/release -lmongoose
// Run:   LD_LIBRARY_PATH=target/release target/echo_cpp http://127.0.0.1:8000
// Try:   curl -d hello http://127.0.0.1:8000/echo, and a WebSocket client on ws://127.0.0.1:8000/ws

#include "mongoose.hpp"

#include <csignal>
#include <iostream>

static volatile std::sig_atomic_t stopped;

static void reply(mongoose::Connection c, int status, std::string_view body) {
  c.reply(status, "Content-Type: text/plain\r\n", body);
}

static void serve(mongoose::Connection c, mongoose::HttpMessage request) {
  if (request.uri() == "/") {
    reply(c, 200, "Hello from C++\n");
  } else if (request.uri() == "/echo") {
    reply(c, 200, request.body());
  } else if (request.uri() == "/agent") {
    reply(c, 200, request.header("User-Agent").value_or(""));
  } else if (request.uri() == "/ws") {
    c.ws_upgrade(request);
  } else if (request.uri() == "/fail") {
    throw std::runtime_error("asked to fail");
  } else {
    reply(c, 404, "Not found\n");
  }
}

int main(int argc, char *argv[]) try {
  for (int number : {SIGINT, SIGTERM}) std::signal(number, [](int) { stopped = 1; });
  mg_log_set(MG_LL_ERROR);
  mongoose::Manager manager;
  auto listener = manager.http_listen(argc > 1 ? argv[1] : "http://127.0.0.1:8000", [](auto c, auto event) {
    if (auto request = event.http_message()) {
      try {
        serve(c, *request);
      } catch (const std::exception &e) {  // it may also leave the handler: then the connection closes, and poll() throws
        std::cerr << e.what() << std::endl;
        reply(c, 500, "Failed\n");
      }
    } else if (auto message = event.ws_message()) {
      c.ws_send(message->data(), message->op());
    }
  });
  std::cout << "Listening on port " << listener.local_port() << std::endl;
  while (!stopped) manager.poll(std::chrono::seconds(1));
} catch (const std::exception &e) {
  std::cerr << e.what() << std::endl;
  return 1;
}
