// The PHY helpers read and write registers through the program's functions. A fake PHY logs each access.

#include "mongoose.h"

static uint16_t s_regs[32];
static int s_resets, s_reads;
static char s_trace[4000], s_log[500];

static void keep(char ch, void *param) {
  size_t len = strlen(s_log);
  (void) param;
  if (len + 1 < sizeof(s_log)) s_log[len] = ch, s_log[len + 1] = '\0';
}

static uint16_t get(uint8_t addr, uint8_t reg) {
  // A reset takes a few reads.
  if (reg == 0 && (s_regs[0] & 0x8000) != 0 && --s_resets <= 0) s_regs[0] = 0x3100;
  if (reg == 1 && s_reads++ > 0) s_regs[1] |= 4;
  mg_snprintf(s_trace + strlen(s_trace), 30, "%u:%u->%04x ", addr, reg, s_regs[reg & 31]);
  return s_regs[reg & 31];
}

static void set(uint8_t addr, uint8_t reg, uint16_t value) {
  mg_snprintf(s_trace + strlen(s_trace), 30, "%u:%u<-%04x ", addr, reg, value);
  s_regs[reg & 31] = value;
}

static const struct { uint16_t id1, id2; } s_chips[] = {
    {0x2000, 0xa231}, {0x2000, 0x5c90}, {0x2000, 0x5ca2}, {0x2000, 0xa140}, {0x0022, 0x1561}, {0x0007, 0xc0f1},
    {0x0007, 0xc130}, {0x001c, 0xc916}, {0x001c, 0xc816}, {0x0015, 0xf4}, {0x0181, 0xb8a0}, {0, 0}, {0xffff, 0xffff},
};

static void reset(size_t chip, uint16_t fill) {
  for (size_t i = 0; i < 32; i++) s_regs[i] = fill;
  s_regs[2] = s_chips[chip].id1, s_regs[3] = s_chips[chip].id2;
  s_trace[0] = s_log[0] = '\0';
  s_resets = 3, s_reads = 0;
}

static void init(size_t chip, uint8_t config) {
  struct mg_phy phy = {get, set};
  reset(chip, 0xffff);
  mg_phy_init(&phy, (uint8_t) (chip + 1), config);
  printf("init %04x %04x config %u: %s\n", s_chips[chip].id1, s_chips[chip].id2, config, s_trace);
  char *text = strstr(s_log, "PHY");
  printf("init %04x %04x config %u, log: %.*s\n", s_chips[chip].id1, s_chips[chip].id2, config, text == NULL ? 0 : (int) strcspn(text, "\r\n"), text);
}

static void up(const char *label, size_t chip, uint16_t fill, uint16_t status, bool duplex, bool speed) {
  struct mg_phy phy = {get, set};
  bool full = duplex;
  uint8_t rate = 7;
  reset(chip, fill);
  s_regs[1] = status;
  bool is_up = mg_phy_up(&phy, 5, duplex || speed ? &full : NULL, speed ? &rate : NULL);
  printf("%s %04x %04x: up %d full %d speed %u %s\n", label, s_chips[chip].id1, s_chips[chip].id2, is_up, full, rate, s_trace);
}

int main(void) {
  mg_log_set_fn(keep, NULL);
  mg_log_set(MG_LL_DEBUG);
  for (size_t chip = 0; chip < sizeof(s_chips) / sizeof(s_chips[0]); chip++) {
    for (uint8_t config = 0; config < 8; config++) init(chip, config);
    for (int bit = -1; bit < 17; bit++) {
      char label[50];
      snprintf(label, sizeof(label), "bit %d", bit);
      up(label, chip, bit < 0 ? 0 : bit > 15 ? 0xffff : (uint16_t) (1 << bit), 4, true, true);
    }
    up("low bits 3", chip, 3, 4, true, true);
    up("bits 4 and 5", chip, 0x30, 4, true, true);
    up("bits 14 and 15", chip, 0xc000, 4, true, true);
    up("down", chip, 0xffff, 0, true, true);
    up("down, negotiated", chip, 0xffff, 0x20, true, true);
    up("up, negotiated", chip, 0xffff, 0x24, true, true);
    up("without speed", chip, 0xffff, 4, true, false);
    up("without both", chip, 0xffff, 4, false, false);
  }
  return 0;
}
