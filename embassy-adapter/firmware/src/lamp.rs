//! The lamp: the board's LED on PF0. The pin itself remembers whether it is lit.

use crate::hw::board::{DIGITAL, DIRECTION, LED, RCGC2};

const PORT_F_CLOCK: u32 = 1 << 5;
const PIN_0: u32 = 1;

/// Makes the pin an output, dark.
pub fn start() {
    RCGC2.write(RCGC2.read() | PORT_F_CLOCK);
    // The port answers only some cycles after its clock runs; reading the register back takes them.
    let _ = RCGC2.read();
    DIRECTION.write(DIRECTION.read() | PIN_0);
    DIGITAL.write(DIGITAL.read() | PIN_0);
    set(false);
}

/// Switches the lamp.
pub fn set(lit: bool) {
    LED.write(u32::from(lit));
}

/// Whether the lamp is lit.
#[must_use]
pub fn is_lit() -> bool {
    LED.read() & PIN_0 != 0
}
