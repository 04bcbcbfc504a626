// mg_http_start_upload: a request body goes to a file while it arrives.

#include "mongoose.h"

static char s_events[10000];
static const char *s_name = "f", *s_dir = "up";
static enum { BUILT_IN, OWN, DRAIN } s_how;

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;

static int dial(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) perror("connect"), exit(1);
  return fd;
}

// Sends a request on a new connection and collects what comes back, until nothing more comes. Returns its length.
static size_t talk(const char *request, char *answer, size_t size) {
  int fd = dial(), idle = 0;
  size_t len = 0;
  send(fd, request, strlen(request), MSG_NOSIGNAL);
  for (int i = 0; i < 2000 && idle < 10; i++) {
    mg_mgr_poll(&s_mgr, 1);
    ssize_t n = recv(fd, answer + len, size - 1 - len, MSG_DONTWAIT);
    if (n == 0) break;
    if (n > 0) len += (size_t) n, idle = 0;
    if (n < 0 && len > 0) idle++;
  }
  answer[len] = '\0';
  close(fd);
  mg_mgr_poll(&s_mgr, 1);
  return len;
}
static void done(struct mg_connection *c, const char *error) {
  mg_snprintf(s_events + strlen(s_events), 200, "done(%s) ", error == NULL ? "ok" : error);
  if (s_how == DRAIN) c->is_draining = 1;
  mg_http_reply(c, error == NULL ? 200 : 500, "", "%s", error == NULL ? "stored" : error);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_HDRS && mg_match(hm->uri, mg_str("/up"), NULL))
    mg_http_start_upload(c, hm, mg_str(s_name), mg_str(s_dir), &mg_fs_posix, s_how == BUILT_IN ? NULL : done);
  if (ev == MG_EV_HTTP_MSG) strcat(s_events, "message ");
  if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/get"), NULL)) mg_http_reply(c, 200, "", "got");
}

static void content(const char *label, const char *path) {
  struct mg_str s = mg_file_read(&mg_fs_posix, path);
  printf("%s, file: %s%lu crc %08x\n", label, s.buf == NULL ? "none " : "", (unsigned long) s.len, (unsigned) mg_crc32(0, s.buf == NULL ? "" : s.buf, s.len));
  mg_free(s.buf);
}

static void request(const char *label, const char *text) {
  char answer[10000], path[300];
  s_events[0] = '\0';
  talk(text, answer, sizeof(answer));
  printf("%s, events: %s\n", label, s_events);
  printf("%s, answer:", label);
  for (char *p = answer; (p = strstr(p, "HTTP/1.1 ")) != NULL; p += 9) printf(" %.3s %.*s", p + 9, (int) strcspn(strstr(p, "\r\n\r\n") + 4, "\nH"), strstr(p, "\r\n\r\n") + 4);
  printf("\n");
  snprintf(path, sizeof(path), "%s/%s", s_dir, s_name);
  content(label, path);
  if (s_name[0] != 0) remove(path);
}

// Sends the head, then the body in pieces of the given size, and closes after so many bytes.
static void pieces(const char *label, size_t length, size_t piece, size_t stop) {
  static char body[5000000];
  char head[200], answer[1000] = "";
  int fd = dial();
  size_t sent = 0;
  s_events[0] = '\0', s_how = OWN;
  for (size_t i = 0; i < length; i++) body[i] = (char) (i * 7 + i / 1000);
  snprintf(head, sizeof(head), "POST /up HTTP/1.1\r\nContent-Length: %lu\r\n\r\n", (unsigned long) length);
  send(fd, head, strlen(head), 0);
  for (int k = 0; k < 3; k++) mg_mgr_poll(&s_mgr, 1);
  for (int k = 0; k < 200000 && sent < stop; k++) {
    size_t n = piece < stop - sent ? piece : stop - sent;
    ssize_t m = send(fd, body + sent, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (m > 0) sent += (size_t) m;
    mg_mgr_poll(&s_mgr, 1);
  }
  if (stop < length) shutdown(fd, SHUT_WR);
  for (int k = 0; k < 5000 && s_events[0] == '\0'; k++) mg_mgr_poll(&s_mgr, 1);
  for (int k = 0; k < 5; k++) mg_mgr_poll(&s_mgr, 1);
  ssize_t n = recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT);
  answer[n > 0 ? n : 0] = '\0';
  printf("%s, events: %s\n", label, s_events);
  printf("%s, answer: %.3s\n", label, n > 9 ? answer + 9 : "none");
  struct mg_str s = mg_file_read(&mg_fs_posix, "up/f");
  printf("%s, content is right: %d\n", label, s.len <= length && memcmp(s.buf, body, s.len) == 0);
  mg_free(s.buf);
  content(label, "up/f");
  close(fd);
  for (int k = 0; k < 5; k++) mg_mgr_poll(&s_mgr, 1);
  remove("up/f");
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mkdir("up", 0755);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  for (s_how = BUILT_IN; s_how <= DRAIN; s_how++) {
    static const char *hows[] = {"built-in", "own", "draining"};
    char label[100];
    snprintf(label, sizeof(label), "%s, in one go", hows[s_how]);
    request(label, "POST /up HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
    s_name = "../x", snprintf(label, sizeof(label), "%s, way out", hows[s_how]);
    request(label, "POST /up HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
    s_name = "nope/x", snprintf(label, sizeof(label), "%s, no directory", hows[s_how]);
    request(label, "POST /up HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
    s_name = "f";
  }
  s_how = OWN;
  s_name = "", request("empty name", "POST /up HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  s_name = "%61", request("name is not decoded", "POST /up HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  s_name = "f", s_dir = "up/../up", request("directory with dots", "POST /up HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  s_dir = "up", request("PUT", "PUT /up HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  request("then another request", "POST /up HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /get HTTP/1.1\r\n\r\n");
  request("behind another request", "GET /get HTTP/1.1\r\n\r\nPOST /up HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  request("twice", "POST /up HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloPOST /up HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
  request("no body", "POST /up HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  request("HEAD", "HEAD /up HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /get HTTP/1.1\r\n\r\n");
  request("chunked", "POST /up HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  pieces("one byte at a time", 600, 1, 600);
  pieces("cut off", 600, 100, 550);
  pieces("large", 5000000, 30000, 5000000);
  pieces("large, large pieces", 5000000, 5000000, 5000000);
  FILE *f = fopen("up/f", "w");
  fputs("old content", f), fclose(f);
  request("over an existing file", "POST /up HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  mg_mgr_free(&s_mgr);
  return 0;
}
