// Walks over the properties of packets with mg_mqtt_next_prop().

#include "mongoose.h"

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

// Parses a PUBLISH with these properties and prints them.
static void walk(const char *label, const char *props, size_t len) {
  unsigned char *packet = malloc(len + 8);
  struct mg_mqtt_message m;
  struct mg_mqtt_prop p;
  size_t ofs = 0, next;
  packet[0] = 0x30, packet[1] = (unsigned char) (len + 6), packet[2] = 0, packet[3] = 1, packet[4] = 't', packet[5] = (unsigned char) len;
  memcpy(packet + 6, props, len), memcpy(packet + 6 + len, "xy", 2);
  printf("%s: %s", label, mg_mqtt_parse(packet, len + 8, 5, &m) == MQTT_OK ? "" : "not parsed");
  memset(&p, 0, sizeof(p));
  while ((next = mg_mqtt_next_prop(&m, &p, ofs)) > 0) {
    printf(" %lu id %u iv %u", (unsigned long) next, p.id, p.iv);
    if (p.key.buf != NULL) printf(" key %lu[%.*s]", (unsigned long) p.key.len, (int) p.key.len, p.key.buf);
    if (p.val.buf != NULL) printf(" val %lu[%.*s]", (unsigned long) p.val.len, (int) p.val.len, p.val.buf);
    printf(",");
    ofs = next;
  }
  printf(" end at %lu of %lu, id %u\n", (unsigned long) ofs, (unsigned long) m.props_size, p.id);
  free(packet);
}

#define WALK(label, props) walk(label, props, sizeof(props) - 1)

// Every id with a value of plenty of bytes: how many it takes.
static void every_id(void) {
  for (unsigned id = 0; id < 256; id++) {
    char section[12] = {(char) id, 0, 3, 'a', 'b', 'c', 0, 1, 'd', 'e', 'f', 'g'}, label[30];
    snprintf(label, sizeof(label), "id 0x%02x", id);
    walk(label, section, sizeof(section));
  }
}

int main(void) {
  struct mg_mqtt_message m;
  struct mg_mqtt_prop p = {.id = 99, .iv = 98};
  mg_log_set_fn(no_log, NULL);
  WALK("none", "");
  WALK("one of each type", "\x01\x01\x02\x01\x02\x03\x04\x23\x02\x03\x0b\xac\x02\x09\x00\x02" "AB\x08\x00\x03r/t\x26\x00\x01k\x00\x01v");
  WALK("the same twice", "\x26\x00\x01k\x00\x01v\x26\x00\x01k\x00\x01w");
  WALK("empty strings", "\x03\x00\x00\x26\x00\x00\x00\x00\x01\x05");
  WALK("varint of 1 byte", "\x0b\x7f");
  WALK("varint of 4 bytes", "\x0b\xff\xff\xff\x7f");
  WALK("varint 0 in 4 bytes", "\x0b\x80\x80\x80\x00");
  WALK("varint of 5 bytes", "\x0b\x80\x80\x80\x80\x01");
  WALK("varint cut off", "\x0b\x80");
  WALK("byte cut off", "\x01\x05\x01");
  WALK("short cut off", "\x01\x05\x23\x01");
  WALK("int cut off", "\x01\x05\x02\x01\x02\x03");
  WALK("string length cut off", "\x01\x05\x03\x00");
  WALK("string cut off", "\x01\x05\x03\x00\x05" "abcd");
  WALK("string of 65535 bytes", "\x01\x05\x03\xff\xff" "abcd");
  WALK("pair without value", "\x01\x05\x26\x00\x01k");
  WALK("pair with half a length", "\x01\x05\x26\x00\x01k\x00");
  WALK("pair with its value cut off", "\x01\x05\x26\x00\x01k\x00\x02v");
  WALK("pair with its key cut off", "\x01\x05\x26\x00\x09k\x00\x01v");
  WALK("unknown in the middle", "\x01\x05\x7f\x01\x05");
  every_id();
  // Nothing is stored where there is nothing.
  mg_mqtt_parse((const uint8_t *) "\x30\x08\x00\x01t\x02\x01\x05xy", 10, 5, &m);
  printf("behind the end: %lu", (unsigned long) mg_mqtt_next_prop(&m, &p, 2));
  printf(" %lu", (unsigned long) mg_mqtt_next_prop(&m, &p, 3));
  printf(" %lu", (unsigned long) mg_mqtt_next_prop(&m, &p, (size_t) -1));
  printf(" id %u iv %u\n", p.id, p.iv);
  m.props_size = 100;
  printf("properties that leave the packet: %lu", (unsigned long) mg_mqtt_next_prop(&m, &p, 0));
  printf(" id %u iv %u\n", p.id, p.iv);
  mg_mqtt_parse((const uint8_t *) "\x30\x08\x00\x01t\x02\x01\x05xy", 10, 4, &m);
  printf("version 4: %lu", (unsigned long) mg_mqtt_next_prop(&m, &p, 0));
  printf(" id %u iv %u\n", p.id, p.iv);
  return 0;
}
