// NULL where strings, memory or lists belong: the documented failure. The reference crashes on most of these.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static void fn(void *arg) {
  (void) arg;
}

int main(void) {
  struct mg_str none = {NULL, 0}, wrong = {NULL, 5}, caps[2];
  struct mg_timer t, *head = NULL;
  struct mg_addr addr;
  char buf[16];
  memset(&addr, 0, sizeof(addr));
  mg_log_level = MG_LL_NONE;

  CHECK(mg_casecmp(NULL, NULL) == 0 && mg_casecmp("a", NULL) > 0 && mg_casecmp(NULL, "a") < 0);
  CHECK(mg_strcmp(wrong, none) == 0 && mg_strcasecmp(none, wrong) == 0);
  CHECK(mg_strdup(wrong).buf == NULL && !mg_span(wrong, caps, caps + 1, ','));
  CHECK(mg_match(wrong, none, NULL) && !mg_match(wrong, mg_str("?"), caps) && mg_match(none, mg_str("*"), caps));
  CHECK(!mg_str_to_num(wrong, 10, buf, 8) && !mg_str_to_num(mg_str("1"), 10, NULL, 8));

  CHECK(mg_url_host(NULL).len == 0 && mg_url_user(NULL).len == 0 && mg_url_pass(NULL).len == 0);
  CHECK(mg_url_port(NULL) == 0 && !mg_url_is_ssl(NULL) && strcmp(mg_url_uri(NULL), "/") == 0);

  CHECK(!mg_aton(mg_str("1.2.3.4"), NULL) && mg_aton(wrong, &addr));
  CHECK(mg_check_ip_acl(none, NULL) == -1 && mg_check_ip_acl(wrong, &addr) == 1);
  CHECK(mg_path_is_sane(wrong));

  CHECK(mg_crc32(1, NULL, 5) == 1 && mg_crc16(1, NULL, 5) == 1);
  CHECK(mg_random(NULL, 0) && !mg_random(NULL, 5) && mg_random_str(NULL, 5) == NULL);
  CHECK(!mg_memeq(NULL, "abc", 3) && mg_memeq(NULL, NULL, 0));
  mg_bzero(NULL, 5);

  CHECK(mg_base64_encode(NULL, 3, buf, 16) == 0 && mg_base64_encode((unsigned char *) "abc", 3, NULL, 16) == 0);
  CHECK(mg_base64_encode((unsigned char *) "abc", SIZE_MAX, buf, 16) == 0);
  CHECK(mg_base64url_encode(NULL, 3, buf, 16) == 0 && mg_base64url_encode((unsigned char *) "abc", 3, NULL, 16) == 0);
  CHECK(mg_base64_decode(NULL, 4, buf, 16) == 0 && mg_base64_decode("AAAA", 4, NULL, 16) == 0);
  CHECK(mg_base64url_decode(NULL, 4, buf, 16) == 0 && mg_base64url_decode("AAAA", 4, NULL, 16) == 0);
  CHECK(mg_base64_update('a', NULL, 0) == 0 && mg_base64_final(NULL, 0) == 0);

  mg_timer_init(NULL, &t, 1, 0, fn, NULL);
  mg_timer_init(&head, NULL, 1, 0, fn, NULL);
  mg_timer_free(NULL, &t);
  mg_timer_free(&head, NULL);
  mg_timer_poll(NULL, 1);
  CHECK(head == NULL && mg_timer_add(NULL, 1, 0, fn, NULL) == NULL && !mg_timer_expired(NULL, 1, 1));
  mg_timer_init(&head, &t, 0, MG_TIMER_REPEAT, NULL, NULL);
  mg_timer_poll(&head, 1);
  CHECK(head == &t && t.flags == (MG_TIMER_REPEAT | MG_TIMER_CALLED));

  mg_queue_init(NULL, buf, 16);
  CHECK(mg_queue_book(NULL, NULL, 1) == 0 && mg_queue_next(NULL, NULL) == 0);
  mg_queue_add(NULL, 1);
  mg_queue_del(NULL, 1);
  return 0;
}
