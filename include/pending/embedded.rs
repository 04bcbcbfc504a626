//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

/// Wi-Fi settings.
#[repr(C)]
pub struct mg_wifi_data {
    /// Network to join.
    pub ssid: *mut c_char,
    /// Its password.
    pub pass: *mut c_char,
    /// Network name of the own access point.
    pub apssid: *mut c_char,
    /// Its password.
    pub appass: *mut c_char,
    /// Address of the access point, network byte order.
    pub apip: u32,
    /// Network mask of the access point, network byte order.
    pub apmask: u32,
    /// MG_WIFI_SECURITY_* bits of the network to join.
    pub security: u8,
    /// MG_WIFI_SECURITY_* bits of the access point.
    pub apsecurity: u8,
    /// Channel of the access point.
    pub apchannel: u8,
    /// Start as access point.
    pub apmode: bool,
}

/// State of a modem driver. No function of this library takes it.
#[repr(C)]
pub struct mg_tcpip_driver_atcmd_data {
    /// The serial port.
    pub usart: *mut c_void,
    /// Resets the modem.
    pub reset: Option<unsafe extern "C" fn(usart: *mut c_void)>,
    /// Sends a byte.
    pub tx: Option<unsafe extern "C" fn(usart: *mut c_void, byte: u8)>,
    /// Receives a byte; negative when there is none.
    pub rx: Option<unsafe extern "C" fn(usart: *mut c_void) -> c_int>,
    /// Commands and expected answers.
    pub script: *mut *const c_char,
    /// Position in the script.
    pub script_index: c_int,
    /// Time-out of the current step.
    pub deadline: u64,
    /// Bytes are not stuffed.
    pub no_byte_stuff: bool,
    /// The link is up.
    pub link: bool,
    /// The next byte is stuffed.
    pub unstuffing: bool,
}

/// Access to the registers of Ethernet PHYs.
#[repr(C)]
pub struct mg_phy {
    /// Reads register `reg` of the PHY at address `addr`.
    pub read_reg: Option<unsafe extern "C" fn(addr: u8, reg: u8) -> u16>,
    /// Writes a register.
    pub write_reg: Option<unsafe extern "C" fn(addr: u8, reg: u8, value: u16)>,
}

unsafe extern "C" {
    /// Starts a scan for networks. There is no Wi-Fi driver here: false.
    pub fn mg_wifi_scan() -> bool;

    /// Joins a network. There is no Wi-Fi driver here: false.
    pub fn mg_wifi_connect(wifi: *mut mg_wifi_data) -> bool;

    /// Leaves a network. There is no Wi-Fi driver here: false.
    pub fn mg_wifi_disconnect() -> bool;

    /// Starts an access point. There is no Wi-Fi driver here: false.
    pub fn mg_wifi_ap_start(wifi: *mut mg_wifi_data) -> bool;

    /// Stops the access point. There is no Wi-Fi driver here: false.
    pub fn mg_wifi_ap_stop() -> bool;

    /// Resets an Ethernet PHY and sets it up; `config` has MG_PHY_* bits. Waits for the reset to
    /// end.
    pub fn mg_phy_init(phy: *mut mg_phy, addr: u8, config: u8);

    /// Whether the link of an Ethernet PHY is up. If so, and neither pointer is NULL, also stores
    /// duplex mode and MG_PHY_SPEED_*, for PHYs that are known.
    pub fn mg_phy_up(phy: *mut mg_phy, addr: u8, full_duplex: *mut bool, speed: *mut u8) -> bool;
}
