// mg_check_ip_acl: the last entry that matches decides; how loosely entries are read.

#include "mongoose.h"

int main(void) {
  struct mg_addr addr;
  memset(&addr, 0, sizeof(addr));
  memcpy(addr.addr.ip, "\1\2\3\4", 4);
  static const char *lists[] = {
      "", "+1.2.3.4", "-1.2.3.4", "+1.2.3.0/24", "+1.2.3.4/24", "-0.0.0.0/0,+1.2.0.0/16", "+1.2.0.0/16,-1.2.3.4",
      "-0.0.0.0/0,+1.0.0.0/16", "invalid", ",+1.2.3.4", "+1.2.3.4,bad", "+1.2.3.4, +1.2.3.5", "+hi", "+1.2.3",
      "+256.1.1.1", "+1.2.3.4/33", "+1.2.3.4/-1", "+1.2.3.4,", "+1.2.3.4/", "+1.2.3.4x", "+1.2.3.4/32x", "+ 1.2.3.4",
      "++1.2.3.4", "+01.2.3.4", "+-1.2.3.4", "+1.2.3.4/ 8", "+1.2.3.4/+32", "+1.2.3.4/032", "+1.2.3. 4", "+1 .2.3.4",
      "+1.-2.3.4", "+257.2.3.4", "+4294967297.2.3.4", "+18446744073709551617.2.3.4", "+1.2.3.4/4294967328",
      "+1.2.3.4,,", "+1.2.3.4, ", ",", "+", "-", "+,", "+1.2.3.4 ,-1.2.3.4", "+1.2.3.4/24/3", "+\t1.2.3.4",
      "+1.2.3.4/x", "+1.2.3.4/ x", "+1.2.3.0/24x,-1.2.3.4y", "+1.2.3.4/3 2", "+1.2.3.4/0", "+0.0.0.0/0", "+0.0.0.0/",
      "-1.2.3.4,+1.2.3.4", "+1.2.3.-0", "+1.2.3.4.5", "+0x1.2.3.4", "+1.2.3.4/0x10", "+1.2.3.4,+hi", "+9.9.9.9",
      "+1.2.3.4/00000000000000000000000000032", "+00000000000000000000000001.2.3.4", "+1.2.3.4-1.2.3.4", "+1.2.3.4/-0",
      "+1.2.3.4 /8", "+0.0.0.0/1", "+128.0.0.0/1", "+1.2.3.4/31", "+1.2.3.4/30", "*1.2.3.4", " +1.2.3.4",
  };
  for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
    printf("\"");
    for (const char *p = lists[i]; *p; p++) printf(*p == '\t' ? "\\t" : "%c", *p);
    printf("\": %d\n", mg_check_ip_acl(mg_str(lists[i]), &addr));
  }
  printf("no list: %d\n", mg_check_ip_acl(mg_str(NULL), &addr));
  printf("length counts: %d\n", mg_check_ip_acl(mg_str_n("+1.2.3.4,bad", 8), &addr));
  addr.addr.ip[3] = 45;
  printf("a list ends with its length: %d\n", mg_check_ip_acl(mg_str_n("+1.2.3.45", 8), &addr));
  addr.is_ip6 = true;
  printf("IPv6, no list: %d\n", mg_check_ip_acl(mg_str(""), &addr));
  printf("IPv6, a list: %d\n", mg_check_ip_acl(mg_str("+1.2.3.4"), &addr));
  addr.is_ip6 = false;

  uint32_t state = 1, crc = 0, counts[4] = {0, 0, 0, 0};
  for (int i = 0; i < 200000; i++) {
    char list[64] = "";
    for (int entry = 0; entry < i % 4; entry++) {
      state = state * 1664525u + 1013904223u;
      snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%c%u.%u.%u.%u/%u", entry ? "," : "",
               state & 0x100 ? '+' : '-', state >> 9 & 1, state >> 10 & 3, state >> 12 & 3, state >> 14 & 3, state >> 16 & 63);
      // Sometimes spoil a character.
      if ((state >> 24 & 15) == 0) list[(state >> 28) % strlen(list)] = " ,/.x-0"[i % 7];
    }
    state = state * 1664525u + 1013904223u;
    for (int j = 0; j < 4; j++) addr.addr.ip[j] = (uint8_t) (state >> (8 + 2 * j) & (j ? 3 : 1));
    int result = mg_check_ip_acl(mg_str(list), &addr);
    counts[result + 2]++;
    crc = mg_crc32(crc, &"badz"[result + 2], 1);
  }
  printf("random lists: %u %u %u %u %08x\n", counts[0], counts[1], counts[2], counts[3], crc);
  return 0;
}
