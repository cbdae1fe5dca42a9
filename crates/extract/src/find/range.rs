//! Networks and ranges of addresses.

use std::net::Ipv4Addr;

use lapwing_model::Kind;

use super::{Finder, Shape};

impl Finder<'_> {
    /// `192.0.2.1-192.0.2.9` or `192.0.2.1-9`: the networks that cover exactly this range, each
    /// standing where the range stands. Two addresses far apart are no range.
    pub(super) fn range(&mut self, start: usize, end: usize) -> bool {
        let run = self.text[start..end].trim_end_matches('.');
        let Some((head, tail)) = run.split_once('-') else { return false };
        let Ok(first) = head.parse::<Ipv4Addr>() else { return false };
        let last = if let Ok(address) = tail.parse::<Ipv4Addr>() {
            address
        } else {
            let [a, b, c, _] = first.octets();
            let Some(d) = number(tail) else { return false };
            Ipv4Addr::new(a, b, c, d)
        };
        // Small numbers may be versions, which are judged one by one.
        if first >= last
            || first.octets().iter().all(|octet| *octet < 40)
            || first.octets()[..2] != last.octets()[..2]
            || !self.is_edge(start, start + run.len())
        {
            return false;
        }
        let stop = start + run.len();
        for (network, bits) in networks(first.into(), last.into()) {
            let address = Ipv4Addr::from(network);
            let value = if bits == 32 { address.to_string() } else { format!("{address}/{bits}") };
            self.push(Kind::Ipv4Addr, value, start, stop, Shape::Plain);
        }
        true
    }

    /// `192.0.2.0/24`, with the bits behind the prefix taken off.
    pub(super) fn network(
        &mut self,
        start: usize,
        address: Ipv4Addr,
        slash: usize,
        tail: &str,
    ) -> bool {
        let end = slash + 1 + tail.len();
        let Some(bits) = number(tail).map(u32::from).filter(|bits| *bits <= 32) else {
            return false;
        };
        if !self.is_edge(start, end) {
            return false;
        }
        let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
        let network = Ipv4Addr::from(u32::from(address) & mask);
        let value = if bits == 32 { address.to_string() } else { format!("{network}/{bits}") };
        self.push(Kind::Ipv4Addr, value, start, end, Shape::Plain);
        true
    }
}

/// A number of one to three figures without a leading zero.
fn number(text: &str) -> Option<u8> {
    let plain = text.len() == 1 || !text.starts_with('0');
    (plain && (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// The fewest networks that hold `first..=last` and nothing else: address and prefix length.
fn networks(first: u32, last: u32) -> Vec<(u32, u32)> {
    let mut networks = Vec::new();
    let mut from = u64::from(first);
    while from <= u64::from(last) {
        let aligned = if from == 0 { 32 } else { from.trailing_zeros().min(32) };
        let fits = (u64::from(last) + 1 - from).ilog2();
        let size = aligned.min(fits);
        networks.push((from as u32, 32 - size));
        from += 1 << size;
    }
    networks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_exactly_its_networks() {
        let told = networks(0xc000_0201, 0xc000_0209);
        assert_eq!(
            told,
            [(0xc000_0201, 32), (0xc000_0202, 31), (0xc000_0204, 30), (0xc000_0208, 31)]
        );
        assert_eq!(networks(0xc000_0200, 0xc000_02ff), [(0xc000_0200, 24)]);
        assert_eq!(networks(0, u32::MAX), [(0, 0)]);
        assert_eq!(networks(7, 7), [(7, 32)]);
    }
}
