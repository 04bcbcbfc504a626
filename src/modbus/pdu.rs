//! Requests and the data of replies.
#![forbid(unsafe_code)]

use super::adu::Reply;

pub const READ_COILS: u8 = 1;
pub const READ_DISCRETE_INPUTS: u8 = 2;
pub const READ_HOLDING_REGISTERS: u8 = 3;
pub const READ_INPUT_REGISTERS: u8 = 4;
pub const WRITE_SINGLE_COIL: u8 = 5;
pub const WRITE_SINGLE_REGISTER: u8 = 6;
pub const WRITE_MULTIPLE_COILS: u8 = 15;
pub const WRITE_MULTIPLE_REGISTERS: u8 = 16;

/// Most coils or inputs a request may read.
pub const MAX_READ_BITS: u16 = 2000;
/// Most registers a request may read.
pub const MAX_READ_REGISTERS: u16 = 125;
const MAX_WRITE_BITS: u16 = 1968;
const MAX_WRITE_REGISTERS: u16 = 123;

const ILLEGAL_FUNCTION: u8 = 1;
const ILLEGAL_VALUE: u8 = 3;
/// The program's answer makes no sense.
pub const DEVICE_FAILURE: u8 = 4;

/// A request that is in order.
#[derive(Debug, PartialEq, Eq)]
pub struct Request<'a> {
    pub function: u8,
    pub address: u16,
    pub quantity: u16,
    pub values: Values<'a>,
}

/// The values that a request brings.
#[derive(Debug, PartialEq, Eq)]
pub enum Values<'a> {
    /// None: it asks for them.
    Wanted,
    Coil(bool),
    Register(u16),
    /// Eight to a byte, the lowest bit first.
    Coils(&'a [u8]),
    /// Big-endian.
    Registers(&'a [u8]),
}

/// Reads a request; the error is an exception code. Sizes must be exact.
pub fn parse(pdu: &[u8]) -> Result<Request<'_>, u8> {
    let Some((&function, data)) = pdu.split_first() else {
        return Err(ILLEGAL_FUNCTION);
    };
    if !matches!(function, READ_COILS..=WRITE_SINGLE_REGISTER)
        && !matches!(function, WRITE_MULTIPLE_COILS | WRITE_MULTIPLE_REGISTERS)
    {
        return Err(ILLEGAL_FUNCTION);
    }
    let &[a0, a1, b0, b1, ref rest @ ..] = data else {
        return Err(ILLEGAL_VALUE);
    };
    let word = u16::from_be_bytes([b0, b1]);
    let (quantity, values) = match function {
        READ_COILS | READ_DISCRETE_INPUTS => (word, wanted(word, MAX_READ_BITS, rest)),
        READ_HOLDING_REGISTERS | READ_INPUT_REGISTERS => {
            (word, wanted(word, MAX_READ_REGISTERS, rest))
        }
        WRITE_SINGLE_COIL => (1, coil(word).filter(|_| rest.is_empty())),
        WRITE_SINGLE_REGISTER => (1, Some(Values::Register(word)).filter(|_| rest.is_empty())),
        WRITE_MULTIPLE_COILS => {
            let size = usize::from(word).div_ceil(8);
            let list = list(rest, size).filter(|_| (1..=MAX_WRITE_BITS).contains(&word));
            (word, list.map(Values::Coils))
        }
        _ => {
            let size = usize::from(word) * 2;
            let list = list(rest, size).filter(|_| (1..=MAX_WRITE_REGISTERS).contains(&word));
            (word, list.map(Values::Registers))
        }
    };
    Ok(Request {
        function,
        address: u16::from_be_bytes([a0, a1]),
        quantity,
        values: values.ok_or(ILLEGAL_VALUE)?,
    })
}

fn wanted(quantity: u16, max: u16, rest: &[u8]) -> Option<Values<'static>> {
    (rest.is_empty() && (1..=max).contains(&quantity)).then_some(Values::Wanted)
}

fn coil(word: u16) -> Option<Values<'static>> {
    match word {
        0xff00 => Some(Values::Coil(true)),
        0 => Some(Values::Coil(false)),
        _ => None,
    }
}

/// A list of `size` bytes behind a byte that says so.
fn list(rest: &[u8], size: usize) -> Option<&[u8]> {
    let (&count, list) = rest.split_first()?;
    (usize::from(count) == size && list.len() == size).then_some(list)
}

/// The value of bit `i`, the lowest bit of the first byte being 0.
pub fn bit(list: &[u8], i: usize) -> bool {
    list.get(i / 8).is_some_and(|byte| byte >> (i % 8) & 1 != 0)
}

impl Reply {
    pub fn exception(&mut self, function: u8, code: u8) {
        self.push(&[function | 0x80, code]);
    }

    /// The answer to reading at most [`MAX_READ_BITS`].
    pub fn bits(&mut self, function: u8, bits: &[u8]) {
        self.push(&[function, bits.len().div_ceil(8) as u8]);
        for eight in bits.chunks(8) {
            let byte = eight
                .iter()
                .rev()
                .fold(0, |byte, bit| byte << 1 | u8::from(*bit != 0));
            self.push(&[byte]);
        }
    }

    /// The answer to reading at most [`MAX_READ_REGISTERS`].
    pub fn registers(&mut self, function: u8, registers: impl ExactSizeIterator<Item = u16>) {
        self.push(&[function, (registers.len() * 2) as u8]);
        for register in registers {
            self.push(&register.to_be_bytes());
        }
    }

    /// The answer to writing: an address, and a value or a quantity.
    pub fn written(&mut self, function: u8, address: u16, word: u16) {
        let ([a0, a1], [b0, b1]) = (address.to_be_bytes(), word.to_be_bytes());
        self.push(&[function, a0, a1, b0, b1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ok(
        function: u8,
        address: u16,
        quantity: u16,
        values: Values<'_>,
    ) -> Result<Request<'_>, u8> {
        Ok(Request {
            function,
            address,
            quantity,
            values,
        })
    }

    fn quantity_of(pdu: &[u8]) -> Result<u16, u8> {
        parse(pdu).map(|request| request.quantity)
    }

    #[test]
    fn requests() {
        assert_eq!(parse(&[1, 0, 16, 7, 208]), ok(1, 16, 2000, Values::Wanted));
        assert_eq!(parse(&[4, 0, 16, 0, 125]), ok(4, 16, 125, Values::Wanted));
        assert_eq!(parse(&[5, 1, 2, 255, 0]), ok(5, 258, 1, Values::Coil(true)));
        assert_eq!(parse(&[5, 1, 2, 0, 0]), ok(5, 258, 1, Values::Coil(false)));
        assert_eq!(
            parse(&[6, 1, 2, 18, 52]),
            ok(6, 258, 1, Values::Register(0x1234))
        );
        assert_eq!(
            parse(&[15, 0, 35, 0, 10, 2, 85, 1]),
            ok(15, 35, 10, Values::Coils(&[85, 1]))
        );
        assert_eq!(
            parse(&[16, 0, 38, 0, 1, 2, 10, 11]),
            ok(16, 38, 1, Values::Registers(&[10, 11]))
        );
    }

    #[test]
    fn quantities_have_limits() {
        for (function, max) in [(1, 2000u16), (2, 2000), (3, 125), (4, 125)] {
            for (quantity, expected) in [
                (0, Err(3)),
                (1, Ok(1)),
                (max, Ok(max)),
                (max + 1, Err(3)),
                (65535, Err(3)),
            ] {
                let [q0, q1] = quantity.to_be_bytes();
                assert_eq!(
                    quantity_of(&[function, 0, 0, q0, q1]),
                    expected,
                    "{function} {quantity}"
                );
            }
        }
        let list = |function: u8, quantity: u16, size: usize| {
            let [q0, q1] = quantity.to_be_bytes();
            let mut pdu = vec![function, 0, 0, q0, q1, size as u8];
            pdu.resize(6 + size, 0);
            quantity_of(&pdu)
        };
        assert_eq!(list(15, 1968, 246), Ok(1968));
        assert_eq!(list(15, 1969, 247), Err(3));
        assert_eq!(list(15, 0, 0), Err(3));
        assert_eq!(list(15, 9, 1), Err(3));
        assert_eq!(list(16, 123, 246), Ok(123));
        assert_eq!(list(16, 124, 248), Err(3));
        assert_eq!(list(16, 128, 0), Err(3));
        assert_eq!(list(16, 0, 0), Err(3));
    }

    #[test]
    fn sizes_are_exact() {
        let good: [&[u8]; 4] = [
            &[1, 0, 0, 0, 1],
            &[5, 0, 0, 0, 0],
            &[15, 0, 0, 0, 1, 1, 1],
            &[16, 0, 0, 0, 1, 2, 1, 1],
        ];
        for pdu in good {
            assert!(parse(pdu).is_ok());
            for n in 1..pdu.len() {
                assert_eq!(parse(&pdu[..n]), Err(3), "{pdu:?} {n}");
            }
            assert_eq!(parse(&[pdu, &[0]].concat()), Err(3), "{pdu:?}");
        }
        assert_eq!(parse(&[5, 0, 0, 0x12, 0x34]), Err(3));
    }

    #[test]
    fn other_functions_are_illegal_whatever_follows() {
        for function in (0..=255).filter(|f| !matches!(f, 1..=6 | 15 | 16)) {
            assert_eq!(parse(&[function]), Err(1));
            assert_eq!(parse(&[function, 0, 0, 0, 1]), Err(1));
        }
        assert_eq!(parse(&[]), Err(1));
    }

    proptest! {
        #[test]
        fn bits_come_back(bits in prop::collection::vec(0u8..2, 1..=2000)) {
            let mut reply = Reply::to([0; 7]);
            reply.bits(1, &bits);
            let frame = reply.finish();
            prop_assert_eq!(frame.len(), 9 + bits.len().div_ceil(8));
            for (i, b) in bits.iter().enumerate() {
                prop_assert_eq!(bit(&frame[9..], i), *b == 1);
            }
        }

        #[test]
        fn any_bytes_parse(pdu in prop::collection::vec(any::<u8>(), 0..260)) {
            if let Ok(request) = parse(&pdu) {
                prop_assert!((1..=MAX_READ_BITS).contains(&request.quantity));
            }
        }
    }
}
