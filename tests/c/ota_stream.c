// mg_http_start_ota: a request body goes to mg_ota_begin(), mg_ota_write() and mg_ota_end() of the program while
// it arrives.

#include "mongoose.h"

static char s_events[2000];
static unsigned char s_image[3000000];
static size_t s_received;
static bool s_odd_piece, s_begin = true, s_write = true, s_end = true;
static enum { BUILT_IN, OWN } s_how;

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;

static void note(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  size_t len = strlen(s_events);
  mg_vsnprintf(s_events + len, sizeof(s_events) - len, fmt, &ap);
  va_end(ap);
}

bool mg_ota_begin(size_t new_firmware_size) {
  note("begin(%lu) ", (unsigned long) new_firmware_size);
  s_received = 0, s_odd_piece = false;
  return s_begin;
}

bool mg_ota_write(const void *buf, size_t len) {
  if (s_odd_piece) note("piece after an odd one ");
  if (len % 512 != 0) s_odd_piece = true;
  if (len <= sizeof(s_image) - s_received) memcpy(s_image + s_received, buf, len);
  s_received += len;
  return s_write;
}

bool mg_ota_end(void) {
  note("end(%lu) ", (unsigned long) s_received);
  return s_end;
}

static int dial(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) perror("connect"), exit(1);
  return fd;
}

// Collects an answer until nothing more comes.
static void collect(int fd, char *answer, size_t size) {
  size_t len = 0;
  for (int i = 0, idle = 0; i < 300 && idle < 10; i++) {
    mg_mgr_poll(&s_mgr, 1);
    ssize_t n = recv(fd, answer + len, size - 1 - len, MSG_DONTWAIT);
    if (n == 0) break;
    if (n > 0) len += (size_t) n, idle = 0;
    if (n < 0 && len > 0) idle++;
  }
  answer[len] = '\0';
}

static void done(struct mg_connection *c, const char *error) {
  note("done(%s) ", error == NULL ? "ok" : error);
  mg_http_reply(c, error == NULL ? 200 : 500, "", "%s", error == NULL ? "installed" : error);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_HDRS && mg_match(hm->uri, mg_str("/ota"), NULL)) mg_http_start_ota(c, hm, s_how == BUILT_IN ? NULL : done);
  if (ev == MG_EV_HTTP_MSG) note("message ");
  if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/get"), NULL)) mg_http_reply(c, 200, "", "got");
}

static void show(const char *label, const char *answer) {
  printf("%s, events: %s\n", label, s_events);
  printf("%s, answer: ", label);
  for (; *answer != '\0'; answer++) {
    if (*answer == '\n') putchar('~');
    if (*answer != '\n' && *answer != '\r') putchar(*answer);
  }
  printf("\n");
}

static void request(const char *label, const char *text) {
  char answer[2000];
  int fd = dial();
  s_events[0] = '\0';
  send(fd, text, strlen(text), MSG_NOSIGNAL);
  collect(fd, answer, sizeof(answer));
  show(label, answer);
  close(fd);
  for (int i = 0; i < 10; i++) mg_mgr_poll(&s_mgr, 1);
}

// Sends the head, then the body in pieces of the given size, and closes after so many bytes.
static void pieces(const char *label, size_t length, size_t piece, size_t stop) {
  static unsigned char body[sizeof(s_image)];
  char head[200], answer[1000] = "";
  int fd = dial();
  size_t sent = 0;
  s_events[0] = '\0';
  for (size_t i = 0; i < length; i++) body[i] = (unsigned char) (i * 7 + i / 1000);
  snprintf(head, sizeof(head), "POST /ota HTTP/1.1\r\nContent-Length: %lu\r\n\r\n", (unsigned long) length);
  send(fd, head, strlen(head), MSG_NOSIGNAL);
  for (int i = 0; i < 3; i++) mg_mgr_poll(&s_mgr, 1);
  for (int i = 0; i < 200000 && sent < stop; i++) {
    size_t n = piece < stop - sent ? piece : stop - sent;
    ssize_t m = send(fd, body + sent, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (m > 0) sent += (size_t) m;
    mg_mgr_poll(&s_mgr, 1);
  }
  if (stop < length) shutdown(fd, SHUT_WR);
  for (int i = 0; i < 5000 && strstr(s_events, "done") == NULL; i++) mg_mgr_poll(&s_mgr, 1);
  collect(fd, answer, sizeof(answer));
  answer[12] = '\0';
  show(label, answer);
  printf("%s, image is right: %d\n", label, s_received <= length && memcmp(s_image, body, s_received) == 0);
  close(fd);
  for (int i = 0; i < 10; i++) mg_mgr_poll(&s_mgr, 1);
}

int main(void) {
  static const char *post = "POST /ota HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  for (s_how = BUILT_IN; s_how <= OWN; s_how++) {
    const char *how = s_how == BUILT_IN ? "built-in" : "own";
    char label[100];
    snprintf(label, sizeof(label), "%s, in one go", how);
    request(label, post);
    snprintf(label, sizeof(label), "%s, begin fails", how);
    s_begin = false, request(label, post), s_begin = true;
    snprintf(label, sizeof(label), "%s, write fails", how);
    s_write = false, request(label, post), s_write = true;
    snprintf(label, sizeof(label), "%s, end fails", how);
    s_end = false, request(label, post), s_end = true;
  }
  s_how = OWN;
  request("PUT", "PUT /ota HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  request("then another request", "POST /ota HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /get HTTP/1.1\r\n\r\n");
  request("behind another request", "GET /get HTTP/1.1\r\n\r\nPOST /ota HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  request("no body", "POST /ota HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  request("GET", "GET /ota HTTP/1.1\r\n\r\n");
  request("chunked", "POST /ota HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  pieces("one byte at a time", 600, 1, 600);
  pieces("cut off", 600, 100, 550);
  pieces("cut off at once", 600, 100, 0);
  pieces("large", 3000000, 30000, 3000000);
  pieces("large, large pieces", 3000000, 3000000, 3000000);
  mg_mgr_free(&s_mgr);
  return 0;
}
