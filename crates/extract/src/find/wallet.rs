//! Wallet addresses, and onion names, whose form is like them: version 3 of onion services has a checksum
//! (rend-spec-v3, section 6).

use lapwing_model::{Kind, wallet};
use sha3::{Digest, Sha3_256};

use super::{Finder, Shape};

impl Finder<'_> {
    /// A run of letters and digits that is a wallet's address; the longer ones carry a checksum.
    pub(super) fn wallet(&mut self, start: usize, end: usize) -> bool {
        let run = &self.text[start..end];
        let Some(checked) = wallet::checked(run) else { return false };
        let lower = run.to_ascii_lowercase();
        let segwit = lower.starts_with("bc1") || lower.starts_with("ltc1");
        let value = if segwit { lower } else { run.to_owned() };
        let shape = if checked { Shape::Checked } else { Shape::Plain };
        self.push(Kind::CryptocurrencyWallet, value, start, end, shape);
        true
    }
}

/// What a name under `.onion` is worth: `Checked` where version 3's checksum holds, `Plain` for
/// the shape of version 2, `None` for anything else.
pub(super) fn onion(host: &str) -> Option<Shape> {
    let label = host.strip_suffix(".onion")?.rsplit('.').next()?;
    let mut bits = 0_u16;
    let mut held = 0;
    let mut bytes = Vec::with_capacity(35);
    for byte in label.bytes() {
        let digit = match byte {
            b'a'..=b'z' => byte - b'a',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u16::from(digit);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    match bytes.len() {
        10 if label.len() == 16 => Some(Shape::Plain),
        35 if label.len() == 56 => {
            let (key, rest) = bytes.split_at(32);
            let sum = Sha3_256::new()
                .chain_update(".onion checksum")
                .chain_update(key)
                .chain_update([3])
                .finalize();
            (rest[2] == 3 && sum.starts_with(&rest[..2])).then_some(Shape::Checked)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_of_an_onion_name_holds() {
        // The address of the Tor project.
        assert_eq!(
            onion("2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion"),
            Some(Shape::Checked)
        );
        assert_eq!(onion("www.expyuzz4wqqyqhjn.onion"), Some(Shape::Plain));
        assert_eq!(onion("2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wia.onion"), None);
        assert_eq!(onion("short.onion"), None);
    }
}
