/*
 * mongoose.hpp - mongoose.h for C++17: who owns what, std::function as handlers, exceptions.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A thin layer of inline functions: everything of mongoose.h can be used along with it.
 *
 * - A Manager and a Timer own what they stand for and can be moved. Connection, HttpMessage and WsMessage are
 *   handles: as cheap to copy as a pointer, and valid for as long as what they point to. That of messages is
 *   until the handler returns; of connections, until their MG_EV_CLOSE. Keep a connection's id otherwise.
 * - A handler, with all that it has captured, lives until the last connection that uses it is closed. The
 *   connections that a listener accepts share its handler. `c->fn` and `c->fn_data` belong to this header.
 * - An exception that leaves a handler or a timer's function is caught before it reaches C. The connection closes, and
 *   the function of the manager that is at work, Manager::poll() usually, throws it when the library has returned.
 *   The manager can go on being used. Of several exceptions, the first is thrown; the others are lost, and so
 *   are those in the destructor of the manager.
 * - Threads: as in mongoose.h. A manager and all that belongs to it are used by one thread at a time. Others may use
 *   Manager::call().
 */
#ifndef MONGOOSE_HPP
#define MONGOOSE_HPP

#include <cassert>  // or mongoose.h would define assert() as nothing
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "mongoose.h"

namespace mongoose {

/** The text that a mg_str points to; empty for NULL. */
inline std::string_view view(const struct mg_str *s) noexcept {
  return s == nullptr || s->buf == nullptr ? std::string_view() : std::string_view(s->buf, s->len);
}

/** An HTTP request or response. */
class HttpMessage {
 public:
  explicit HttpMessage(struct mg_http_message *hm) noexcept : hm_(hm) {}

  std::string_view method() const noexcept { return view(&hm_->method); }
  /** The target of a request before '?', not decoded. */
  std::string_view uri() const noexcept { return view(&hm_->uri); }
  /** The target of a request behind '?', not decoded. */
  std::string_view query() const noexcept { return view(&hm_->query); }
  std::string_view body() const noexcept { return view(&hm_->body); }
  /** The status code of a response. */
  int status() const noexcept { return mg_http_status(hm_); }
  /** The first header field of this name, in any ASCII case. */
  std::optional<std::string_view> header(const char *name) const noexcept {
    const struct mg_str *value = mg_http_get_header(hm_, name);
    return value == nullptr ? std::nullopt : std::optional<std::string_view>(view(value));
  }
  struct mg_http_message *get() const noexcept { return hm_; }

 private:
  struct mg_http_message *hm_;
};

/** A WebSocket message, or a control frame. */
class WsMessage {
 public:
  explicit WsMessage(const struct mg_ws_message *wm) noexcept : wm_(wm) {}

  std::string_view data() const noexcept { return view(&wm_->data); }
  /** WEBSOCKET_OP_TEXT, WEBSOCKET_OP_BINARY or another opcode. */
  int op() const noexcept { return wm_->flags & 15; }
  const struct mg_ws_message *get() const noexcept { return wm_; }

 private:
  const struct mg_ws_message *wm_;
};

/** What happened on a connection. */
class Event {
 public:
  Event(int type, void *data) noexcept : type_(type), data_(data) {}

  /** MG_EV_*. */
  int type() const noexcept { return type_; }
  /** What the comment at MG_EV_* says. */
  void *data() const noexcept { return data_; }
  /** The message of MG_EV_HTTP_MSG. */
  std::optional<HttpMessage> http_message() const noexcept {
    if (type_ != MG_EV_HTTP_MSG) return std::nullopt;
    return HttpMessage(static_cast<struct mg_http_message *>(data_));
  }
  /** The message of MG_EV_WS_MSG. */
  std::optional<WsMessage> ws_message() const noexcept {
    if (type_ != MG_EV_WS_MSG) return std::nullopt;
    return WsMessage(static_cast<const struct mg_ws_message *>(data_));
  }
  /** The text of MG_EV_ERROR. */
  std::optional<std::string_view> error() const noexcept {
    if (type_ != MG_EV_ERROR) return std::nullopt;
    return static_cast<const char *>(data_);
  }

 private:
  int type_;
  void *data_;
};

/** A connection or a listener. Its members are behind `->`: c->id, c->is_websocket, c->recv. */
class Connection {
 public:
  explicit Connection(struct mg_connection *c) noexcept : c_(c) {}

  struct mg_connection *operator->() const noexcept { return c_; }
  struct mg_connection *get() const noexcept { return c_; }

  /** See mg_http_reply_buf(). */
  void reply(int status, const std::string &headers, std::string_view body) const noexcept {
    mg_http_reply_buf(c_, status, headers.c_str(), body.data(), body.size());
  }
  /** See mg_http_request_buf(). */
  bool request(const std::string &method, const std::string &url, const std::string &headers = {},
               std::string_view body = {}) const noexcept {
    return mg_http_request_buf(c_, method.c_str(), url.c_str(), headers.c_str(), body.data(), body.size());
  }
  /** See mg_http_write_chunk(). */
  void write_chunk(std::string_view data) const noexcept { mg_http_write_chunk(c_, data.data(), data.size()); }
  /** See mg_ws_upgrade_headers(). */
  void ws_upgrade(HttpMessage request, const std::string &headers = {}) const noexcept {
    mg_ws_upgrade_headers(c_, request.get(), headers.c_str());
  }
  /** See mg_ws_send(). */
  bool ws_send(std::string_view data, int op = WEBSOCKET_OP_TEXT) const noexcept {
    return mg_ws_send(c_, data.data(), data.size(), op) > 0;
  }
  /** See mg_send(). */
  bool send(std::string_view data) const noexcept { return data.empty() || mg_send(c_, data.data(), data.size()); }
  /** Closes the connection when everything is sent. */
  void drain() const noexcept { c_->is_draining = 1; }
  /** Closes the connection, and drops what is not sent. */
  void close() const noexcept { c_->is_closing = 1; }
  /** Address and port of the peer, "127.0.0.1:80". */
  std::string remote() const { return text(c_->rem); }
  /** Own address and port. */
  std::string local() const { return text(c_->loc); }
  std::uint16_t local_port() const noexcept { return mg_addr_port(&c_->loc); }

 private:
  static std::string text(const struct mg_addr &addr) {
    char buf[48];
    return std::string(buf, mg_addr_text(&addr, buf, sizeof(buf)));
  }

  struct mg_connection *c_;
};

using Handler = std::function<void(Connection, Event)>;

namespace detail {

/** What stays in place when a Manager moves. */
struct State {
  struct mg_mgr *mgr;
  std::exception_ptr error;

  State() : mgr(mg_mgr_new()) {
    if (mgr == nullptr) throw std::bad_alloc();
  }
  State(const State &) = delete;
  State &operator=(const State &) = delete;
  ~State() { mg_mgr_delete(mgr); }

  void keep(std::exception_ptr e) noexcept {
    if (!error) error = std::move(e);
  }
  void rethrow() {
    if (error) std::rethrow_exception(std::exchange(error, nullptr));
  }
};

/** A handler, and how many connections and calls of it there are. */
class Shared {
 public:
  Shared(State &state, Handler handler) : state_(state), handler_(std::move(handler)) {}

  void release() noexcept {
    if (--users_ == 0) delete this;
  }

  static void dispatch(struct mg_connection *c, int ev, void *data) noexcept {
    Shared *self = static_cast<Shared *>(c->fn_data);
    self->users_ += ev == MG_EV_OPEN ? 2 : 1;
    try {
      if (self->handler_) self->handler_(Connection(c), Event(ev, data));
    } catch (...) {
      c->is_closing = 1;
      self->state_.keep(std::current_exception());
    }
    self->release();
    if (ev == MG_EV_CLOSE) self->release();
  }

 private:
  State &state_;
  Handler handler_;
  unsigned long users_ = 1;
};

struct Task : std::enable_shared_from_this<Task> {
  State &state;
  std::function<void()> function;
  struct mg_timer timer = {};

  Task(State &s, std::function<void()> f) : state(s), function(std::move(f)) {}

  static void run(void *arg) noexcept {
    // The function may destroy its own Timer.
    const std::shared_ptr<Task> self = static_cast<Task *>(arg)->shared_from_this();
    try {
      self->function();
    } catch (...) {
      self->state.keep(std::current_exception());
    }
  }
};

/** What another thread has called. */
struct Call {
  State &state;
  std::function<void(std::optional<Connection>)> function;

  static void run(struct mg_mgr *, struct mg_connection *c, void *arg) noexcept {
    const std::unique_ptr<Call> self(static_cast<Call *>(arg));
    try {
      self->function(c == nullptr ? std::nullopt : std::optional<Connection>(c));
    } catch (...) {
      if (c != nullptr) c->is_closing = 1;
      self->state.keep(std::current_exception());
    }
  }
};

}  // namespace detail

/** A timer that stops when this is destroyed. It may outlive its manager. */
class Timer {
 public:
  Timer() noexcept = default;
  Timer(Timer &&) noexcept = default;
  Timer &operator=(Timer &&other) noexcept {
    if (this != &other) {
      stop();
      state_ = std::exchange(other.state_, {});
      task_ = std::exchange(other.task_, {});
    }
    return *this;
  }
  ~Timer() { stop(); }

  void stop() noexcept {
    const std::shared_ptr<detail::State> state = state_.lock();
    if (state && task_) mg_timer_free(&state->mgr->timers, &task_->timer);
    state_.reset();
    task_.reset();
  }

 private:
  friend class Manager;
  std::weak_ptr<detail::State> state_;
  std::shared_ptr<detail::Task> task_;
};

/** An event loop. Must not be destroyed by a handler of its own. One that was moved from can be assigned to or
 * destroyed. */
class Manager {
 public:
  /** Throws std::bad_alloc when memory or descriptors are exhausted. */
  Manager() : state_(std::make_shared<detail::State>()) {}
  Manager(Manager &&) noexcept = default;
  Manager &operator=(Manager &&) noexcept = default;

  struct mg_mgr *get() const noexcept { return state_->mgr; }

  /** Runs one iteration of the loop, see mg_mgr_poll(). Throws what handlers threw meanwhile. */
  void poll(std::chrono::milliseconds wait) {
    mg_mgr_poll(get(), static_cast<int>(wait.count()));
    state_->rethrow();
  }

  /** Open a listener or a client connection; see mg_listen(), mg_http_listen() and so on. They throw std::runtime_error
   * when there is none, and what the handler threw in MG_EV_OPEN. */
  Connection listen(const std::string &url, Handler handler) { return open(url, mg_listen, std::move(handler)); }
  Connection http_listen(const std::string &url, Handler handler) { return open(url, mg_http_listen, std::move(handler)); }
  Connection connect(const std::string &url, Handler handler) { return open(url, mg_connect, std::move(handler)); }
  Connection http_connect(const std::string &url, Handler handler) { return open(url, mg_http_connect, std::move(handler)); }
  Connection ws_connect(const std::string &url, Handler handler, const std::string &headers = {}) {
    const auto function = [&](struct mg_mgr *mgr, const char *u, mg_event_handler_t fn, void *data) {
      return mg_ws_connect_headers(mgr, u, fn, data, headers.c_str());
    };
    return open(url, function, std::move(handler));
  }

  /** Opens the channel that call() needs; see mg_wakeup_init(). */
  bool wakeup_init() noexcept { return mg_wakeup_init(get()); }
  /** Has a function called by poll(), with the connection of this id if it is still open; 0 is none. Any thread may
   * do that, as long as the manager is neither moved nor destroyed. The function is called exactly once when true is
   * returned, by the destructor of the manager if need be, and never when false is; see mg_mgr_call(). */
  bool call(unsigned long id, std::function<void(std::optional<Connection>)> function) {
    std::unique_ptr<detail::Call> call(new detail::Call{*state_, std::move(function)});
    if (!mg_mgr_call(get(), id, detail::Call::run, call.get())) return false;
    call.release();  // it may have been called and deleted by now
    return true;
  }

  /** Calls a function once when the time has passed. */
  [[nodiscard]] Timer after(std::chrono::milliseconds time, std::function<void()> function) {
    return add_timer(time, MG_TIMER_ONCE, std::move(function));
  }
  /** Calls a function again and again. */
  [[nodiscard]] Timer every(std::chrono::milliseconds period, std::function<void()> function) {
    return add_timer(period, MG_TIMER_REPEAT, std::move(function));
  }

 private:
  template <typename Function>
  Connection open(const std::string &url, Function function, Handler handler) {
    auto *shared = new detail::Shared(*state_, std::move(handler));
    struct mg_connection *c = function(get(), url.c_str(), detail::Shared::dispatch, shared);
    shared->release();
    state_->rethrow();
    if (c == nullptr) throw std::runtime_error("cannot open " + url);
    return Connection(c);
  }

  Timer add_timer(std::chrono::milliseconds time, unsigned flags, std::function<void()> function) {
    Timer timer;
    timer.task_ = std::make_shared<detail::Task>(*state_, std::move(function));
    const auto ms = static_cast<std::uint64_t>(time.count());
    mg_timer_init(&get()->timers, &timer.task_->timer, ms, flags, detail::Task::run, timer.task_.get());
    timer.state_ = state_;
    return timer;
  }

  std::shared_ptr<detail::State> state_;
};

}  // namespace mongoose

#endif /* MONGOOSE_HPP */
