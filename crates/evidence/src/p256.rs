//! ECDSA over P-256 as far as it is not `aws-lc-rs`: the key's place in its DER form, and one form for each signature.

/// What stands before the 65 bytes of a point in its `SubjectPublicKeyInfo` (RFC 5480): `id-ecPublicKey` on `prime256v1`.
pub(crate) const PUBLIC: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The order of the group, from the most significant byte on (FIPS 186-5, SP 800-186).
const ORDER: Number = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// A number below 2^256, from the most significant byte on.
type Number = [u8; 32];

/// Whether a point is written without compression, which is the one way it is written here.
pub(crate) fn is_point(bytes: &[u8; 65]) -> bool {
    bytes.starts_with(&[4])
}

/// The one form of a signature: DER, and of `s` and `n - s`, which both hold, the lesser. `None` when it is no signature.
pub(crate) fn canonical(signature: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = numbers(signature)?;
    let other = negated(&s);
    let s = if other < s { other } else { s };
    let body = [integer(&r), integer(&s)].concat();
    // Two integers of at most 33 bytes: the length is one byte.
    let length = u8::try_from(body.len()).ok()?;
    Some([[0x30, length].as_slice(), &body].concat())
}

/// The two numbers of a signature in DER, both from 1 to the order, without what DER has more than one way for.
fn numbers(der: &[u8]) -> Option<(Number, Number)> {
    let [0x30, length, body @ ..] = der else { return None };
    if usize::from(*length) != body.len() {
        return None;
    }
    let (r, rest) = number(body)?;
    let (s, rest) = number(rest)?;
    rest.is_empty().then_some((r, s))
}

fn number(der: &[u8]) -> Option<(Number, &[u8])> {
    let [0x02, length, rest @ ..] = der else { return None };
    let (bytes, rest) = rest.split_at_checked(usize::from(*length))?;
    let digits = bytes.strip_prefix(&[0]).unwrap_or(bytes);
    let mut number = [0; 32];
    let from = number.len().checked_sub(digits.len())?;
    number.get_mut(from..)?.copy_from_slice(digits);
    let is_one_form = der.get(..usize::from(*length) + 2)? == integer(&number);
    (is_one_form && number != [0; 32] && number < ORDER).then_some((number, rest))
}

/// A number as an integer of DER.
fn integer(number: &Number) -> Vec<u8> {
    let digits: Vec<u8> = number.iter().copied().skip_while(|digit| *digit == 0).collect();
    // A leading bit would make it negative, and nothing at all is no number.
    let zero = digits.first().is_none_or(|digit| *digit >= 0x80);
    let length = digits.len() + usize::from(zero);
    // At most 33.
    let mut der = vec![0x02, u8::try_from(length).unwrap_or_default()];
    der.extend(zero.then_some(0));
    der.extend(digits);
    der
}

/// `n - s` for an `s` below `n`.
fn negated(s: &Number) -> Number {
    let mut borrow = 0_i16;
    let mut difference = [0; 32];
    for ((digit, n), s) in difference.iter_mut().zip(ORDER).zip(s).rev() {
        let value = i16::from(n) - i16::from(*s) - borrow;
        borrow = i16::from(value < 0);
        // From 0 to 255 by now.
        *digit = u8::try_from(value + borrow * 256).unwrap_or_default();
    }
    difference
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: u8) -> Number {
        let mut digits = [0; 32];
        digits[31] = number;
        digits
    }

    #[test]
    fn the_greater_s_becomes_the_lesser_and_the_lesser_stays() {
        let der = |r: &Number, s: &Number| {
            let body = [integer(r), integer(s)].concat();
            [[0x30, u8::try_from(body.len()).unwrap()].as_slice(), &body].concat()
        };
        let (r, s) = (negated(&of(7)), of(9));
        assert_eq!(negated(&negated(&s)), s);
        assert_eq!(canonical(&der(&r, &s)), Some(der(&r, &s)));
        assert_eq!(canonical(&der(&r, &negated(&s))), Some(der(&r, &s)));
    }

    #[test]
    fn no_other_spelling_of_two_numbers_is_read() {
        let good = [0x30, 6, 2, 1, 5, 2, 1, 6];
        assert_eq!(canonical(&good), Some(good.to_vec()));
        for bad in [
            vec![],
            vec![0x30],
            vec![0x30, 6],
            vec![0x30, 0x81, 6, 2, 1, 5, 2, 1, 6],
            vec![0x30, 7, 2, 1, 5, 2, 1, 6],
            vec![0x30, 7, 2, 1, 5, 2, 1, 6, 0],
            vec![0x30, 7, 2, 2, 0, 5, 2, 1, 6],
            vec![0x30, 6, 2, 1, 0, 2, 1, 6],
            vec![0x30, 6, 2, 1, 0x85, 2, 1, 6],
            vec![0x30, 6, 3, 1, 5, 2, 1, 6],
            vec![0x30, 5, 2, 0, 2, 1, 6],
            [[0x30, 38, 2, 33, 0].as_slice(), &ORDER, &[2, 1, 6]].concat(),
            [[0x30, 39, 2, 34, 0, 0].as_slice(), &ORDER, &[2, 1, 6]].concat(),
        ] {
            assert_eq!(canonical(&bad), None, "{bad:02x?}");
        }
    }
}
