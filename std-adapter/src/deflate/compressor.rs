//! Compressors that own their memory.

use tubesock_core::deflate::{
    Agreement, Compress, Encoder, Flush, Paused, Progress, table_len, tokens_len, window_len,
};

use super::Deflate;

/// One that [`Deflate`] asks for.
pub(crate) enum Compressor {
    Own(Box<Own>),
    #[cfg(feature = "zlib")]
    Zlib(Zlib),
}

impl Compressor {
    pub(crate) fn new(agreement: &Agreement, _settings: &Deflate) -> Self {
        #[cfg(feature = "zlib")]
        if let (Some(level), 9..) = (_settings.zlib_level, agreement.send_bits) {
            return Self::Zlib(Zlib::new(level, agreement.send_bits));
        }
        Self::Own(Box::new(Own::new(agreement.send_bits)))
    }
}

impl Compress for Compressor {
    fn compress(&mut self, input: &mut &[u8], output: &mut [u8], flush: Flush) -> Progress {
        match self {
            Self::Own(own) => own.compress(input, output, flush),
            #[cfg(feature = "zlib")]
            Self::Zlib(zlib) => zlib.compress(input, output, flush),
        }
    }

    fn reset(&mut self) {
        match self {
            Self::Own(own) => own.reset(),
            #[cfg(feature = "zlib")]
            Self::Zlib(zlib) => zlib.reset(),
        }
    }

    fn withdraw(&mut self) {
        match self {
            Self::Own(own) => own.withdraw(),
            #[cfg(feature = "zlib")]
            Self::Zlib(zlib) => zlib.reset(),
        }
    }
}

/// The core's encoder with its buffers.
pub(crate) struct Own {
    /// `None` while it is at work.
    paused: Option<Paused>,
    bits: u8,
    window: Box<[u8]>,
    table: Box<[u16]>,
    tokens: Box<[u32]>,
}

impl Own {
    pub(crate) fn new(bits: u8) -> Self {
        Self {
            paused: None,
            bits,
            window: vec![0; window_len(bits)].into(),
            table: vec![0; table_len(bits)].into(),
            tokens: vec![0; tokens_len(bits)].into(),
        }
    }

    /// Does something with the encoder, which is a new one after a panic.
    fn with<T>(&mut self, work: impl FnOnce(&mut Encoder<'_>) -> T) -> T {
        let (window, table, tokens) = (&mut self.window, &mut self.table, &mut self.tokens);
        let mut encoder = match self.paused.take() {
            Some(paused) => paused.resume(window, table, tokens),
            None => Encoder::new(self.bits, window, table, tokens),
        }
        .expect("the buffers have the lengths that the window needs");
        let result = work(&mut encoder);
        self.paused = Some(encoder.pause());
        result
    }
}

#[allow(clippy::redundant_closure_for_method_calls)] // the method fits one lifetime only
impl Compress for Own {
    fn compress(&mut self, input: &mut &[u8], output: &mut [u8], flush: Flush) -> Progress {
        self.with(|encoder| encoder.compress(input, output, flush))
    }

    fn reset(&mut self) {
        self.with(|encoder| encoder.reset());
    }

    fn withdraw(&mut self) {
        self.with(|encoder| encoder.withdraw());
    }
}

/// zlib's encoder, in Rust.
#[cfg(feature = "zlib")]
pub(crate) struct Zlib {
    zlib: flate2::Compress,
    /// Output that found no room, from `at` on.
    output: Vec<u8>,
    at: usize,
    owing: bool,
}

#[cfg(feature = "zlib")]
impl Zlib {
    fn new(level: u8, bits: u8) -> Self {
        let level = flate2::Compression::new(u32::from(level.clamp(1, 9)));
        let zlib = flate2::Compress::new_with_window_bits(level, false, bits);
        Self { zlib, output: Vec::new(), at: 0, owing: false }
    }

    fn run(&mut self, input: &mut &[u8], flush: Flush) {
        /// What ends a sync flush.
        const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];
        self.output.clear();
        self.at = 0;
        let mode = match flush {
            Flush::None => flate2::FlushCompress::None,
            Flush::Sync | Flush::Message => flate2::FlushCompress::Sync,
        };
        loop {
            self.output.reserve(input.len() / 2 + 64);
            let before = self.zlib.total_in();
            // The only error is that there is nothing to do.
            let _ = self.zlib.compress_vec(input, &mut self.output, mode);
            let taken = usize::try_from(self.zlib.total_in() - before).unwrap_or(usize::MAX);
            *input = input.get(taken..).unwrap_or(&[]);
            if input.is_empty() && self.output.len() < self.output.capacity() {
                break;
            }
        }
        if flush != Flush::None && !self.output.ends_with(&TAIL) {
            // Flushed before, so it had nothing to say: an empty block all the same.
            self.output.push(0);
            self.output.extend(TAIL);
        }
        if flush == Flush::Message {
            self.output.truncate(self.output.len() - TAIL.len());
        }
    }
}

#[cfg(feature = "zlib")]
impl Compress for Zlib {
    fn compress(&mut self, input: &mut &[u8], output: &mut [u8], flush: Flush) -> Progress {
        if !self.owing {
            self.run(input, flush);
        }
        let rest = self.output.get(self.at..).unwrap_or(&[]);
        let written = rest.len().min(output.len());
        output[..written].copy_from_slice(&rest[..written]);
        self.at += written;
        self.owing = self.at < self.output.len();
        Progress { written, done: !self.owing }
    }

    fn reset(&mut self) {
        self.zlib.reset();
        self.owing = false;
    }
}
