/** Bits of `config` of mg_phy_init(). */
enum {
  MG_PHY_LEDS_ACTIVE_HIGH = 1, /* LEDs are lit by a high level */
  MG_PHY_CLOCKS_MAC = 2        /* The PHY clocks the MAC, not the other way round */
};

/** Speeds that mg_phy_up() reports. */
enum { MG_PHY_SPEED_10M, MG_PHY_SPEED_100M, MG_PHY_SPEED_1000M };
