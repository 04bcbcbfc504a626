// What mg_mqtt_parse() makes of whole, incomplete and malformed packets, in versions 4 and 5.

#include "mongoose.h"

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void show(struct mg_str s) {
  printf(s.buf == NULL ? "none" : "[");
  for (size_t i = 0; i < s.len; i++) printf("%02x", (unsigned char) s.buf[i]);
  printf(s.buf == NULL ? "" : "]");
}

static void parse(const char *label, int version, const unsigned char *buf, size_t len) {
  static const char *results[] = {"OK", "INCOMPLETE", "MALFORMED"};
  struct mg_mqtt_message m;
  memset(&m, 0xa5, sizeof(m));
  int result = mg_mqtt_parse(buf, len, (uint8_t) version, &m);
  // The code is read as an int in MG_EV_MQTT_OPEN.
  int ack;
  memcpy(&ack, &m.ack, sizeof(ack));
  printf("v%d %s: %s", version, label, results[result]);
  printf(" dgram %s %lu", m.dgram.buf == (char *) buf ? "at start" : "elsewhere", (unsigned long) m.dgram.len);
  if (result == MQTT_INCOMPLETE) printf(" cmd %u qos %u", m.cmd, m.qos);
  if (result == MQTT_OK) {
    printf(" cmd %u qos %u id %u ack %d topic ", m.cmd, m.qos, m.id, ack);
    show(m.topic), printf(" data "), show(m.data);
    printf(" props %lu", (unsigned long) m.props_size);
    if (m.props_size > 0) printf(" at %lu", (unsigned long) m.props_start);
  }
  printf("\n");
}

// Parses a copy of exactly that size, so that sanitizers see a read behind the end.
#define PARSE(label, version, ...)                          \
  do {                                                      \
    unsigned char bytes[] = {__VA_ARGS__};                  \
    unsigned char *copy = malloc(sizeof(bytes));            \
    memcpy(copy, bytes, sizeof(bytes));                     \
    parse(label, version, copy, sizeof(bytes));             \
    free(copy);                                             \
  } while (0)

#define P4(label, ...) PARSE(label, 4, __VA_ARGS__)
#define P5(label, ...) PARSE(label, 5, __VA_ARGS__)
#define P(label, ...)          \
  do {                         \
    P4(label, __VA_ARGS__);    \
    P5(label, __VA_ARGS__);    \
  } while (0)

#define AB 0, 3, 'a', '/', 'b'

int main(void) {
  mg_log_set_fn(no_log, NULL);
  parse("nothing", 4, NULL, 0);
  P("one byte", 0x30);
  P("header, no body yet", 0x30, 5);
  P("length, 1 byte of it", 0x30, 0x80);
  P("length, 3 bytes of it", 0x30, 0x80, 0x80, 0x80);
  P("length, largest", 0x30, 0xff, 0xff, 0xff, 0x7f);
  P("length, 5 bytes", 0x30, 0x80, 0x80, 0x80, 0x80, 0x01, 0, 0);
  P("length, 4 bytes that go on", 0x30, 0xff, 0xff, 0xff, 0xff);
  P("length 0 in 4 bytes", 0xc0, 0x80, 0x80, 0x80, 0);
  P("length 2 in 2 bytes", 0xc0, 0x82, 0, 1, 2);
  P4("publish", 0x30, 7, AB, 'h', 'i');
  P("publish, one byte missing", 0x30, 7, AB, 'h');
  P4("publish, another packet behind", 0x30, 7, AB, 'h', 'i', 0xc0, 0);
  P4("publish, retain", 0x31, 7, AB, 'h', 'i');
  P4("publish, qos 1", 0x32, 9, AB, 0, 1, 'h', 'i');
  P4("publish, qos 2, again, retain", 0x3d, 9, AB, 0xff, 0xff, 'h', 'i');
  P4("publish, qos 1, id 0", 0x32, 9, AB, 0, 0, 'h', 'i');
  P("publish, qos 3", 0x36, 9, AB, 0, 7, 'h', 'i');
  P("publish, empty", 0x30, 5, AB);
  P("publish, qos 1, empty", 0x32, 7, AB, 0, 1);
  P("publish, topic and message empty", 0x30, 2, 0, 0);
  P4("publish, topic empty", 0x30, 4, 0, 0, 'h', 'i');
  P4("publish, NUL in topic", 0x30, 5, 0, 1, 0, 'h', 'i');
  P("publish, no body", 0x30, 0);
  P("publish, half a topic length", 0x30, 1, 0);
  P("publish, topic too long", 0x30, 4, 0, 5, 'a', 'b');
  P("publish, topic far too long", 0x30, 4, 0xff, 0xff, 'a', 'b');
  P("publish, topic into the next packet", 0x30, 4, 0, 4, 'a', 'b', 0xc0, 0, 0xc0, 0);
  P("publish, no id", 0x32, 3, 0, 1, 'a');
  P("publish, half an id", 0x32, 4, 0, 1, 'a', 0);
  P("publish, id only", 0x34, 5, 0, 1, 'a', 0, 9);
  P5("publish without properties", 0x30, 7, AB, 'h', 'i');
  P5("props 0, topic empty", 0x30, 5, 0, 0, 0, 'h', 'i');
  P5("props 0, id 0", 0x32, 8, 0, 1, 'a', 0, 0, 0, 'h', 'i');
  P5("props 0, 2 bytes", 0x30, 6, 0, 1, 'a', 0, 'x', 'y');
  P5("props 0, 1 byte", 0x30, 5, 0, 1, 'a', 0, 'x');
  P5("props 0, 0 bytes", 0x30, 4, 0, 1, 'a', 0);
  P5("qos 1, props 0, 1 byte", 0x32, 7, 0, 1, 'a', 0, 6, 0, 'x');
  P5("qos 1, props 0, 0 bytes", 0x32, 6, 0, 1, 'a', 0, 6, 0);
  P5("props 2, 0 bytes", 0x30, 6, 0, 1, 'a', 2, 1, 1);
  P5("props 2, 1 byte", 0x30, 7, 0, 1, 'a', 2, 1, 1, 'x');
  P5("qos 2, props 2, 3 bytes", 0x34, 11, 0, 1, 'a', 0, 8, 2, 1, 1, 'x', 'y', 'z');
  P5("props too long", 0x30, 6, 0, 1, 'a', 9, 1, 1);
  P5("props too long by 1", 0x30, 6, 0, 1, 'a', 3, 1, 1);
  P5("props length 0 in 2 bytes", 0x30, 7, 0, 1, 'a', 0x80, 0, 'x', 'y');
  P5("props length 2 in 2 bytes", 0x30, 8, 0, 1, 'a', 0x82, 0, 1, 1, 'x');
  P5("props length cut off", 0x30, 6, 0, 1, 'a', 0x80, 0x80, 0x80);
  P5("props length of 5 bytes", 0x30, 9, 0, 1, 'a', 0x80, 0x80, 0x80, 0x80, 0, 'x');
  P5("props length, largest", 0x30, 9, 0, 1, 'a', 0xff, 0xff, 0xff, 0x7f, 'x', 'y');
  P5("props with an unknown id", 0x30, 7, 0, 1, 'a', 1, 0x7f, 'x', 'y');
  P("connect", 0x10, 15, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 3, 'c', 'i', 'd');
  P("connect without body", 0x10, 0);
  P("connack", 0x20, 2, 0, 0);
  P("connack 5", 0x20, 2, 1, 5);
  P("connack 0x87", 0x20, 3, 0, 0x87, 0);
  P("connack, half", 0x20, 1, 0);
  P("connack, empty", 0x20, 0);
  P("connack with a property", 0x20, 6, 0, 0, 3, 0x13, 0, 5);
  P("puback", 0x40, 2, 1, 2);
  P("puback with reason", 0x40, 4, 0, 7, 0x10, 0);
  P("puback, half", 0x40, 1, 0);
  P("puback, empty", 0x40, 0);
  P("pubrec", 0x50, 2, 0, 11);
  P("pubrel", 0x62, 2, 0, 10);
  P("pubrel, other flags", 0x60, 2, 0, 10);
  P("pubrel, half", 0x62, 1, 0);
  P("pubcomp", 0x70, 2, 0, 10);
  P("subscribe", 0x82, 8, 0, 3, 0, 3, 'a', '/', '#', 1);
  P("subscribe, half", 0x82, 1, 0);
  P("suback", 0x90, 3, 0, 2, 1);
  P("unsubscribe", 0xa2, 7, 0, 4, 0, 3, 'a', '/', '#');
  P("unsuback", 0xb0, 2, 0, 4);
  P("unsuback, half", 0xb0, 1, 0);
  P("pingreq", 0xc0, 0);
  P("pingreq with body", 0xc0, 2, 1, 2);
  P("pingresp", 0xd0, 0);
  P("disconnect", 0xe0, 0);
  P("disconnect with reason", 0xe0, 2, 4, 0);
  P("disconnect with a property", 0xe0, 4, 0, 2, 1, 1);
  P("auth", 0xf0, 0);
  P("command 0", 0, 0);
  return 0;
}
