//! The hardware: every register, interrupt and memory symbol that the firmware touches. All its unsafe code is here.
#![allow(unsafe_code)]

use core::ptr::{addr_of, read_volatile, write_volatile};

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use cortex_m_rt::{ExceptionFrame, exception};
use embassy_executor::raw;

use crate::exit;

/// A 32-bit register of the LM3S6965. Only this file makes them, so that reading and writing them is safe elsewhere.
pub(crate) struct Register(usize);

impl Register {
    /// Reads the register; some registers change by being read.
    #[inline]
    pub(crate) fn read(&self) -> u32 {
        // SAFETY: the address is one of the constants below, a register that exists on this chip and aliases no memory.
        unsafe { read_volatile(self.0 as *const u32) }
    }

    /// Writes the register.
    #[inline]
    pub(crate) fn write(&self, value: u32) {
        // SAFETY: as for `read`; none of these registers starts a transfer to or from memory.
        unsafe { write_volatile(self.0 as *mut u32, value) }
    }
}

/// The Ethernet controller (data sheet chapter 16).
pub(crate) mod mac {
    use super::Register;

    /// Raw interrupts when read, acknowledge when written.
    pub(crate) const RIS: Register = Register(0x4004_8000);
    /// Interrupt mask.
    pub(crate) const IM: Register = Register(0x4004_8004);
    /// Receive control.
    pub(crate) const RCTL: Register = Register(0x4004_8008);
    /// Transmit control.
    pub(crate) const TCTL: Register = Register(0x4004_800C);
    /// The FIFOs: a read takes from the receiver's, a write puts into the transmitter's.
    pub(crate) const DATA: Register = Register(0x4004_8010);
    /// Address, bytes 0 to 3.
    pub(crate) const IA0: Register = Register(0x4004_8014);
    /// Address, bytes 4 and 5.
    pub(crate) const IA1: Register = Register(0x4004_8018);
    /// How much of a frame must be in the FIFO before it is sent.
    pub(crate) const THR: Register = Register(0x4004_801C);
    /// Frames waiting in the receiver.
    pub(crate) const NP: Register = Register(0x4004_8034);
    /// Transmission request.
    pub(crate) const TR: Register = Register(0x4004_8038);
}

/// The pin of the board's LED, PF0, and the clocks of what we use.
pub(crate) mod board {
    use super::Register;

    /// Run-mode clock gating 2: ports, Ethernet MAC and PHY.
    pub(crate) const RCGC2: Register = Register(0x400F_E108);
    /// Port F, pin 0 alone: the address holds the mask.
    pub(crate) const LED: Register = Register(0x4002_5004);
    /// Port F directions.
    pub(crate) const DIRECTION: Register = Register(0x4002_5400);
    /// Port F digital enable.
    pub(crate) const DIGITAL: Register = Register(0x4002_551C);
}

/// The Ethernet controller's interrupt.
#[derive(Clone, Copy)]
struct Ethernet;

// SAFETY: 42 is the Ethernet controller's line on the LM3S6965.
unsafe impl InterruptNumber for Ethernet {
    fn number(self) -> u16 {
        42
    }
}

/// Lets the Ethernet controller interrupt.
pub(crate) fn enable_ethernet_interrupt() {
    // SAFETY: no code relies on this interrupt being masked; what it shares with tasks is an `AtomicWaker`.
    unsafe { NVIC::unmask(Ethernet) }
}

/// Polls every task that is ready.
///
/// Only [`crate::executor::run`] may call it.
pub(crate) fn poll(executor: &'static raw::Executor) {
    // SAFETY: the one caller is a loop in thread mode that never returns, so a poll is never entered from within another.
    unsafe { executor.poll() }
}

/// Embassy's hook: some task has become ready.
#[unsafe(export_name = "__pender")]
fn pender(_context: *mut ()) {
    crate::executor::pend();
}

// cortex-m-rt's linker script defines them; only their addresses have a meaning.
unsafe extern "C" {
    static _stack_start: u32;
    static _stack_end: u32;
}

/// Bytes of the stack that have never been used since reset.
#[must_use]
pub fn free_stack() -> usize {
    let (mut word, top) = (addr_of!(_stack_end), addr_of!(_stack_start));
    let mut free = 0;
    // SAFETY: between the two symbols there is RAM that cortex-m-rt painted at reset and that belongs to the stack alone.
    while word < top && unsafe { read_volatile(word) } == cortex_m_rt::STACK_PAINT_VALUE {
        word = word.wrapping_add(1);
        free += size_of::<u32>();
    }
    free.saturating_sub(2 * GUARD) // the guard and what lies below it
}

/// Bytes between the stack and the static variables that cannot be written.
const GUARD: usize = 512;

/// Makes a stack that grows into the static variables a hard fault, at once and before it has spoilt them.
///
/// A frame larger than [`GUARD`] that leaves its middle untouched can still step over it.
pub(crate) fn guard_stack(mpu: &cortex_m::peripheral::MPU) {
    const ENABLE_WITH_DEFAULT_MAP: u32 = 1 << 0 | 1 << 2; // and none in the hard fault handler, which needs a stack
    const NEVER_EXECUTE: u32 = 1 << 28;
    const READ_ONLY: u32 = 0b110 << 24;
    const INTERNAL_RAM: u32 = 0b110 << 16; // shareable, cacheable
    const SIZE: u32 = GUARD.trailing_zeros() - 1;
    let guard = (addr_of!(_stack_end) as usize).next_multiple_of(GUARD);
    // SAFETY: one region, aligned to its size; it covers painted words of the stack that a program which is right never writes.
    unsafe {
        mpu.rnr.write(0);
        mpu.rbar.write(guard as u32);
        mpu.rasr.write(NEVER_EXECUTE | READ_ONLY | INTERNAL_RAM | SIZE << 1 | 1);
        mpu.ctrl.write(ENABLE_WITH_DEFAULT_MAP);
    }
    cortex_m::asm::dsb();
    cortex_m::asm::isb();
}

/// A seed for TCP's sequence numbers: the host's wall clock and the time it has run, mixed.
///
/// The chip has no source of randomness, so it keeps no secret: do not make keys from it.
#[must_use]
pub fn seed() -> u64 {
    use semihosting::sys::arm_compat::{sys_clock, sys_time};
    let seconds = sys_time().unwrap_or(1) as u64;
    let hundredths = sys_clock().unwrap_or(1) as u64;
    (seconds << 20 ^ hundredths).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[exception]
fn SysTick() {
    crate::time::tick();
}

#[exception]
unsafe fn DefaultHandler(line: i16) {
    if line == Ethernet.number() as i16 {
        crate::eth::on_interrupt();
    } else {
        exit::fail(format_args!("interrupt {line} has no handler"));
    }
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    /// Configurable fault status: a store or the entry of an exception met the memory protection unit.
    const PROTECTED: u32 = 1 << 1 | 1 << 4;
    // SAFETY: the configurable fault status register of the Cortex-M3; reading it changes nothing.
    let status = unsafe { read_volatile(0xE000_ED28 as *const u32) };
    if status & PROTECTED != 0 {
        exit::fail(format_args!(
            "the stack has reached the static variables; make buffers or tasks smaller"
        ));
    }
    exit::fail(format_args!(
        "hard fault at {:#010x}, called from {:#010x}, status {status:#010x}",
        frame.pc(),
        frame.lr()
    ));
}
