//! Setting up PHYs and asking for their link, through their registers.
//!
//! Registers below 16 are standard (IEEE 802.3, 22.2.4), the others are the vendor's.
#![forbid(unsafe_code)]

/// Control register.
const BCR: u8 = 0;
const BCR_RESET: u16 = 1 << 15;
const BCR_100M: u16 = 1 << 13;
const BCR_ISOLATE: u16 = 1 << 10;
const BCR_FULL_DUPLEX: u16 = 1 << 8;
/// Status register.
const BSR: u8 = 1;
const BSR_NEGOTIATED: u16 = 1 << 5;
const BSR_LINK: u16 = 1 << 2;
/// Identifier registers.
const ID1: u8 = 2;
const ID2: u8 = 3;

/// The registers of one PHY.
pub trait Registers {
    fn read(&self, reg: u8) -> u16;
    fn write(&self, reg: u8, value: u16);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chip {
    /// Texas Instruments DP83867.
    Dp83867,
    /// Texas Instruments DP83848.
    Dp83848,
    /// Texas Instruments DP83825.
    Dp83825,
    /// Others of Texas Instruments.
    Dp83x,
    /// Microchip KSZ8...
    Ksz8x,
    /// Microchip LAN87...
    Lan87x,
    /// Realtek RTL8211.
    Rtl8211,
    /// Realtek RTL8201.
    Rtl8201,
    /// Renesas ICS1894.
    Ics1894x,
    Unknown,
}

impl Chip {
    pub fn from_ids(id1: u16, id2: u16) -> Chip {
        match (id1, id2) {
            (0x2000, 0xa231) => Chip::Dp83867,
            (0x2000, 0x5ca2) => Chip::Dp83848,
            (0x2000, 0xa140) => Chip::Dp83825,
            (0x2000, _) => Chip::Dp83x,
            (0x0022, _) => Chip::Ksz8x,
            (0x0007, _) => Chip::Lan87x,
            (0x001c, 0xc916) => Chip::Rtl8211,
            (0x001c, _) => Chip::Rtl8201,
            (0x0015, _) => Chip::Ics1894x,
            _ => Chip::Unknown,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Chip::Dp83867 => "DP83867",
            Chip::Dp83848 => "DP83848",
            Chip::Dp83825 => "DP83825",
            Chip::Dp83x => "DP83x",
            Chip::Ksz8x => "KSZ8x",
            Chip::Lan87x => "LAN87x",
            Chip::Rtl8211 => "RTL8211",
            Chip::Rtl8201 => "RTL8201",
            Chip::Ics1894x => "ICS1894x",
            Chip::Unknown => "unknown",
        }
    }

    fn is_texas_instruments(self) -> bool {
        matches!(
            self,
            Chip::Dp83867 | Chip::Dp83848 | Chip::Dp83825 | Chip::Dp83x
        )
    }
}

/// How the board is wired.
#[derive(Debug, Clone, Copy)]
pub struct Wiring {
    pub leds_active_high: bool,
    /// The PHY has a crystal and clocks the MAC; otherwise it takes the reference clock from there.
    pub clocks_mac: bool,
}

/// Resets the PHY and waits until it is ready. False when `give_up` says so before.
pub fn reset(phy: &impl Registers, mut give_up: impl FnMut() -> bool) -> bool {
    phy.write(BCR, BCR_RESET);
    while phy.read(BCR) & BCR_RESET != 0 {
        if give_up() {
            return false;
        }
    }
    true
}

/// Both identifiers.
pub fn ids(phy: &impl Registers) -> (u16, u16) {
    (phy.read(ID1), phy.read(ID2))
}

/// Sets up a PHY that was reset.
pub fn set_up(phy: &impl Registers, chip: Chip, wiring: Wiring) {
    match chip {
        Chip::Dp83867 => {
            // IO_MUX_CFG, an extended register that is reached through 13 and 14.
            phy.write(0x0d, 0x001f);
            phy.write(0x0e, 0x0170);
            phy.write(0x0d, 0x401f);
            phy.write(0x0e, 0x010d);
        }
        // RMII with the 50 MHz of the MAC.
        Chip::Dp83825 | Chip::Dp83x if !wiring.clocks_mac => phy.write(23, 0x0081),
        Chip::Ksz8x if !wiring.clocks_mac => {
            phy.write(BCR, phy.read(BCR) & !BCR_ISOLATE);
            phy.write(31, 0x8180);
        }
        _ => {}
    }
    if wiring.leds_active_high && chip.is_texas_instruments() {
        phy.write(24, 0x0280);
    }
}

/// Whether the link is up.
pub fn is_up(phy: &impl Registers) -> bool {
    let mut status = phy.read(BSR);
    // The bit stays 0 after a lost link until it was read once.
    if status & BSR_NEGOTIATED != 0 && status & BSR_LINK == 0 {
        status = phy.read(BSR);
    }
    status & BSR_LINK != 0
}

/// In the numbering of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Speed {
    M10 = 0,
    M100 = 1,
    M1000 = 2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode {
    pub full_duplex: bool,
    pub speed: Speed,
}

/// The mode of a link that is up, for chips that are known.
pub fn mode(phy: &impl Registers) -> Option<Mode> {
    let id1 = phy.read(ID1);
    // Only vendors with several kinds of chips are asked for more.
    let id2 = match id1 {
        0x2000 | 0x001c => phy.read(ID2),
        _ => 0,
    };
    let fast = |is_100m| if is_100m { Speed::M100 } else { Speed::M10 };
    let (full_duplex, speed) = match Chip::from_ids(id1, id2) {
        Chip::Dp83867 => {
            let status = phy.read(17);
            let speed = match status >> 14 {
                0b10 | 0b11 => Speed::M1000,
                0b01 => Speed::M100,
                _ => Speed::M10,
            };
            (status & 1 << 13 != 0, speed)
        }
        Chip::Dp83848 | Chip::Dp83825 | Chip::Dp83x => {
            let status = phy.read(16);
            (status & 1 << 2 != 0, fast(status & 1 << 1 == 0))
        }
        Chip::Ksz8x => {
            let status = phy.read(30);
            (status & 1 << 2 != 0, fast(status & 3 != 1))
        }
        Chip::Lan87x => {
            let status = phy.read(31);
            (status & 1 << 4 != 0, fast(status & 1 << 3 != 0))
        }
        Chip::Rtl8211 => {
            // On another page of registers.
            phy.write(31, 0x0a43);
            let status = phy.read(26);
            phy.write(31, 0);
            let speed = match status >> 4 & 3 {
                0b10 | 0b11 => Speed::M1000,
                0b01 => Speed::M100,
                _ => Speed::M10,
            };
            (status & 1 << 3 != 0, speed)
        }
        Chip::Rtl8201 => {
            let control = phy.read(BCR);
            (
                control & BCR_FULL_DUPLEX != 0,
                fast(control & BCR_100M != 0),
            )
        }
        Chip::Ics1894x => {
            let status = phy.read(17);
            (status & 1 << 14 != 0, fast(status & 1 << 15 != 0))
        }
        Chip::Unknown => return None,
    };
    Some(Mode { full_duplex, speed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// A PHY whose registers all have the same value.
    struct Stuck(u16, Cell<u32>);

    impl Registers for Stuck {
        fn read(&self, _: u8) -> u16 {
            self.1.set(self.1.get() + 1);
            self.0
        }
        fn write(&self, _: u8, _: u16) {}
    }

    #[test]
    fn an_absent_phy_does_not_hang_the_program() {
        let phy = Stuck(0xffff, Cell::default());
        let mut patience = 5;
        assert!(!reset(&phy, || {
            patience -= 1;
            patience == 0
        }));
        assert_eq!(phy.1.get(), 5);
        assert!(is_up(&phy));
        assert_eq!(mode(&phy), None);
    }

    #[test]
    fn a_phy_that_is_ready_is_asked_once() {
        let phy = Stuck(0, Cell::default());
        assert!(reset(&phy, || true));
        assert!(!is_up(&phy));
        assert_eq!(phy.1.get(), 2);
    }
}
