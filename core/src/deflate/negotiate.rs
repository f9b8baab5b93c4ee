//! Agreeing on permessage-deflate in the handshake (RFC 7692 §5, §7.1).

use super::{Agreement, Settings, UnlimitedPeer};
use crate::handshake::{Extension, ExtensionOffers, RefusedByServer, WriteError};

/// The extension's name.
pub const NAME: &str = "permessage-deflate";

/// A buffer of so many bytes holds any offer and any [`Answer`].
pub const MAX_VALUE: usize = 240;

const SERVER_BITS: &str = "server_max_window_bits";
const CLIENT_BITS: &str = "client_max_window_bits";
const SERVER_FRESH: &str = "server_no_context_takeover";
const CLIENT_FRESH: &str = "client_no_context_takeover";

/// A server's answer: what is agreed on, and the value of `Sec-WebSocket-Extensions` that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Answer {
    /// What is agreed on.
    pub agreement: Agreement,
    params: Params,
}

impl Settings {
    /// The server's part: answers the first of the offers that it can (RFC 7692 §5.1), of those in
    /// [`Upgrade::extensions`](crate::handshake::Upgrade::extensions); `None` is a connection without compression.
    ///
    /// ```
    /// use tubesock_core::deflate::{MAX_VALUE, Settings};
    /// use tubesock_core::handshake::ExtensionOffers;
    ///
    /// let field = b"permessage-deflate; client_max_window_bits, permessage-deflate";
    /// let offers = ExtensionOffers::new(field).flatten();
    /// let answer = Settings::new(10, 12).accept(offers).expect("the first will do");
    /// let mut value = [0; MAX_VALUE];
    /// assert_eq!(
    ///     answer.write(&mut value)?,
    ///     "permessage-deflate; server_max_window_bits=12; client_max_window_bits=10"
    /// );
    /// assert_eq!(answer.agreement.ring_len(), 1024);
    /// # Ok::<(), tubesock_core::handshake::WriteError>(())
    /// ```
    #[must_use]
    pub fn accept<'a>(&self, offers: impl IntoIterator<Item = Extension<'a>>) -> Option<Answer> {
        offers
            .into_iter()
            .filter(|offer| offer.name == NAME)
            .find_map(|offer| self.answer(&Params::parse(&offer, true)?))
    }

    fn answer(&self, offer: &Params) -> Option<Answer> {
        let send_bits = self.send_bits.min(offer.server_bits.unwrap_or(15));
        let send_takeover = self.send_takeover && !offer.server_fresh;
        let mut receive_takeover = self.receive_takeover && !offer.client_fresh;
        let receive_bits = match offer.client_bits {
            ClientBits::Absent if self.receive_bits < 15 => {
                match self.unlimited {
                    UnlimitedPeer::FullWindow => {}
                    UnlimitedPeer::NoTakeover => receive_takeover = false,
                    UnlimitedPeer::Decline => return None,
                }
                15
            }
            ClientBits::Value(bits) => bits.min(self.receive_bits),
            _ => self.receive_bits,
        };
        let told = offer.client_bits != ClientBits::Absent && receive_bits < 15;
        let params = Params {
            server_bits: (send_bits < 15 || offer.server_bits.is_some()).then_some(send_bits),
            client_bits: if told { ClientBits::Value(receive_bits) } else { ClientBits::Absent },
            server_fresh: !send_takeover,
            client_fresh: !receive_takeover,
        };
        let agreement = Agreement { receive_bits, receive_takeover, send_bits, send_takeover };
        Some(Answer { agreement, params })
    }

    /// The client's part: writes what it offers into `out`, of [`MAX_VALUE`] bytes, for
    /// [`ClientRequest::extensions`](crate::handshake::ClientRequest::extensions).
    ///
    /// # Errors
    ///
    /// [`WriteError::Full`].
    pub fn write_offer<'o>(&self, out: &'o mut [u8]) -> Result<&'o str, WriteError> {
        let mut value = Value { out, at: 0 };
        let limits = self.receive_bits < 15;
        let mut offer = Params {
            server_bits: limits.then_some(self.receive_bits),
            client_bits: match self.send_bits {
                15 => ClientBits::Bare,
                bits => ClientBits::Value(bits),
            },
            server_fresh: !self.receive_takeover,
            client_fresh: !self.send_takeover,
        };
        value.params(&offer)?;
        if limits && self.unlimited != UnlimitedPeer::Decline {
            // For a server that knows no limit.
            offer.server_bits = None;
            offer.server_fresh |= self.unlimited == UnlimitedPeer::NoTakeover;
            value.put(", ")?;
            value.params(&offer)?;
        }
        value.finish()
    }

    /// The client's part: holds the server's answer, [`Established::extensions`], against what was offered; `None` where
    /// it has chosen no extension.
    ///
    /// [`Established::extensions`]: crate::handshake::Established::extensions
    ///
    /// # Errors
    ///
    /// [`RefusedByServer::Extension`] for an answer to what was not offered (RFC 7692 §5.1, §7.1): the connection is to be
    /// dropped.
    pub fn verify(&self, answer: Option<&[u8]>) -> Result<Option<Agreement>, RefusedByServer> {
        let Some(value) = answer else {
            return Ok(None);
        };
        let mut chosen = ExtensionOffers::new(value);
        match (chosen.next(), chosen.next()) {
            (Some(Ok(extension)), None) if extension.name == NAME => {
                Params::parse(&extension, false).and_then(|params| self.agree(&params))
            }
            _ => None,
        }
        .map(Some)
        .ok_or(RefusedByServer::Extension)
    }

    fn agree(&self, answer: &Params) -> Option<Agreement> {
        let receive_takeover = !answer.server_fresh;
        let receive_bits = answer.server_bits.unwrap_or(15);
        let may_keep = match (receive_bits <= self.receive_bits, self.unlimited) {
            // The second offer was answered, and that has no limit.
            (false, _) if answer.server_bits.is_some() => return None,
            (false, UnlimitedPeer::Decline) => return None,
            (false, UnlimitedPeer::NoTakeover) => false,
            _ => self.receive_takeover,
        };
        if receive_takeover && !may_keep {
            return None;
        }
        let send_bits = match answer.client_bits {
            ClientBits::Value(bits) => bits.min(self.send_bits),
            _ => self.send_bits,
        };
        let send_takeover = self.send_takeover && !answer.client_fresh;
        Some(Agreement { receive_bits, receive_takeover, send_bits, send_takeover })
    }
}

impl Answer {
    /// Writes the value for [`Accept::extensions`](crate::handshake::Accept::extensions) into `out`, of [`MAX_VALUE`]
    /// bytes.
    ///
    /// # Errors
    ///
    /// [`WriteError::Full`].
    pub fn write<'o>(&self, out: &'o mut [u8]) -> Result<&'o str, WriteError> {
        let mut value = Value { out, at: 0 };
        value.params(&self.params)?;
        value.finish()
    }
}

/// The four parameters, of an offer or of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Params {
    server_bits: Option<u8>,
    client_bits: ClientBits,
    server_fresh: bool,
    client_fresh: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum ClientBits {
    Absent,
    /// In an offer: the client takes any limit.
    Bare,
    Value(u8),
}

impl Params {
    /// `None` for a parameter that is unknown, is there twice, or has a value that it can't have: such an offer is
    /// declined, such an answer refused (RFC 7692 §7.1).
    fn parse(extension: &Extension<'_>, is_offer: bool) -> Option<Self> {
        let mut params = Self {
            server_bits: None,
            client_bits: ClientBits::Absent,
            server_fresh: false,
            client_fresh: false,
        };
        for (name, value) in extension.params() {
            let new = match (name, value) {
                (SERVER_FRESH, None) => !core::mem::replace(&mut params.server_fresh, true),
                (CLIENT_FRESH, None) => !core::mem::replace(&mut params.client_fresh, true),
                (SERVER_BITS, Some(value)) => params.server_bits.replace(bits(value)?).is_none(),
                (CLIENT_BITS, value) => {
                    let value = match value {
                        None if !is_offer => return None,
                        None => ClientBits::Bare,
                        Some(value) => ClientBits::Value(bits(value)?),
                    };
                    core::mem::replace(&mut params.client_bits, value) == ClientBits::Absent
                }
                _ => return None,
            };
            if !new {
                return None;
            }
        }
        Some(params)
    }
}

/// 8 to 15, without a leading zero (RFC 7692 §7.1.2).
fn bits(value: &str) -> Option<u8> {
    match value.as_bytes() {
        [digit @ b'8'..=b'9'] => Some(digit & 0x0F),
        [b'1', digit @ b'0'..=b'5'] => Some((digit & 0x0F).saturating_add(10)),
        _ => None,
    }
}

struct Value<'o> {
    out: &'o mut [u8],
    at: usize,
}

impl<'o> Value<'o> {
    fn put(&mut self, text: &str) -> Result<(), WriteError> {
        let end = self.at.saturating_add(text.len());
        let slot = self.out.get_mut(self.at..end).ok_or(WriteError::Full)?;
        slot.copy_from_slice(text.as_bytes());
        self.at = end;
        Ok(())
    }

    fn params(&mut self, params: &Params) -> Result<(), WriteError> {
        self.put(NAME)?;
        self.param(SERVER_BITS, params.server_bits.map(Some))?;
        self.param(
            CLIENT_BITS,
            match params.client_bits {
                ClientBits::Absent => None,
                ClientBits::Bare => Some(None),
                ClientBits::Value(bits) => Some(Some(bits)),
            },
        )?;
        self.param(SERVER_FRESH, params.server_fresh.then_some(None))?;
        self.param(CLIENT_FRESH, params.client_fresh.then_some(None))
    }

    fn param(&mut self, name: &str, value: Option<Option<u8>>) -> Result<(), WriteError> {
        const VALUES: [&str; 8] = ["8", "9", "10", "11", "12", "13", "14", "15"];
        let Some(value) = value else {
            return Ok(());
        };
        self.put("; ")?;
        self.put(name)?;
        match value.and_then(|bits| VALUES.get(usize::from(bits.saturating_sub(8)))) {
            Some(value) => {
                self.put("=")?;
                self.put(value)
            }
            None => Ok(()),
        }
    }

    fn finish(self) -> Result<&'o str, WriteError> {
        let written = self.out.get(..self.at).ok_or(WriteError::Full)?;
        core::str::from_utf8(written).map_err(|_| WriteError::Invalid)
    }
}
