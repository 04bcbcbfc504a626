// What a peer sent before it reset the connection. It does so without meaning to by closing with input left unread.

#include <sys/ioctl.h>

#include "loop.h"

static struct mg_connection *at_server;
static bool closed;

static void note(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_ACCEPT) at_server = c;
  if (ev == MG_EV_READ) add("READ(%.*s) ", (int) c->recv.len, (char *) c->recv.buf);
  if (ev == MG_EV_READ) c->recv.len = 0;
  if (ev == MG_EV_ERROR) add("ERROR(%s) ", (char *) ev_data);
  if (ev == MG_EV_CLOSE) add("CLOSE "), closed = true;
}

// Says something and leaves without reading what stands in the socket.
static void leave(int fd, struct mg_str words) {
  int waiting = 0;
  for (int i = 0; i < 2000 && waiting == 0; i++) ioctl(fd, FIONREAD, &waiting), usleep(1000);
  if (send(fd, words.buf, words.len, MSG_NOSIGNAL) < 0) add("(not sent) ");
  close(fd);
}

static void unread_answer(struct mg_connection *listener) {
  int fd = dial(listener);
  poll_until(at_server != NULL);
  mg_send(at_server, "unread", 6);
  turns(3);
  leave(fd, mg_str("last words"));
  poll_until(closed);
  show_trace("unread answer");
}

static int s_leaving;

static void leave_while_served(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ && s_leaving >= 0) {
    mg_send(c, "to nobody", 9);
    leave(s_leaving, mg_str("last words"));
    s_leaving = -1;
  }
  note(c, ev, ev_data);
}

// The reset is noticed by a failing write before it is notified of.
static void failing_write(struct mg_connection *listener) {
  at_server = NULL, closed = false;
  s_leaving = dial(listener);
  poll_until(at_server != NULL);
  mg_send(at_server, "unread", 6);
  turns(3);
  say(s_leaving, "hello");
  poll_until(closed);
  show_trace("failing write");
}

static void upload(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) mg_printf(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\nstart");
  if (ev == MG_EV_HTTP_MSG) add("HTTP_MSG(%.3s) ", ((struct mg_http_message *) ev_data)->uri.buf);
  if (ev == MG_EV_ERROR) add("ERROR(%s) ", (char *) ev_data);
  if (ev == MG_EV_CLOSE) add("CLOSE "), closed = true;
}

// A server refuses an upload that it does not read.
static void refused_upload(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof(addr);
  char url[40];
  int listening = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listening, (struct sockaddr *) &addr, size) != 0 || listen(listening, 1) != 0) exit(1);
  getsockname(listening, (struct sockaddr *) &addr, &size);
  snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(addr.sin_port));
  closed = false;
  mg_http_connect(&mgr, url, upload, NULL);
  turns(3);
  int server = accept(listening, NULL, NULL);
  turns(3);
  leave(server, mg_str("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"));
  close(listening);
  poll_until(closed);
  show_trace("refused upload");
}

static void broker(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) at_server = c;
  if (ev == MG_EV_MQTT_CMD) add("CMD(%d) ", ((struct mg_mqtt_message *) ev_data)->cmd);
  if (ev == MG_EV_CLOSE && !c->is_listening) add("CLOSE "), closed = true;
}

// An MQTT client that says DISCONNECT with a message unread: the broker has to drop its will.
static void unread_message(void) {
  struct mg_mqtt_opts opts = {.topic = mg_str("a"), .message = mg_str("b")};
  struct mg_connection *listener = mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", broker, NULL);
  at_server = NULL, closed = false;
  int fd = dial(listener);
  poll_until(at_server != NULL);
  mg_mqtt_pub(at_server, &opts);
  turns(3);
  leave(fd, mg_str_n("\xe0\0", 2));
  poll_until(closed);
  show_trace("DISCONNECT with a message unread");
}

int main(void) {
  start();
  unread_answer(mg_listen(&mgr, "tcp://127.0.0.1:0", note, NULL));
  failing_write(mg_listen(&mgr, "tcp://127.0.0.1:0", leave_while_served, NULL));
  refused_upload();
  unread_message();
  mg_mgr_free(&mgr);
  return 0;
}
