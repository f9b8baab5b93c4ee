//! The stellaris Ethernet controller as an embassy-net driver.
//!
//! The controller has no DMA: a frame is moved word by word through one register, with its length in the first two
//! bytes. One buffer for each direction holds a whole frame, since the stack answers from within a received one.

use core::task::Context;

use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState};
use embassy_sync::waitqueue::AtomicWaker;
use static_cell::ConstStaticCell;

use crate::hw::{self, board, mac};

/// Longest Ethernet frame without its check sequence, bytes.
pub const FRAME: usize = 1514;

/// The length field before each frame in the FIFO; it also puts the IP header at a multiple of four.
const LENGTH: usize = 2;
/// The check sequence after each received frame.
const CHECK: usize = 4;
const BUFFER: usize = (LENGTH + FRAME + CHECK).next_multiple_of(4);

const CLOCKS: u32 = 1 << 30 | 1 << 28; // PHY and MAC
const RX: u32 = 1 << 0; // RIS, IM: a frame has come
const TX_EMPTY: u32 = 1 << 2; // RIS, IM: the transmitter is free
const RX_LOST: u32 = 1 << 3 | 1 << 4; // RIS, IM: receiver overrun or error
const RECEIVE: u32 = 1 << 0; // RCTL
const DROP_DAMAGED: u32 = 1 << 3; // RCTL
const RESET_FIFO: u32 = 1 << 4; // RCTL
const TRANSMIT: u32 = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 4; // TCTL: on, pad, append the check sequence, full duplex
const WHOLE_FRAMES: u32 = 0x3F; // THR: begin only when told to
const NEW: u32 = 1; // TR: send, and "still sending"

/// The controller with its buffers.
pub struct Ethernet {
    address: [u8; 6],
    received: &'static mut [u8; BUFFER],
    sent: &'static mut [u8; BUFFER],
}

impl Ethernet {
    /// Switches the controller on; `None` if it has been before.
    #[must_use]
    pub fn start() -> Option<Self> {
        // Static, and not a part of the value, so that moving the driver into its task needs no stack.
        static RECEIVED: ConstStaticCell<[u8; BUFFER]> = ConstStaticCell::new([0; BUFFER]);
        static SENT: ConstStaticCell<[u8; BUFFER]> = ConstStaticCell::new([0; BUFFER]);
        let (received, sent) = (RECEIVED.try_take()?, SENT.try_take()?);
        board::RCGC2.write(board::RCGC2.read() | CLOCKS);
        let (low, high) = (mac::IA0.read().to_le_bytes(), mac::IA1.read().to_le_bytes());
        mac::RCTL.write(RESET_FIFO);
        mac::THR.write(WHOLE_FRAMES);
        mac::TCTL.write(TRANSMIT);
        mac::RCTL.write(RECEIVE | DROP_DAMAGED);
        mac::IM.write(RX | TX_EMPTY | RX_LOST);
        hw::enable_ethernet_interrupt();
        Some(Self { address: [low[0], low[1], low[2], low[3], high[0], high[1]], received, sent })
    }

    /// Takes the next frame out of the FIFO; `None` when there is none or it cannot be a frame.
    fn take(&mut self) -> Option<usize> {
        if mac::NP.read() == 0 {
            return None;
        }
        let first = mac::DATA.read().to_le_bytes();
        let total = usize::from(u16::from_le_bytes([first[0], first[1]]));
        if !(LENGTH + CHECK..=BUFFER).contains(&total) {
            // The FIFO is out of step: only emptying it finds the next frame's first byte.
            mac::RCTL.write(RESET_FIFO);
            mac::RCTL.write(RECEIVE | DROP_DAMAGED);
            return None;
        }
        let mut words = self.received[..total.next_multiple_of(4)].chunks_exact_mut(4);
        if let Some(word) = words.next() {
            word.copy_from_slice(&first);
        }
        for word in words {
            word.copy_from_slice(&mac::DATA.read().to_le_bytes());
        }
        Some(total - CHECK)
    }
}

/// The controller's interrupt: whatever it is, the stack looks at the registers itself.
pub(crate) fn on_interrupt() {
    mac::RIS.write(mac::RIS.read());
    WAKER.wake();
}

static WAKER: AtomicWaker = AtomicWaker::new();

impl Driver for Ethernet {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Sender<'a>;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(Received<'_>, Sender<'_>)> {
        // Registered first: a frame that comes after the look below wakes the stack again.
        WAKER.register(cx.waker());
        if mac::TR.read() & NEW != 0 {
            return None;
        }
        let end = self.take()?;
        Some((Received(&mut self.received[LENGTH..end]), Sender(self.sent)))
    }

    fn transmit(&mut self, cx: &mut Context<'_>) -> Option<Sender<'_>> {
        WAKER.register(cx.waker());
        (mac::TR.read() & NEW == 0).then_some(Sender(self.sent))
    }

    /// Always up: QEMU's controller has no registers of the PHY to ask.
    fn link_state(&mut self, _: &mut Context<'_>) -> LinkState {
        LinkState::Up
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = FRAME;
        capabilities.max_burst_size = Some(1);
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(self.address)
    }
}

/// A received frame.
pub struct Received<'a>(&'a mut [u8]);

impl embassy_net_driver::RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, read: F) -> R {
        read(self.0)
    }
}

/// Leave to send one frame.
pub struct Sender<'a>(&'a mut [u8; BUFFER]);

impl embassy_net_driver::TxToken for Sender<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let end = LENGTH + len;
        let result = write(&mut self.0[LENGTH..end]);
        // What the controller counts is the payload, without the 14 bytes of the Ethernet header.
        self.0[..LENGTH].copy_from_slice(&(len.saturating_sub(14) as u16).to_le_bytes());
        for word in self.0[..end.next_multiple_of(4)].chunks_exact(4) {
            mac::DATA.write(u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        }
        mac::TR.write(NEW);
        result
    }
}
