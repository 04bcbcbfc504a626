#![allow(unsafe_code)]

use super::chip::{self, Chip, Registers, Wiring};
use crate::ffi::guard;
use crate::util::ffi::mg_millis;

/// Access to the registers of Ethernet PHYs.
#[repr(C)]
pub struct mg_phy {
    /// Reads register `reg` of the PHY at address `addr`.
    pub read_reg: Option<unsafe extern "C" fn(addr: u8, reg: u8) -> u16>,
    /// Writes a register.
    pub write_reg: Option<unsafe extern "C" fn(addr: u8, reg: u8, value: u16)>,
}

/// Bits of `config`, as in the header.
const LEDS_ACTIVE_HIGH: u8 = 1;
const CLOCKS_MAC: u8 = 2;

/// A reset takes half a second at most (IEEE 802.3, 22.2.4.1.1).
const RESET_MS: u64 = 1000;

/// One PHY behind the functions of the program.
struct Phy {
    addr: u8,
    read: unsafe extern "C" fn(u8, u8) -> u16,
    write: unsafe extern "C" fn(u8, u8, u16),
}

impl Phy {
    /// # Safety
    /// Pointer contract.
    unsafe fn new(phy: *mut mg_phy, addr: u8) -> Option<Phy> {
        // SAFETY: forwarded from the caller.
        let phy = unsafe { phy.as_ref() }?;
        Some(Phy {
            addr,
            read: phy.read_reg?,
            write: phy.write_reg?,
        })
    }
}

impl Registers for Phy {
    fn read(&self, reg: u8) -> u16 {
        // SAFETY: the program's function, called as documented.
        unsafe { (self.read)(self.addr, reg) }
    }

    fn write(&self, reg: u8, value: u16) {
        // SAFETY: the program's function, called as documented.
        unsafe { (self.write)(self.addr, reg, value) }
    }
}

/// Resets the Ethernet PHY at address `addr` and sets it up; `config` has MG_PHY_* bits. Waits for
/// the reset to end, up to a second; then logs an error and returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_phy_init(phy: *mut mg_phy, addr: u8, config: u8) {
    guard((), || {
        // SAFETY: pointer contract.
        let Some(phy) = (unsafe { Phy::new(phy, addr) }) else {
            return;
        };
        let deadline = mg_millis() + RESET_MS;
        if !chip::reset(&phy, || mg_millis() > deadline) {
            crate::log::error(format_args!("PHY {addr} does not answer"));
            return;
        }
        let (id1, id2) = chip::ids(&phy);
        let model = Chip::from_ids(id1, id2);
        crate::log::info(format_args!(
            "PHY ID: {id1:#04x} {id2:#04x} ({})",
            model.name()
        ));
        let wiring = Wiring {
            leds_active_high: config & LEDS_ACTIVE_HIGH != 0,
            clocks_mac: config & CLOCKS_MAC != 0,
        };
        chip::set_up(&phy, model, wiring);
    });
}

/// Whether the link of the Ethernet PHY at address `addr` is up. If so, and neither pointer is NULL,
/// also stores duplex mode and MG_PHY_SPEED_*, for PHYs that are known.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_phy_up(
    phy: *mut mg_phy,
    addr: u8,
    full_duplex: *mut bool,
    speed: *mut u8,
) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let Some(phy) = (unsafe { Phy::new(phy, addr) }) else {
            return false;
        };
        let up = chip::is_up(&phy);
        if up
            && !full_duplex.is_null()
            && !speed.is_null()
            && let Some(mode) = chip::mode(&phy)
        {
            // SAFETY: pointer contract.
            unsafe {
                full_duplex.write(mode.full_duplex);
                speed.write(mode.speed as u8);
            }
        }
        up
    })
}
