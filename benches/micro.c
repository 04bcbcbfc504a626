// CPU time per call of the functions that only calculate. Linked with -lmongoose it runs on this library and on the
// reference; micro.py does both and compares.
//
//   micro [TEXT...]    the rows whose name contains one of the texts; all without any
//
// Prints `row: nanoseconds calls` lines. A row whose call does not give the right result is an error.
#include "mongoose.h"

static double cpu_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double) t.tv_sec + (double) t.tv_nsec * 1e-9;
}

struct row {
  const char *name;
  void (*run)(unsigned long calls);
};

static struct row rows[400];
static size_t num_rows;
static unsigned long failures;
static int exit_status = EXIT_SUCCESS;

// A call that has to give this. The failures are counted, since a function that refuses its input is fast.
#define OK(...) (failures += !(__VA_ARGS__))

// A row of the table: a function, in which case, and the code. Rows register themselves in this order.
#define ROW(function, variant, ...)                                                 \
  static void bench_##function##__##variant(unsigned long calls) {                  \
    while (calls-- > 0) {                                                           \
      __VA_ARGS__;                                                                  \
    }                                                                               \
  }                                                                                 \
  __attribute__((constructor)) static void register_##function##__##variant(void) { \
    rows[num_rows].name = #function "__" #variant;                                  \
    rows[num_rows++].run = bench_##function##__##variant;                           \
  }

static int n;
static bool flag;
static double number;
static struct mg_str a, b, caps[5];
static char text[40000], text2[40000], plain_4k[4097];
static uint8_t bytes[65536], bytes2[65536];

// Strings

#define STR(array) ((struct mg_str){(char *) (array), sizeof(array) - 1})
#define NAME "Content-Length"

ROW(mg_str_s, name, OK(mg_str_s(NAME).len == 14))
ROW(mg_str_n, name, OK(mg_str_n(NAME, 14).len == 14))
ROW(mg_casecmp, equal, OK(mg_casecmp(NAME, "content-length") == 0))
ROW(mg_casecmp, different, OK(mg_casecmp(NAME, "content-type") != 0))
ROW(mg_strcmp, equal, OK(mg_strcmp(STR(NAME), STR("Content-Length")) == 0))
ROW(mg_strcmp, different, OK(mg_strcmp(STR(NAME), STR("Content-Type")) != 0))
ROW(mg_strcasecmp, equal, OK(mg_strcasecmp(STR(NAME), STR("content-length")) == 0))
ROW(mg_strdup, name, free(mg_strdup(STR(NAME)).buf))
ROW(mg_span, first_of_list, OK(mg_span(STR("alpha,beta,gamma"), &a, &b, ',')))
ROW(mg_span, long_without, OK(mg_span(STR(plain_4k), &a, &b, ',')))
ROW(mg_str_to_num, decimal, OK(mg_str_to_num(STR("12345"), 10, &n, sizeof(n))))
ROW(mg_str_to_num, hexadecimal, OK(mg_str_to_num(STR("0x1f2e"), 0, &n, sizeof(n))))
ROW(mg_match, whole, OK(mg_match(STR("/api/v1/status"), STR("/api/v1/status"), NULL)))
ROW(mg_match, other, OK(!mg_match(STR("/index.html"), STR("/api/v1/status"), NULL)))
ROW(mg_match, star, OK(mg_match(STR("/api/user/1234/name"), STR("/api/user/*/name"), caps)))
ROW(mg_match, hash, OK(mg_match(STR("/static/css/fonts/regular.woff2"), STR("/static/#.woff2"), caps)))

// URLs

#define URL "https://user:secret@www.example.com:8443/path/to/page?query=1"

ROW(mg_url_host, full, OK(mg_url_host(URL).len == 15))
ROW(mg_url_port, full, OK(mg_url_port(URL) == 8443))
ROW(mg_url_port, of_scheme, OK(mg_url_port("http://www.example.com/") == 80))
ROW(mg_url_uri, full, OK(mg_url_uri(URL)[1] == 'p'))
ROW(mg_url_user, full, OK(mg_url_user(URL).len == 4))
ROW(mg_url_pass, full, OK(mg_url_pass(URL).len == 6))
ROW(mg_url_is_ssl, full, OK(mg_url_is_ssl(URL)))
ROW(mg_url_decode, plain, OK(mg_url_decode("plain-name", 10, text, sizeof(text), 0) == 10))
ROW(mg_url_decode, escapes, OK(mg_url_decode("a%20name+with%2Fescapes", 23, text, sizeof(text), 1) == 19))
ROW(mg_url_decode, 4_KB, OK(mg_url_decode(plain_4k, 4096, text, sizeof(text), 0) == 4096))
ROW(mg_url_encode, short, OK(mg_url_encode("a name/with escapes", 19, text, sizeof(text)) == 25))
ROW(mg_url_encode, 4_KB, OK(mg_url_encode(plain_4k, 4096, text, sizeof(text)) == 4096))

// Base64

static const char *base64_4k, *base64url_4k;

ROW(mg_base64_encode, 16_bytes, OK(mg_base64_encode(bytes, 16, text, sizeof(text)) == 24))
ROW(mg_base64_encode, 4_KB, OK(mg_base64_encode(bytes, 4096, text, sizeof(text)) == 5464))
ROW(mg_base64_decode, 24_characters, OK(mg_base64_decode("QWxhZGRpbjpvcGVuIHNlc2Ft", 24, text, sizeof(text)) == 18))
ROW(mg_base64_decode, 4_KB, OK(mg_base64_decode(base64_4k, 5464, text, sizeof(text)) == 4096))
ROW(mg_base64url_encode, 16_bytes, OK(mg_base64url_encode(bytes, 16, text, sizeof(text)) == 22))
ROW(mg_base64url_encode, 4_KB, OK(mg_base64url_encode(bytes, 4096, text, sizeof(text)) == 5462))
ROW(mg_base64url_decode, 24_characters, OK(mg_base64url_decode("QWxhZGRpbjpvcGVuIHNlc2Ft", 24, text, sizeof(text)) == 18))
ROW(mg_base64url_decode, 4_KB, OK(mg_base64url_decode(base64url_4k, 5462, text, sizeof(text)) == 4096))
ROW(mg_base64_update, 16_bytes_and_final, size_t len = 0; for (size_t i = 0; i < 16; i++) len = mg_base64_update(bytes[i], text, len);
    OK(mg_base64_final(text, len) == 24))

// Numbers, addresses, clocks

static struct mg_addr ip4, ip6;

ROW(mg_crc32, 16_bytes, OK(mg_crc32(0, (char *) bytes, 16) != 0))
ROW(mg_crc32, 4_KB, OK(mg_crc32(0, (char *) bytes, 4096) != 0))
ROW(mg_crc16, 16_bytes, OK(mg_crc16(0, (char *) bytes, 16) != 0))
ROW(mg_crc16, 4_KB, OK(mg_crc16(0, (char *) bytes, 4096) != 0))
ROW(mg_ntohs, one, OK(mg_ntohs(1) != 2))
ROW(mg_ntohl, one, OK(mg_ntohl(1) != 2))
ROW(mg_ntohll, one, OK(mg_ntohll(1) != 2))
ROW(mg_memeq, 32_bytes, OK(mg_memeq(bytes, bytes, 32)))
ROW(mg_bzero, 64_bytes, mg_bzero(bytes2, 64))
ROW(mg_path_is_sane, file, OK(mg_path_is_sane(STR("/assets/css/style.min.css"))))
ROW(mg_check_ip_acl, one_entry, OK(mg_check_ip_acl(STR("+127.0.0.0/8"), &ip4) == 1))
ROW(mg_check_ip_acl, four_entries, OK(mg_check_ip_acl(STR("-0.0.0.0/0,+192.168.0.0/16,-192.168.7.0/24,+127.0.0.1"), &ip4) == 1))
ROW(mg_aton, IPv4, OK(mg_aton(STR("192.168.100.20"), &ip4)))
ROW(mg_aton, IPv6, OK(mg_aton(STR("2001:db8::1:20"), &ip6)))
ROW(mg_aton, IPv6_full, OK(mg_aton(STR("[2001:db8:85a3:1234:5678:8a2e:370:7334]"), &ip6)))
ROW(mg_aton, localhost, OK(mg_aton(STR("localhost"), &ip4)))
ROW(mg_aton, a_name, OK(!mg_aton(STR("www.example.com"), &ip4)))
ROW(mg_timegm, date, OK(mg_timegm(2026, 3, 14, 15, 9, 26) != 0))
ROW(mg_millis, now, OK(mg_millis() > 0))
ROW(mg_now, now, OK(mg_now() > 0))
ROW(mg_random, 16_bytes, OK(mg_random(bytes2, 16)))
ROW(mg_random_str, 20_characters, OK(mg_random_str(text, 21) == text))
ROW(mg_calloc, 100_bytes_and_free, mg_free(mg_calloc(1, 100)))

// Buffers and queues

static struct mg_iobuf io = {NULL, 0, 0, 2048};
static char queue_memory[4096];
static struct mg_queue queue;

ROW(mg_iobuf_init, and_free, struct mg_iobuf fresh; OK(mg_iobuf_init(&fresh, 512, 64)); mg_iobuf_free(&fresh))
ROW(mg_iobuf_resize, larger_and_smaller, OK(mg_iobuf_resize(&io, 4096) && mg_iobuf_resize(&io, 2048)))
ROW(mg_iobuf_add, at_the_end, io.len = 100; OK(mg_iobuf_add(&io, io.len, NAME, 14) == 14))
ROW(mg_iobuf_add, in_front, io.len = 1000; OK(mg_iobuf_add(&io, 0, NAME, 14) == 14))
ROW(mg_iobuf_add, 64_KB_in_pieces, struct mg_iobuf fresh = {NULL, 0, 0, 2048};
    for (int i = 0; i < 64; i++) OK(mg_iobuf_add(&fresh, fresh.len, bytes, 1024) == 1024);
    mg_iobuf_free(&fresh))
ROW(mg_iobuf_del, all, io.len = 200; OK(mg_iobuf_del(&io, 0, 200) == 200))
ROW(mg_iobuf_del, in_front, io.len = 2000; OK(mg_iobuf_del(&io, 0, 100) == 100))
ROW(mg_queue_book, add_next_del, char *p; if (mg_queue_book(&queue, &p, 20) >= 20) memcpy(p, bytes, 20), mg_queue_add(&queue, 20);
    OK(mg_queue_next(&queue, &p) == 20); mg_queue_del(&queue, 20))
ROW(mg_queue_printf, next_del, char *p; OK(mg_queue_printf(&queue, "%s %d", "value", 42) == 8); OK(mg_queue_next(&queue, &p) == 8);
    mg_queue_del(&queue, 8))

// Formatted output

#define PRINT(...) mg_snprintf(text, 1000, __VA_ARGS__)
#define HEADER "Content-Type: %s\r\nContent-Length: %d\r\n", "text/html", 1234
#define SENTENCE "a \"quoted\" word in some longer text without anything special in the rest of it"

static uint8_t address6[16] = {0x20, 1, 0x0d, 0xb8, 0, 0, 0x12, 0x34, 0, 0, 0, 0, 0, 0, 0, 1};

static void keep_last(char ch, void *param) {
  *(char *) param = ch;
}

static size_t call_vsnprintf(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  size_t len = mg_vsnprintf(text, 1000, fmt, &ap);
  va_end(ap);
  return len;
}

ROW(mg_snprintf, plain_text, OK(PRINT("nothing to convert here") == 23))
ROW(mg_snprintf, header, OK(PRINT(HEADER) == 47))
ROW(mg_snprintf, d, OK(PRINT("%d", -12345) == 6))
ROW(mg_snprintf, lu, OK(PRINT("%lu", 1234567890123UL) == 13))
ROW(mg_snprintf, 08x, OK(PRINT("%08x", 0xbeefU) == 8))
ROW(mg_snprintf, p, OK(PRINT("%p", (void *) 0xbeef) == 6))
ROW(mg_snprintf, c, OK(PRINT("%c", 'x') == 1))
ROW(mg_snprintf, s, OK(PRINT("%s", "hello") == 5))
ROW(mg_snprintf, s_78_characters, OK(PRINT("%s", SENTENCE) == 78))
ROW(mg_snprintf, width_s, OK(PRINT("%-20s|", "hello") == 21))
ROW(mg_snprintf, precision_s, OK(PRINT("%.*s", 5, "hello world") == 5))
ROW(mg_snprintf, g_integer, OK(PRINT("%g", 42.0) == 2))
ROW(mg_snprintf, g_fraction, OK(PRINT("%g", 3.14159265) == 7))
ROW(mg_snprintf, g_large, OK(PRINT("%g", 1.5e10) == 7))
ROW(mg_snprintf, 3f, OK(PRINT("%.3f", 1234.5678) == 8))
ROW(mg_snprintf, 15g, OK(PRINT("%.15g", 1.0 / 3) == 17))
ROW(mg_snprintf, m_ESC, OK(PRINT("%m", MG_ESC("hello")) == 7))
ROW(mg_snprintf, m_ESC_78_characters, OK(PRINT("%m", MG_ESC(SENTENCE)) == 82))
ROW(mg_snprintf, M_hex_16_bytes, OK(PRINT("%M", mg_print_hex, 16, bytes) == 32))
ROW(mg_snprintf, M_base64_16_bytes, OK(PRINT("%M", mg_print_base64, 16, bytes) == 24))
ROW(mg_snprintf, M_html_esc, OK(PRINT("%M", mg_print_html_esc, 19, "a <b>bold</b> claim") == 31))
ROW(mg_snprintf, M_ip4, OK(PRINT("%M", mg_print_ip4, "\x7f\0\0\1") == 9))
ROW(mg_snprintf, M_ip6, OK(PRINT("%M", mg_print_ip6, address6) == 25))
ROW(mg_snprintf, M_ip, OK(PRINT("%M", mg_print_ip, &ip4) >= 9))
ROW(mg_snprintf, M_ip_port, OK(PRINT("%M", mg_print_ip_port, &ip4) >= 11))
ROW(mg_snprintf, M_mac, OK(PRINT("%M", mg_print_mac, bytes) == 17))
ROW(mg_snprintf, M_ieee64, OK(PRINT("%M", mg_print_ieee64, bytes) == 23))
ROW(mg_snprintf, JSON, OK(PRINT("{%m:%d,%m:%m,%m:%g}", MG_ESC("id"), 17, MG_ESC("name"), MG_ESC("sensor"), MG_ESC("t"), 21.5) == 34))
ROW(mg_vsnprintf, header, OK(call_vsnprintf(HEADER) == 47))
ROW(mg_mprintf, header, free(mg_mprintf(HEADER)))
ROW(mg_xprintf, iobuf_header, io.len = 0; OK(mg_xprintf(mg_pfn_iobuf, &io, HEADER) == 47))
ROW(mg_xprintf, iobuf_JSON, io.len = 0; OK(mg_xprintf(mg_pfn_iobuf, &io, "{%m:%d,%m:%m}", MG_ESC("id"), 17, MG_ESC("text"), MG_ESC(SENTENCE)) == 99))
ROW(mg_xprintf, own_function_header, char last; OK(mg_xprintf(keep_last, &last, HEADER) == 47))
ROW(mg_pfn_iobuf, 16_characters, io.len = 0; for (int i = 0; i < 16; i++) mg_pfn_iobuf('x', &io))
ROW(mg_pfn_iobuf_noresize, 16_characters, io.len = 0; for (int i = 0; i < 16; i++) mg_pfn_iobuf_noresize('x', &io))
ROW(mg_log, line, mg_log("%lu %s %d", 7UL, "accepted", 12345))
ROW(mg_log_prefix, line, mg_log_prefix(MG_LL_INFO, "/src/main.c", 123, "handler"))
ROW(mg_hexdump, 64_bytes, mg_hexdump(bytes, 64))

// Timers

static struct mg_timer timers[100], *one_timer, *hundred_timers;

static void nothing(void *arg) {
  (void) arg;
}

ROW(mg_timer_init, and_free, struct mg_timer t; struct mg_timer *head = NULL; mg_timer_init(&head, &t, 1000, MG_TIMER_REPEAT, nothing, NULL);
    mg_timer_free(&head, &t))
ROW(mg_timer_poll, one, mg_timer_poll(&one_timer, 1000))
ROW(mg_timer_poll, one_due, mg_timer_poll(&one_timer, one_timer->expire))
ROW(mg_timer_poll, 100, mg_timer_poll(&hundred_timers, 1000))
ROW(mg_timer_expired, not_yet, uint64_t expiration = 5000; OK(!mg_timer_expired(&expiration, 1000, 4500)))

// HTTP

static const char curl[] = "GET /api/status HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n";
static const char browser[] =
    "GET /search?q=hello+world&page=2&lang=en HTTP/1.1\r\nHost: www.example.com\r\nConnection: keep-alive\r\n"
    "Cache-Control: max-age=0\r\nUpgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9,de;q=0.8\r\n"
    "Authorization: Basic YWxhZGRpbjpvcGVuc2VzYW1l\r\n"
    "Cookie: theme=dark; session=0123456789abcdef0123456789abcdef; access_token=abcdefgh\r\n\r\n";
static const char response[] =
    "HTTP/1.1 200 OK\r\nDate: Sat, 14 Mar 2026 15:09:26 GMT\r\nContent-Type: application/json\r\n"
    "Content-Length: 17\r\nConnection: keep-alive\r\n\r\n{\"status\":\"fine\"}";
static const char form[] = "user=someone&action=save+all&title=A%20longer%20title%21&token=0123456789abcdef";
static const char multipart[] =
    "--X-BOUNDARY\r\nContent-Disposition: form-data; name=\"comment\"\r\n\r\nhello\r\n"
    "--X-BOUNDARY\r\nContent-Disposition: form-data; name=\"file\"; filename=\"notes.txt\"\r\nContent-Type: text/plain\r\n\r\n"
    "some notes\r\n--X-BOUNDARY--\r\n";
static struct mg_str multipart_64k;
static struct mg_http_message hm, browser_hm, response_hm;
static struct mg_http_part part;
static struct mg_mgr mgr;
static struct mg_connection *server, *client;

#define PARSE(literal) mg_http_parse(literal, sizeof(literal) - 1, &hm)
#define SENT(connection, ...) (connection)->send.len = 0; __VA_ARGS__; OK((connection)->send.len > 0)

ROW(mg_http_parse, curl, OK(PARSE(curl) == sizeof(curl) - 1))
ROW(mg_http_parse, browser, OK(PARSE(browser) == sizeof(browser) - 1))
ROW(mg_http_parse, response, OK(PARSE(response) > 0))
ROW(mg_http_get_request_len, browser, OK(mg_http_get_request_len((const uint8_t *) browser, sizeof(browser) - 1) == sizeof(browser) - 1))
ROW(mg_http_get_header, first, OK(mg_http_get_header(&browser_hm, "Host") != NULL))
ROW(mg_http_get_header, last, OK(mg_http_get_header(&browser_hm, "Cookie") != NULL))
ROW(mg_http_get_header, absent, OK(mg_http_get_header(&browser_hm, "Upgrade") == NULL))
ROW(mg_http_get_header_var, cookie, OK(mg_http_get_header_var(STR("theme=dark; session=0123456789; token=abcdefgh"), STR("token")).len == 8))
ROW(mg_http_var, last, OK(mg_http_var(STR(form), STR("token")).len == 16))
ROW(mg_http_get_var, escapes, struct mg_str s = STR(form); OK(mg_http_get_var(&s, "title", text, sizeof(text)) == 15))
ROW(mg_http_creds, basic, mg_http_creds(&browser_hm, text, 100, text2, 100); OK(text[0] == 'a'))
ROW(mg_http_status, response, OK(mg_http_status(&response_hm) == 200))
ROW(mg_http_next_multipart, two_parts, size_t ofs = 0; while ((ofs = mg_http_next_multipart(STR(multipart), ofs, &part)) > 0) OK(part.body.len >= 5))
ROW(mg_http_next_multipart, 64_KB, OK(mg_http_next_multipart(multipart_64k, 0, &part) > 0 && part.body.len > 65000))
ROW(mg_http_reply, JSON, SENT(server, mg_http_reply(server, 200, "Content-Type: application/json\r\n", "{%m:%d}", MG_ESC("result"), 123)))
ROW(mg_http_write_chunk, 100_bytes, SENT(server, mg_http_write_chunk(server, plain_4k, 100)))
ROW(mg_http_printf_chunk, short, SENT(server, mg_http_printf_chunk(server, "%s %d", "value", 42)))
ROW(mg_http_bauth, short, SENT(client, mg_http_bauth(client, "aladdin", "opensesame")))
ROW(mg_send, 100_bytes, SENT(server, OK(mg_send(server, plain_4k, 100))))
ROW(mg_printf, header, SENT(server, OK(mg_printf(server, HEADER) == 47)))

// WebSocket

ROW(mg_ws_send, 125_bytes, SENT(server, OK(mg_ws_send(server, plain_4k, 125, WEBSOCKET_OP_BINARY) == 127)))
ROW(mg_ws_send, 4_KB, SENT(server, OK(mg_ws_send(server, plain_4k, 4096, WEBSOCKET_OP_BINARY) == 4100)))
ROW(mg_ws_send, 125_bytes_masked, SENT(client, OK(mg_ws_send(client, plain_4k, 125, WEBSOCKET_OP_BINARY) == 131)))
ROW(mg_ws_send, 4_KB_masked, SENT(client, OK(mg_ws_send(client, plain_4k, 4096, WEBSOCKET_OP_BINARY) == 4104)))
ROW(mg_ws_printf, short, SENT(server, OK(mg_ws_printf(server, WEBSOCKET_OP_TEXT, "{%m:%d}", MG_ESC("value"), 42) == 12)))
ROW(mg_ws_printf, short_masked, SENT(client, OK(mg_ws_printf(client, WEBSOCKET_OP_TEXT, "{%m:%d}", MG_ESC("value"), 42) == 12)))
ROW(mg_ws_wrap, 125_bytes, server->send.len = 125; OK(mg_ws_wrap(server, 125, WEBSOCKET_OP_TEXT) == 127))

// MQTT

static struct mg_mqtt_message mqtt, with_props;
static struct mg_mqtt_prop prop, props[] = {
    {.id = MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, .iv = 3600},
    {.id = MQTT_PROP_CONTENT_TYPE, .val = {(char *) "text/plain", 10}},
    {.id = MQTT_PROP_USER_PROPERTY, .key = {(char *) "source", 6}, .val = {(char *) "bench", 5}},
};
static struct mg_mqtt_opts publish, publish5, login;
static struct mg_connection *mqtt5;
static uint8_t publish_packet[200], publish5_packet[200];
static size_t publish_len, publish5_len;

ROW(mg_mqtt_parse, publish, OK(mg_mqtt_parse(publish_packet, publish_len, 4, &mqtt) == MQTT_OK))
ROW(mg_mqtt_parse, publish_version_5, OK(mg_mqtt_parse(publish5_packet, publish5_len, 5, &mqtt) == MQTT_OK))
ROW(mg_mqtt_parse, ack, OK(mg_mqtt_parse((const uint8_t *) "\x40\2\0\1", 4, 4, &mqtt) == MQTT_OK))
ROW(mg_mqtt_next_prop, three, size_t ofs = 0; while ((ofs = mg_mqtt_next_prop(&with_props, &prop, ofs)) > 0) OK(prop.id != 0))
ROW(mg_mqtt_login, user, SENT(client, mg_mqtt_login(client, &login)))
ROW(mg_mqtt_pub, QoS_0, publish.qos = 0; SENT(client, mg_mqtt_pub(client, &publish)))
ROW(mg_mqtt_pub, QoS_1, publish.qos = 1; SENT(client, OK(mg_mqtt_pub(client, &publish) > 0 || mgr.mqtt_id == 0)))
ROW(mg_mqtt_pub, properties, SENT(mqtt5, mg_mqtt_pub(mqtt5, &publish5)))
ROW(mg_mqtt_sub, topic, SENT(client, mg_mqtt_sub(client, &publish)))
ROW(mg_mqtt_unsub, topic, SENT(client, mg_mqtt_unsub(client, &publish)))
ROW(mg_mqtt_send_header, short, SENT(client, mg_mqtt_send_header(client, MQTT_CMD_PUBACK, 0, 2)))
ROW(mg_mqtt_ping, ping, SENT(client, mg_mqtt_ping(client)))
ROW(mg_mqtt_pong, pong, SENT(client, mg_mqtt_pong(client)))
ROW(mg_mqtt_disconnect, plain, SENT(client, mg_mqtt_disconnect(client, NULL)))

// DNS, SNTP

static const uint8_t dns_a[] =
    "\x12\x34\x81\x80\0\1\0\2\0\0\0\0\3www\7example\3com\0\0\1\0\1"
    "\xc0\x0c\0\5\0\1\0\0\1\0\0\6\3web\xc0\x10\xc0\x2d\0\1\0\1\0\0\1\0\0\4\1\2\3\4";
static const uint8_t dns_query[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1";
static struct mg_dns_message dns;
static struct mg_dns_rr rr;
static uint8_t sntp[48] = {0x24, 1, 0, 0xe8};

ROW(mg_dns_parse, answer, OK(mg_dns_parse(dns_a, sizeof(dns_a) - 1, &dns) && dns.resolved))
ROW(mg_dns_parse, query, OK(mg_dns_parse(dns_query, sizeof(dns_query) - 1, &dns)))
ROW(mg_dns_parse_rr, question, OK(mg_dns_parse_rr(dns_a, sizeof(dns_a) - 1, 12, true, &rr) == 21))
ROW(mg_dns_parse_rr, answer, OK(mg_dns_parse_rr(dns_a, sizeof(dns_a) - 1, 51, false, &rr) == 16))
ROW(mg_sntp_parse, reply, OK(mg_sntp_parse(sntp, sizeof(sntp)) > 0))
ROW(mg_sntp_request, plain, SENT(client, mg_sntp_request(client)))

// JSON

static struct mg_str json_large;
static const char json[] =
    "{\"id\": 17, \"name\": \"sensor \\u0041 \\\"x\\\"\", \"on\": true, \"values\": [1.5, -2.25, 3e4], "
    "\"nested\": {\"a\": {\"b\": 123456}}, \"hex\": \"0123456789abcdef\", \"b64\": \"QWxhZGRpbjpvcGVuIHNlc2Ft\"}";

ROW(mg_json_get, first, OK(mg_json_get(STR(json), "$.id", &n) > 0))
ROW(mg_json_get, nested, OK(mg_json_get(STR(json), "$.nested.a.b", &n) > 0))
ROW(mg_json_get, element, OK(mg_json_get(STR(json), "$.values[2]", &n) > 0))
ROW(mg_json_get, last, OK(mg_json_get(STR(json), "$.b64", &n) > 0))
ROW(mg_json_get, absent, OK(mg_json_get(STR(json), "$.none", &n) == MG_JSON_NOT_FOUND))
ROW(mg_json_get, tiny, OK(mg_json_get(STR("{\"on\":true}"), "$.on", &n) > 0))
ROW(mg_json_get, tiny_array, OK(mg_json_get(STR("[1,2,3]"), "$[1]", &n) > 0))
ROW(mg_json_get, whole, OK(mg_json_get(STR("[1,2,3]"), "$", &n) == 0))
ROW(mg_json_get, large_last, OK(mg_json_get(json_large, "$.items[199].name", &n) > 0))
ROW(mg_json_get_tok, nested, OK(mg_json_get_tok(STR(json), "$.nested").len > 0))
ROW(mg_json_get_num, integer, OK(mg_json_get_num(STR(json), "$.id", &number)))
ROW(mg_json_get_num, fraction, OK(mg_json_get_num(STR(json), "$.values[1]", &number)))
ROW(mg_json_get_bool, true, OK(mg_json_get_bool(STR(json), "$.on", &flag)))
ROW(mg_json_get_long, integer, OK(mg_json_get_long(STR(json), "$.id", -1) == 17))
ROW(mg_json_unescape, escapes, OK(mg_json_unescape(STR(json), "$.name", text, sizeof(text)) == 12))
ROW(mg_json_get_str, escapes, free(mg_json_get_str(STR(json), "$.name")))
ROW(mg_json_get_hex, 8_bytes, free(mg_json_get_hex(STR(json), "$.hex", &n)))
ROW(mg_json_get_b64, 18_bytes, free(mg_json_get_b64(STR(json), "$.b64", &n)))
ROW(mg_json_next, seven_members, size_t ofs = 0; while ((ofs = mg_json_next(STR(json), ofs, &a, &b)) > 0) OK(b.len > 0))
ROW(mg_json_next, large, size_t ofs = 0; struct mg_str items = mg_json_get_tok(json_large, "$.items");
    while ((ofs = mg_json_next(items, ofs, &a, &b)) > 0) OK(b.len > 0))

// JSON-RPC, JSON Web Tokens

static struct mg_rpc *methods;
static struct mg_rpc_req rpc = {.head = &methods, .pfn = mg_pfn_iobuf, .pfn_data = &io};
static struct mg_jwt_opts jwt;
static char token_hs256[1000], token_es256[1000];

static void sum(struct mg_rpc_req *r) {
  mg_rpc_ok(r, "%ld", mg_json_get_long(r->frame, "$.params[0]", 0) + mg_json_get_long(r->frame, "$.params[1]", 0));
}

static void refuse(struct mg_rpc_req *r) {
  mg_rpc_err(r, -1, "%m", MG_ESC("refused"));
}

#define CALL(request) rpc.frame = STR(request); io.len = 0; mg_rpc_process(&rpc); OK(io.len > 0)

ROW(mg_rpc_process, ok, CALL("{\"id\":1,\"method\":\"sum\",\"params\":[1,2]}"))
ROW(mg_rpc_process, err, CALL("{\"id\":1,\"method\":\"refuse\"}"))
ROW(mg_rpc_process, list, CALL("{\"id\":1,\"method\":\"rpc.list\"}"))
ROW(mg_jwt_sign_hs256, claims, OK(mg_jwt_sign_hs256(&jwt, text, sizeof(text)) > 0))
ROW(mg_jwt_verify_hs256, claims, OK(mg_jwt_verify_hs256(mg_str(token_hs256), &jwt, text, sizeof(text)) > 0))
ROW(mg_jwt_sign_es256, claims, OK(mg_jwt_sign_es256(&jwt, text, sizeof(text)) > 0))
ROW(mg_jwt_verify_es256, claims, OK(mg_jwt_verify_es256(mg_str(token_es256), &jwt, text, sizeof(text)) > 0))

// Hashes

#define MD5(n) mg_md5_ctx c; mg_md5_init(&c); mg_md5_update(&c, bytes, n); mg_md5_final(&c, bytes2)
#define SHA1(n) mg_sha1_ctx c; mg_sha1_init(&c); mg_sha1_update(&c, bytes, n); mg_sha1_final(bytes2, &c)
#define SHA256(n) mg_sha256_ctx c; mg_sha256_init(&c); mg_sha256_update(&c, bytes, n); mg_sha256_final(bytes2, &c)
#define SHA384(n) mg_sha384_ctx c; mg_sha384_init(&c); mg_sha384_update(&c, bytes, n); mg_sha384_final(bytes2, &c)

ROW(mg_md5_update, 20_bytes, MD5(20))
ROW(mg_md5_update, 4_KB, MD5(4096))
ROW(mg_sha1_update, 20_bytes, SHA1(20))
ROW(mg_sha1_update, 4_KB, SHA1(4096))
ROW(mg_sha256_update, 20_bytes, SHA256(20))
ROW(mg_sha256_update, 4_KB, SHA256(4096))
ROW(mg_sha384_update, 20_bytes, SHA384(20))
ROW(mg_sha384_update, 4_KB, SHA384(4096))
ROW(mg_sha256, 20_bytes, mg_sha256(bytes2, bytes, 20))
ROW(mg_sha384, 20_bytes, mg_sha384(bytes2, bytes, 20))
ROW(mg_hmac_sha256, 20_bytes, mg_hmac_sha256(bytes2, bytes, 32, bytes, 20))
ROW(mg_hmac_sha256, 4_KB, mg_hmac_sha256(bytes2, bytes, 32, bytes, 4096))

// Ciphers

static uint8_t key[32], iv[12], aad[13], tag[16], gcm_64[64], gcm_16k[16384], chacha_64[80], chacha_16k[16400];
static uint8_t tag_64[16], tag_16k[16];

#define GCM_ENCRYPT(n, key_size) mg_aes_gcm_encrypt(bytes2, bytes, n, key, key_size, iv, 12, aad, 13, tag, 16)
#define GCM_DECRYPT(n, from, from_tag) mg_aes_gcm_decrypt(bytes2, from, n, key, 16, iv, 12, aad, 13, from_tag, 16)

ROW(mg_aes_gcm_encrypt, 64_bytes, OK(GCM_ENCRYPT(64, 16) == 0))
ROW(mg_aes_gcm_encrypt, 64_bytes_key_of_32, OK(GCM_ENCRYPT(64, 32) == 0))
ROW(mg_aes_gcm_encrypt, 16_KB, OK(GCM_ENCRYPT(16384, 16) == 0))
ROW(mg_aes_gcm_decrypt, 64_bytes, OK(GCM_DECRYPT(64, gcm_64, tag_64) == 0))
ROW(mg_aes_gcm_decrypt, 16_KB, OK(GCM_DECRYPT(16384, gcm_16k, tag_16k) == 0))
ROW(mg_chacha20_poly1305_encrypt, 64_bytes, OK(mg_chacha20_poly1305_encrypt(bytes2, key, iv, aad, 13, bytes, 64) == 80))
ROW(mg_chacha20_poly1305_encrypt, 1_KB, OK(mg_chacha20_poly1305_encrypt(bytes2, key, iv, aad, 13, bytes, 1024) == 1040))
ROW(mg_chacha20_poly1305_encrypt, 16_KB, OK(mg_chacha20_poly1305_encrypt(bytes2, key, iv, aad, 13, bytes, 16384) == 16400))
ROW(mg_chacha20_poly1305_decrypt, 64_bytes, OK(mg_chacha20_poly1305_decrypt(bytes2, key, iv, aad, 13, chacha_64, 80) == 64))
ROW(mg_chacha20_poly1305_decrypt, 16_KB, OK(mg_chacha20_poly1305_decrypt(bytes2, key, iv, aad, 13, chacha_16k, 16400) == 16384))

// Public-key algorithms. mg_rsa_crt_sign() is missing: the reference's fails with every key.

static const char pem[] =
    "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIJoEo56m1VrwMiyS3B0POrpCs3jegp9lPgs8wbWKJ1qqoAoGCCqGSM49\n"
    "AwEHoUQDQgAElBn7gTj/+xAR+Jc7hfFJLEwd+4bFiK6MSPY57aDaFeiAm78+HFxq\nDxodz546Z6xG1FyjfhcdxSJ0MLfF4o3g9A==\n"
    "-----END EC PRIVATE KEY-----\n";
static uint8_t private256[32], public256[64], compressed256[33], sig256[64], private384[48], public384[96], sig384[96];
// Numbers of 2048 bits: only their size matters for the time.
static uint8_t modulus[256], exponent[256], pkcs[256], pss[256];

struct sha256_context {
  MG_UECC_HashContext uecc;
  mg_sha256_ctx ctx;
};

static void hash_init(const MG_UECC_HashContext *c) {
  mg_sha256_init(&((struct sha256_context *) c)->ctx);
}

static void hash_update(const MG_UECC_HashContext *c, const uint8_t *message, unsigned size) {
  mg_sha256_update(&((struct sha256_context *) c)->ctx, message, size);
}

static void hash_finish(const MG_UECC_HashContext *c, uint8_t *result) {
  mg_sha256_final(result, &((struct sha256_context *) c)->ctx);
}

static uint8_t hash_scratch[2 * 32 + 64];
static struct sha256_context hash = {.uecc = {hash_init, hash_update, hash_finish, 64, 32, hash_scratch}};

#define P256 mg_uecc_secp256r1()
#define P384 mg_uecc_secp384r1()

ROW(mg_tls_x25519, base_point, OK(mg_tls_x25519(bytes2, key, X25519_BASE_POINT, 1) == 0))
ROW(mg_tls_x25519, shared_secret, OK(mg_tls_x25519(bytes2, key, bytes, 1) == 0))
ROW(mg_uecc_make_key, P256, OK(mg_uecc_make_key(bytes2, bytes2 + 100, P256)))
ROW(mg_uecc_make_key, P384, OK(mg_uecc_make_key(bytes2, bytes2 + 100, P384)))
ROW(mg_uecc_compute_public_key, P256, OK(mg_uecc_compute_public_key(private256, bytes2, P256)))
ROW(mg_uecc_compute_public_key, P384, OK(mg_uecc_compute_public_key(private384, bytes2, P384)))
ROW(mg_uecc_valid_public_key, P256, OK(mg_uecc_valid_public_key(public256, P256)))
ROW(mg_uecc_valid_public_key, P384, OK(mg_uecc_valid_public_key(public384, P384)))
ROW(mg_uecc_shared_secret, P256, OK(mg_uecc_shared_secret(public256, private256, bytes2, P256)))
ROW(mg_uecc_shared_secret, P384, OK(mg_uecc_shared_secret(public384, private384, bytes2, P384)))
ROW(mg_uecc_compress, P256, mg_uecc_compress(public256, bytes2, P256))
ROW(mg_uecc_decompress, P256, mg_uecc_decompress(compressed256, bytes2, P256))
ROW(mg_uecc_sign, P256, OK(mg_uecc_sign(private256, bytes, 32, bytes2, P256)))
ROW(mg_uecc_sign, P384, OK(mg_uecc_sign(private384, bytes, 48, bytes2, P384)))
ROW(mg_uecc_sign_deterministic, P256, OK(mg_uecc_sign_deterministic(private256, bytes, 32, &hash.uecc, bytes2, P256)))
ROW(mg_uecc_verify, P256, OK(mg_uecc_verify(public256, bytes, 32, sig256, P256)))
ROW(mg_uecc_verify, P384, OK(mg_uecc_verify(public384, bytes, 48, sig384, P384)))
ROW(mg_uecc_parse_private_key, PEM, OK(mg_uecc_parse_private_key(STR(pem), bytes2, 32) == 32))
ROW(mg_rsa_mod_pow, 65537, OK(mg_rsa_mod_pow(modulus, 256, (const uint8_t *) "\1\0\1", 3, bytes, 256, bytes2, 256) == 0))
ROW(mg_rsa_mod_pow, private, OK(mg_rsa_mod_pow(modulus, 256, exponent, 256, bytes, 256, bytes2, 256) == 0))
ROW(mg_rsa_pkcs_verify, 2048_bits, OK(mg_rsa_pkcs_verify(pkcs, 256, bytes, 32)))
ROW(mg_rsa_verify, 2048_bits, OK(mg_rsa_verify(pss, 256, bytes)))

// Inputs

static void fill(uint8_t *p, size_t len) {
  static uint32_t state = 7;
  for (size_t i = 0; i < len; i++) p[i] = (uint8_t) ((state = state * 1664525u + 1013904223u) >> 24);
}

static void make_texts(void) {
  static char encoded[6000], encoded_url[6000], body[66000];
  for (size_t i = 0; i < 4096; i++) plain_4k[i] = (char) ('a' + bytes[i] % 26);
  mg_base64_encode(bytes, 4096, encoded, sizeof(encoded));
  mg_base64url_encode(bytes, 4096, encoded_url, sizeof(encoded_url));
  base64_4k = encoded, base64url_4k = encoded_url;

  const char *head = "--X-BOUNDARY\r\nContent-Disposition: form-data; name=\"file\"; filename=\"photo.jpg\"\r\n\r\n";
  const char *tail = "\r\n--X-BOUNDARY--\r\n";
  size_t head_len = strlen(head), tail_len = strlen(tail), len = 65536;
  memcpy(body, head, head_len);
  memcpy(body + head_len, bytes, len - head_len);
  memcpy(body + len, tail, tail_len);
  multipart_64k = mg_str_n(body, len + tail_len);

  static struct mg_iobuf large = {NULL, 0, 0, 4096};
  mg_xprintf(mg_pfn_iobuf, &large, "{%m:%d,%m:[", MG_ESC("count"), 200, MG_ESC("items"));
  for (int i = 0; i < 200; i++) {
    mg_xprintf(mg_pfn_iobuf, &large, "%s{%m:%d,%m:%m,%m:[%d,%d,%d],%m:{%m:true,%m:null}}", i ? "," : "", MG_ESC("id"), i, MG_ESC("name"),
               MG_ESC("an item with a longer name"), MG_ESC("values"), i, 2 * i, 3 * i, MG_ESC("flags"), MG_ESC("on"), MG_ESC("extra"));
  }
  mg_xprintf(mg_pfn_iobuf, &large, "]}");
  json_large = mg_str_n((char *) large.buf, large.len);
}

static void make_connections(void) {
  mg_mgr_init(&mgr);
  server = mg_alloc_conn(&mgr), client = mg_alloc_conn(&mgr), mqtt5 = mg_alloc_conn(&mgr);
  server->is_accepted = 1, client->is_client = mqtt5->is_client = 1, mqtt5->is_mqtt5 = 1;

  publish.topic = STR("home/kitchen/temperature"), publish.message = STR("{\"value\":21.5}");
  publish5 = publish, publish5.props = props, publish5.num_props = 3;
  login.user = STR("user"), login.pass = STR("secret"), login.client_id = STR("a-client"), login.keepalive = 60;
  mg_mqtt_pub(client, &publish);
  memcpy(publish_packet, client->send.buf, publish_len = client->send.len);
  mg_mqtt_pub(mqtt5, &publish5);
  memcpy(publish5_packet, mqtt5->send.buf, publish5_len = mqtt5->send.len);
  mg_mqtt_parse(publish5_packet, publish5_len, 5, &with_props);
}

// RFC 8017, sections 9.2 and 9.1.
static void make_rsa_encodings(void) {
  static const uint8_t sha256[] = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\0\x04\x20";
  memset(pkcs, 0xff, sizeof(pkcs));
  pkcs[0] = 0, pkcs[1] = 1, pkcs[204] = 0;
  memcpy(pkcs + 205, sha256, 19);
  memcpy(pkcs + 224, bytes, 32);

  uint8_t salted[8 + 32 + 32] = {0}, mask[36], block[32], *h = pss + 223;
  memcpy(salted + 8, bytes, 32);
  memcpy(salted + 40, key, 32);
  mg_sha256(h, salted, sizeof(salted));
  pss[190] = 1, pss[255] = 0xbc;
  memcpy(pss + 191, key, 32);
  memcpy(mask, h, 32);
  for (size_t i = 0; i < 223; i++) {
    mask[32] = mask[33] = mask[34] = 0, mask[35] = (uint8_t) (i / 32);
    if (i % 32 == 0) mg_sha256(block, mask, sizeof(mask));
    pss[i] ^= block[i % 32];
  }
  pss[0] &= 0x7f;
}

static void make_keys(void) {
  fill(key, sizeof(key)), fill(iv, sizeof(iv)), fill(aad, sizeof(aad));
  mg_gcm_initialize();
  GCM_ENCRYPT(64, 16);
  memcpy(gcm_64, bytes2, 64), memcpy(tag_64, tag, 16);
  GCM_ENCRYPT(16384, 16);
  memcpy(gcm_16k, bytes2, 16384), memcpy(tag_16k, tag, 16);
  mg_chacha20_poly1305_encrypt(chacha_64, key, iv, aad, 13, bytes, 64);
  mg_chacha20_poly1305_encrypt(chacha_16k, key, iv, aad, 13, bytes, 16384);

  fill(private256, 32), fill(private384, 48), fill(modulus, 256), fill(exponent, 256);
  private256[0] = private384[0] = 1;
  modulus[0] = 0xff, modulus[255] |= 1;
  mg_uecc_compute_public_key(private256, public256, P256);
  mg_uecc_compute_public_key(private384, public384, P384);
  mg_uecc_compress(public256, compressed256, P256);
  mg_uecc_sign(private256, bytes, 32, sig256, P256);
  mg_uecc_sign(private384, bytes, 48, sig384, P384);
  make_rsa_encodings();

  jwt.claims = STR("{\"sub\":\"1234567890\",\"name\":\"Somebody\",\"iat\":1516239022}"), jwt.secret = STR("a-secret-of-reasonable-length");
  jwt.private_key = private256, jwt.public_key = public256;
  mg_jwt_sign_hs256(&jwt, token_hs256, sizeof(token_hs256));
  mg_jwt_sign_es256(&jwt, token_es256, sizeof(token_es256));
}

static void discard(char ch, void *param) {
  (void) ch, (void) param;
}

static void make_inputs(void) {
  mg_log_set_fn(discard, NULL);
  fill(bytes, sizeof(bytes));
  bytes[0] = 1;
  mg_aton(mg_str("127.0.0.1"), &ip4);
  mg_queue_init(&queue, queue_memory, sizeof(queue_memory));
  static struct mg_timer single;
  mg_timer_init(&one_timer, &single, 10000, MG_TIMER_REPEAT, nothing, NULL);
  for (int i = 0; i < 100; i++) mg_timer_init(&hundred_timers, &timers[i], 10000, MG_TIMER_REPEAT, nothing, NULL);
  mg_http_parse(browser, sizeof(browser) - 1, &browser_hm);
  mg_http_parse(response, sizeof(response) - 1, &response_hm);
  sntp[40] = 0xe8, sntp[44] = 1;
  mg_rpc_add(&methods, mg_str("sum"), sum, NULL);
  mg_rpc_add(&methods, mg_str("refuse"), refuse, NULL);
  mg_rpc_add(&methods, mg_str("rpc.list"), mg_rpc_list, NULL);
  make_texts();
  make_connections();
  make_keys();
}

// The best of a few samples of at least a millisecond.
static void measure(const struct row *row) {
  unsigned long calls = 1, total = 0;
  double best = 1e9;
  for (int samples = 0; samples < 4;) {
    double start = cpu_seconds();
    row->run(calls);
    double spent = cpu_seconds() - start;
    total += calls;
    if (spent < 0.001) {
      calls = spent < 0.0001 ? calls * 8 : (unsigned long) ((double) calls * 0.0011 / spent) + 1;
      continue;
    }
    if (spent / (double) calls < best) best = spent / (double) calls;
    // What takes long is measured well enough once.
    samples += spent > 0.02 ? 4 : 1;
  }
  if (failures > 0) {
    fprintf(stderr, "%s: wrong result\n", row->name);
    exit_status = EXIT_FAILURE, failures = 0;
  }
  printf("%s: %.2f %lu\n", row->name, best * 1e9, total);
  fflush(stdout);
}

int main(int argc, char *argv[]) {
  make_inputs();
  for (size_t i = 0; i < num_rows; i++) {
    bool wanted = argc < 2;
    for (int k = 1; k < argc; k++) wanted |= strstr(rows[i].name, argv[k]) != NULL;
    if (wanted) measure(&rows[i]);
  }
  return exit_status;
}
