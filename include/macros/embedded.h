#ifndef MG_SET_WIFI_CONFIG
#define MG_SET_WIFI_CONFIG(ifp, driver_data)
#endif

/** Security of a Wi-Fi network; bits that may be combined. */
#define MG_WIFI_SECURITY_OPEN 0
#define MG_WIFI_SECURITY_WEP MG_BIT(0)
#define MG_WIFI_SECURITY_WPA MG_BIT(1)
#define MG_WIFI_SECURITY_WPA2 MG_BIT(2)
#define MG_WIFI_SECURITY_WPA3 MG_BIT(3)
#define MG_WIFI_SECURITY_WPA_ENTERPRISE MG_BIT(4)
#define MG_WIFI_SECURITY_WPA2_ENTERPRISE MG_BIT(5)
#define MG_WIFI_SECURITY_WPA3_ENTERPRISE MG_BIT(6)
#define MG_WIFI_BAND_2G 0
#define MG_WIFI_BAND_5G 1

/** Bits of `config` of mg_phy_init(). */
enum {
  MG_PHY_LEDS_ACTIVE_HIGH = 1, /* LEDs are lit by a high level */
  MG_PHY_CLOCKS_MAC = 2        /* The PHY clocks the MAC, not the other way round */
};

/** Speeds that mg_phy_up() reports. */
enum { MG_PHY_SPEED_10M, MG_PHY_SPEED_100M, MG_PHY_SPEED_1000M };
