// Random MQTT packets of both versions, whole, cut and damaged: results of the parser and all properties.
#include "random.h"

static void put_number16(uint32_t n) {
  put_byte(n >> 8), put_byte(n & 255);
}

static void put_varint(uint32_t n) {
  do {
    put_byte((n & 127) | (n > 127 ? 128 : 0));
    n >>= 7;
  } while (n > 0);
}

static void put_string(uint32_t longest) {
  uint32_t n = number(longest + 1);
  put_number16(n);
  while (n-- > 0) put_byte('a' + number(26));
}

// Moves what stands behind `start` back and puts its length before it.
static void prepend_length(size_t start) {
  static char body[70000];
  size_t n = len - start;
  memcpy(body, text + start, n);
  len = start;
  put_varint((uint32_t) n);
  put_n(body, n);
}

static void properties(void) {
  static const uint8_t ids[] = {1, 2, 3, 8, 9, 11, 17, 18, 19, 21, 22, 23, 24, 25, 26, 28, 31, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42};
  size_t start = len;
  for (uint32_t n = number(4); n > 0; n--) {
    uint8_t id = PICK(ids);
    put_byte(id);
    switch (id) {
      case 1: case 23: case 25: case 36: case 37: case 40: case 41: case 42: put_byte(number(256)); break;
      case 19: case 33: case 34: case 35: put_number16(number(65536)); break;
      case 2: case 17: case 24: case 39: put_number16(number(65536)), put_number16(number(65536)); break;
      case 11: put_varint(number(268435456)); break;
      case 38: put_string(10), put_string(10); break;
      default: put_string(12); break;
    }
  }
  prepend_length(start);
}

static int version;

static void publish(void) {
  uint32_t qos = number(3);
  put_byte(0x30 | number(2) << 3 | qos << 1 | number(2));
  size_t start = len;
  put_string(12);
  if (qos > 0) put_number16(1 + number(65535));
  if (version == 5) properties();
  // The reference reads a payload of less than two bytes together with the length of the properties (mqtt_parse_table).
  put("pp"), put_from("abc\x80\xff", one_in(20) ? 300 : 20);
  prepend_length(start);
}

static void other(void) {
  static const uint8_t commands[] = {1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0};
  uint8_t command = PICK(commands);
  put_byte((uint32_t) command << 4 | number(16));
  size_t start = len;
  if (command == 1) put_string(4), put_byte((uint32_t) version), put_byte(number(256)), put_number16(60), put_string(10);
  else if (command < 12) put_number16(number(65536)), put_from("\x01\x02\x80", 3);
  prepend_length(start);
}

static void parse(void) {
  struct mg_mqtt_message m;
  struct mg_mqtt_prop p;
  show(text, len);
  memset(&m, 0xa5, sizeof(m));
  int n = mg_mqtt_parse((uint8_t *) text, len, (uint8_t) version, &m);
  result("parsed", n);
  if (n != MQTT_OK) return;
  view("topic", m.topic), view("data", m.data), view("dgram", m.dgram);
  result("id", m.id), result("cmd", m.cmd), result("qos", m.qos), result("ack", m.ack);
  // The reference finds properties in PUBLISH alone (mqtt_parse_table).
  if (m.cmd != MQTT_CMD_PUBLISH) return;
  result("props", (long long) m.props_start), result("+", (long long) m.props_size);
  size_t ofs = 0, count = 0;
  do {
    memset(&p, 0, sizeof(p));
    ofs = mg_mqtt_next_prop(&m, &p, ofs);
    result("next", (long long) ofs);
    if (ofs == 0) break;
    result("prop", p.id), result("iv", p.iv), view("key", p.key), view("val", p.val);
  } while (++count < 100);
}

static void packet(int of_version) {
  version = of_version;
  if (one_in(2)) publish();
  else other();
  put_from("xyz", 4);
  parse();
}

static void cut(int of_version) {
  version = of_version;
  if (one_in(2)) publish();
  else other();
  len = number((uint32_t) len);
  parse();
}

static void whole4(void) {
  packet(4);
}

static void whole5(void) {
  packet(5);
}

static void cut4(void) {
  cut(4);
}

static void cut5(void) {
  cut(5);
}

int main(int argc, char *argv[]) {
  run_blocks(argc, argv, "version 4", 20, whole4);
  run_blocks(argc, argv, "version 5", 20, whole5);
  run_blocks(argc, argv, "version 4, cut", 10, cut4);
  run_blocks(argc, argv, "version 5, cut", 10, cut5);
  return 0;
}
