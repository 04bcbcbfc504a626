//! Read by cbindgen only.

/// A network that a Wi-Fi scan found.
#[repr(C)]
pub struct mg_wifi_scan_bss_data {
    /// Network name.
    pub SSID: mg_str,
    /// Address of the access point, 6 bytes.
    pub BSSID: *mut c_char,
    /// Signal strength in dBm.
    pub RSSI: i16,
    /// MG_WIFI_SECURITY_* bits.
    pub security: u8,
    /// Radio channel.
    pub channel: u8,
    /// MG_WIFI_BAND_*.
    /// cbindgen:bitfield=2
    pub band: c_uint,
    /// Supports 802.11n.
    /// cbindgen:bitfield=1
    pub has_n: c_uint,
    /// Supports 802.11ac.
    /// cbindgen:bitfield=1
    pub has_ac: c_uint,
    /// Supports 802.11ax.
    /// cbindgen:bitfield=1
    pub has_ax: c_uint,
}
