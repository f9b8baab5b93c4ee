//! A plain inflater (RFC 1951) that refuses what zlib would let pass: distances beyond a limit of any size.

use std::{vec, vec::Vec};

/// How many blocks of each kind a stream had: stored, fixed, dynamic.
pub type Kinds = [usize; 3];

/// Inflates a message whose tail is removed, onto the bytes before it. No match may reach beyond `max_distance`, nor
/// beyond the start of `bytes`.
pub fn inflate(
    message: &[u8],
    bytes: &mut Vec<u8>,
    max_distance: usize,
) -> Result<Kinds, &'static str> {
    let mut input = message.to_vec();
    input.extend([0, 0, 0xFF, 0xFF]);
    let mut reader = Reader { input: &input, at: 0 };
    let mut kinds = [0; 3];
    while reader.at < input.len() * 8 {
        if reader.bits(1)? == 1 {
            return Err("final block");
        }
        let kind = reader.bits(2)?;
        *kinds.get_mut(kind).ok_or("no such kind")? += 1;
        match kind {
            0 => stored(&mut reader, bytes)?,
            1 => {
                let mut literals = [8; 288];
                literals[144..256].fill(9);
                literals[256..280].fill(7);
                coded(
                    &mut reader,
                    bytes,
                    max_distance,
                    &Codes::new(&literals),
                    &Codes::new(&[5; 32]),
                )?;
            }
            _ => {
                let (literals, distances) = trees(&mut reader)?;
                coded(&mut reader, bytes, max_distance, &literals, &distances)?;
            }
        }
    }
    kinds[0] -= 1; // the tail
    Ok(kinds)
}

struct Reader<'a> {
    input: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn bits(&mut self, count: usize) -> Result<usize, &'static str> {
        (0..count).try_fold(0, |value, bit| {
            let byte = self.input.get(self.at / 8).ok_or("end of input")?;
            let read = usize::from(byte >> (self.at % 8) & 1);
            self.at += 1;
            Ok(value | read << bit)
        })
    }

    /// Reads one symbol: codes of one length are consecutive numbers.
    fn symbol(&mut self, codes: &Codes) -> Result<usize, &'static str> {
        let (mut code, mut first, mut before) = (0, 0, 0);
        for count in &codes.counts[1..] {
            code = code << 1 | self.bits(1)?;
            first <<= 1;
            if code < first + count {
                return Ok(codes.symbols[before + code - first]);
            }
            first += count;
            before += count;
        }
        Err("no such code")
    }
}

/// How many codes have each length, and their symbols by length.
struct Codes {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Codes {
    fn new(lengths: &[u8]) -> Self {
        let mut counts = [0; 16];
        lengths.iter().for_each(|length| counts[usize::from(*length)] += 1);
        let mut symbols: Vec<_> =
            (0..lengths.len()).filter(|symbol| lengths[*symbol] > 0).collect();
        symbols.sort_by_key(|symbol| lengths[*symbol]);
        Self { counts, symbols }
    }

    fn is_complete(&self) -> bool {
        (1..16).map(|length| self.counts[length] << (15 - length)).sum::<usize>() == 1 << 15
    }
}

fn stored(reader: &mut Reader, bytes: &mut Vec<u8>) -> Result<(), &'static str> {
    reader.at = reader.at.next_multiple_of(8);
    let (length, check) = (reader.bits(16)?, reader.bits(16)?);
    if length != check ^ 0xFFFF {
        return Err("length of a stored block");
    }
    for _ in 0..length {
        bytes.push(reader.bits(8)? as u8);
    }
    Ok(())
}

fn trees(reader: &mut Reader) -> Result<(Codes, Codes), &'static str> {
    let (literals, distances, runs) =
        (reader.bits(5)? + 257, reader.bits(5)? + 1, reader.bits(4)? + 4);
    let mut code = [0u8; 19];
    for symbol in
        [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15].into_iter().take(runs)
    {
        code[symbol] = reader.bits(3)? as u8;
    }
    let code = Codes::new(&code);
    let mut lengths = vec![];
    while lengths.len() < literals + distances {
        let (length, count) = match reader.symbol(&code)? {
            16 => (*lengths.last().ok_or("nothing to repeat")?, 3 + reader.bits(2)?),
            17 => (0, 3 + reader.bits(3)?),
            18 => (0, 11 + reader.bits(7)?),
            length => (length as u8, 1),
        };
        lengths.extend(std::iter::repeat_n(length, count));
    }
    if lengths.len() != literals + distances || literals > 286 || distances > 30 {
        return Err("too many lengths");
    }
    let distances = Codes::new(&lengths.split_off(literals));
    let literals = Codes::new(&lengths);
    if !(code.is_complete() && literals.is_complete() && distances.is_complete()) {
        return Err("a code that is not complete");
    }
    Ok((literals, distances))
}

fn coded(
    reader: &mut Reader,
    bytes: &mut Vec<u8>,
    max: usize,
    literals: &Codes,
    distances: &Codes,
) -> Result<(), &'static str> {
    loop {
        let symbol = reader.symbol(literals)?;
        let length = match symbol {
            0..=255 => {
                bytes.push(symbol as u8);
                continue;
            }
            256 => return Ok(()),
            257..=264 => symbol - 254,
            285 => 258,
            286.. => return Err("no such length"),
            _ => {
                let extra = (symbol - 261) / 4;
                ((4 + (symbol - 261) % 4) << extra) + 3 + reader.bits(extra)?
            }
        };
        let symbol = reader.symbol(distances)?;
        let distance = if symbol < 4 {
            symbol + 1
        } else {
            let extra = symbol / 2 - 1;
            ((2 + symbol % 2) << extra) + 1 + reader.bits(extra)?
        };
        if distance > max {
            return Err("distance beyond the window");
        }
        let start = bytes.len().checked_sub(distance).ok_or("distance beyond the first byte")?;
        for at in start..start + length {
            bytes.push(bytes[at]);
        }
    }
}
