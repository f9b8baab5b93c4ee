//! DEFLATE (RFC 1951) as messages use it (RFC 7692 §7.2.2), decoded a bit at a time with all the
//! memory that it likes, from the beginning each time.

/// What a message became.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// These bytes.
    Bytes(Vec<u8>),
    /// It is no DEFLATE, or refers to more than the window.
    Invalid,
    /// It is more than was asked for.
    TooMuch,
    /// It has a code that says less than it could, about which decoders differ.
    Odd,
}

/// What a message becomes, without its tail, after `history`; matches reach back at most `window`
/// bytes.
pub fn inflate(message: &[u8], history: &[u8], window: usize, most: usize) -> Outcome {
    let mut decoder = Decoder {
        bytes: [message, &[0, 0, 0xFF, 0xFF]].concat(),
        own: message.len() * 8,
        at: 0,
        out: history.to_vec(),
        history: history.len(),
        window,
        most,
    };
    match decoder.run() {
        Ok(()) => Outcome::Bytes(decoder.out.split_off(decoder.history)),
        Err(outcome) => outcome,
    }
}

struct Decoder {
    bytes: Vec<u8>,
    /// How many bits of them are the message's.
    own: usize,
    at: usize,
    out: Vec<u8>,
    history: usize,
    window: usize,
    most: usize,
}

const LENGTHS: [(usize, u32); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];

const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

impl Decoder {
    fn run(&mut self) -> Result<(), Outcome> {
        while self.at < self.bytes.len() * 8 {
            let is_final = self.bits(1)? == 1;
            match self.bits(2)? {
                0 => self.stored()?,
                1 => {
                    let literals: Vec<u8> = (0..288)
                        .map(|symbol| match symbol {
                            0..144 => 8,
                            144..256 => 9,
                            256..280 => 7,
                            _ => 8,
                        })
                        .collect();
                    self.block(&Code::new(&literals)?, &Code::new(&[5; 32])?)?;
                }
                2 => self.dynamic()?,
                _ => return Err(Outcome::Invalid),
            }
            if is_final {
                self.at = self.at.next_multiple_of(8);
                if self.at == self.own {
                    return Ok(()); // a final block may end the message, without a tail
                }
            }
        }
        Ok(())
    }

    fn bits(&mut self, count: u32) -> Result<usize, Outcome> {
        let mut value = 0;
        for index in 0..count {
            let byte = self.bytes.get(self.at / 8).ok_or(Outcome::Invalid)?;
            value |= usize::from(byte >> (self.at % 8) & 1) << index;
            self.at += 1;
        }
        Ok(value)
    }

    fn put(&mut self, byte: u8) -> Result<(), Outcome> {
        if self.at > self.own {
            return Err(Outcome::Invalid); // made of the tail
        }
        self.out.push(byte);
        if self.out.len() - self.history > self.most { Err(Outcome::TooMuch) } else { Ok(()) }
    }

    fn stored(&mut self) -> Result<(), Outcome> {
        self.at = self.at.next_multiple_of(8);
        let (length, inverse) = (self.bits(16)?, self.bits(16)?);
        if length != inverse ^ 0xFFFF {
            return Err(Outcome::Invalid);
        }
        for _ in 0..length {
            let byte = self.bits(8)? as u8;
            self.put(byte)?;
        }
        Ok(())
    }

    fn dynamic(&mut self) -> Result<(), Outcome> {
        let literals = self.bits(5)? + 257;
        let distances = self.bits(5)? + 1;
        let count = self.bits(4)? + 4;
        let mut lengths = [0; 19];
        for slot in &ORDER[..count] {
            lengths[*slot] = self.bits(3)? as u8;
        }
        let code = Code::new(&lengths)?;
        let mut lengths = Vec::new();
        while lengths.len() < literals + distances {
            let (value, times) = match self.symbol(&code)? {
                16 => (*lengths.last().ok_or(Outcome::Invalid)?, 3 + self.bits(2)?),
                17 => (0, 3 + self.bits(3)?),
                18 => (0, 11 + self.bits(7)?),
                length => (length as u8, 1),
            };
            lengths.extend(std::iter::repeat_n(value, times));
        }
        if lengths.len() > literals + distances || literals > 286 || distances > 30 {
            // Two symbols that mean nothing can have codes, which decoders forbid or ignore.
            return Err(if lengths.len() > literals + distances {
                Outcome::Invalid
            } else {
                Outcome::Odd
            });
        }
        let (literals, distances) = lengths.split_at(literals);
        if literals[256] == 0 {
            return Err(Outcome::Odd);
        }
        self.block(&Code::new(literals)?, &Code::new(distances)?)
    }

    fn block(&mut self, literals: &Code, distances: &Code) -> Result<(), Outcome> {
        loop {
            match self.symbol(literals)? {
                byte @ 0..256 => self.put(byte as u8)?,
                256 => return Ok(()),
                symbol => {
                    let (base, extra) = *LENGTHS.get(symbol - 257).ok_or(Outcome::Invalid)?;
                    let length = base + self.bits(extra)?;
                    let distance = match self.symbol(distances)? {
                        near @ 0..4 => 1 + near,
                        far @ 4..30 => {
                            let extra = far as u32 / 2 - 1;
                            1 + ((2 + far % 2) << extra) + self.bits(extra)?
                        }
                        _ => return Err(Outcome::Invalid),
                    };
                    if distance > self.window.min(self.out.len()) {
                        return Err(Outcome::Invalid);
                    }
                    for _ in 0..length {
                        self.put(self.out[self.out.len() - distance])?;
                    }
                }
            }
        }
    }

    fn symbol(&mut self, code: &Code) -> Result<usize, Outcome> {
        let (mut value, mut first, mut index) = (0, 0, 0);
        for count in &code.counts[1..] {
            value |= self.bits(1)?;
            if value < first + count {
                return Ok(code.symbols[index + value - first]);
            }
            index += count;
            first = (first + count) << 1;
            value <<= 1;
        }
        Err(Outcome::Invalid)
    }
}

/// A Huffman code: how many symbols have each length, and the symbols in the order of their codes.
struct Code {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[u8]) -> Result<Self, Outcome> {
        let mut counts = [0; 16];
        lengths.iter().for_each(|length| counts[usize::from(*length)] += 1);
        counts[0] = 0;
        let mut symbols: Vec<usize> = (0..lengths.len()).filter(|at| lengths[*at] > 0).collect();
        symbols.sort_by_key(|at| (lengths[*at], *at));
        let used: usize = (1..16).map(|length| counts[length] << (15 - length)).sum();
        match used.cmp(&(1 << 15)) {
            std::cmp::Ordering::Greater => Err(Outcome::Invalid),
            std::cmp::Ordering::Less => Err(Outcome::Odd),
            std::cmp::Ordering::Equal => Ok(Self { counts, symbols }),
        }
    }
}
