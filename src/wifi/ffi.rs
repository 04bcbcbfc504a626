#![allow(unsafe_code)]

use crate::ffi::guard;
use std::ffi::c_char;

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

fn no_driver() -> bool {
    guard((), || {
        crate::log::error(format_args!("No Wi-Fi driver enabled"));
    });
    false
}

/// Starts a scan for networks. There is no Wi-Fi driver here: logs an error and returns false.
#[unsafe(no_mangle)]
pub extern "C" fn mg_wifi_scan() -> bool {
    no_driver()
}

/// Joins a network. There is no Wi-Fi driver here: logs an error and returns false. `wifi` is not
/// looked at and may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn mg_wifi_connect(wifi: *mut mg_wifi_data) -> bool {
    let _ = wifi;
    no_driver()
}

/// Leaves a network. There is no Wi-Fi driver here: logs an error and returns false.
#[unsafe(no_mangle)]
pub extern "C" fn mg_wifi_disconnect() -> bool {
    no_driver()
}

/// Starts an access point. There is no Wi-Fi driver here: logs an error and returns false. `wifi`
/// is not looked at and may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn mg_wifi_ap_start(wifi: *mut mg_wifi_data) -> bool {
    let _ = wifi;
    no_driver()
}

/// Stops the access point. There is no Wi-Fi driver here: logs an error and returns false.
#[unsafe(no_mangle)]
pub extern "C" fn mg_wifi_ap_stop() -> bool {
    no_driver()
}
