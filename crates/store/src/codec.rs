//! Compact bytes of what is stored by the million: numbers as LEB128, texts with their length.

use std::io::Read;

use lapwing_model::PartialDate;

use crate::error::Fault;

/// Compression level: zstd's default, at which reports shrink to a quarter at disk speed.
const LEVEL: i32 = 3;

/// Compresses bytes for keeping.
pub(crate) fn pack(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    zstd::bulk::compress(bytes, LEVEL).map_err(|e| Fault::damaged(format!("cannot compress: {e}")))
}

/// Expands bytes made by [`pack`]; `size` is how many they were, and no more are made of them.
pub(crate) fn unpack(packed: &[u8], size: i64) -> Result<Vec<u8>, Fault> {
    let broken = |e: std::io::Error| Fault::damaged(format!("compressed content: {e}"));
    let size = u64::try_from(size).map_err(|_| Fault::damaged("a negative size"))?;
    let mut bytes = Vec::new();
    let stream = zstd::stream::read::Decoder::new(packed).map_err(broken)?;
    stream.take(size.saturating_add(1)).read_to_end(&mut bytes).map_err(broken)?;
    if bytes.len() as u64 == size {
        Ok(bytes)
    } else {
        Err(Fault::damaged("compressed content has not the size that is noted"))
    }
}

/// A date as a number that sorts as the date: `20210302`, with zeros for what is not known.
pub(crate) fn date_number(date: PartialDate) -> i64 {
    let part = |part: Option<u8>| i64::from(part.unwrap_or(0));
    i64::from(date.year()) * 10_000 + part(date.month()) * 100 + part(date.day())
}

/// The date of a number made by [`date_number`].
pub(crate) fn date_of(number: i64) -> Result<PartialDate, Fault> {
    let bad = || Fault::damaged(format!("{number} is no date"));
    let part = |n: i64| u8::try_from(n % 100).ok().filter(|n| *n > 0);
    let year = i16::try_from(number / 10_000).map_err(|_| bad())?;
    PartialDate::new(year, part(number / 100), part(number)).map_err(|_| bad())
}

/// Steps of a share between 0 and 1.
const SHARES: f64 = 10_000.0;

/// Writes values one after the other.
#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub(crate) fn float(&mut self, float: f64) {
        self.0.extend_from_slice(&float.to_le_bytes());
    }

    /// A number that is mostly one of four decimals, as shares are: in two bytes then, else in nine.
    pub(crate) fn share(&mut self, share: f64) {
        let scaled = (share * SHARES).round();
        let exact = (scaled / SHARES).to_bits() == share.to_bits();
        if exact && share.is_sign_positive() && scaled <= SHARES * 100.0 {
            self.number(scaled as u64 + 1);
        } else {
            self.number(0);
            self.float(share);
        }
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn optional_text(&mut self, text: Option<&str>) {
        self.number(u64::from(text.is_some()));
        if let Some(text) = text {
            self.text(text);
        }
    }

    pub(crate) fn date(&mut self, date: Option<PartialDate>) {
        self.number(date.map_or(0, date_number) as u64);
    }

    pub(crate) fn id(&mut self, id: [u8; 16]) {
        self.0.extend_from_slice(&id);
    }
}

/// Reads what a [`Writer`] wrote; every broken byte is an error, none a panic.
pub(crate) struct Reader<'b>(pub(crate) &'b [u8]);

impl<'b> Reader<'b> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'b [u8], Fault> {
        let (head, tail) =
            self.0.split_at_checked(count).ok_or_else(|| Fault::damaged("a row ends too early"))?;
        self.0 = tail;
        Ok(head)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Fault> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Fault::damaged("a number of too many bytes"))
    }

    pub(crate) fn small<T: TryFrom<u64>>(&mut self) -> Result<T, Fault> {
        T::try_from(self.number()?).map_err(|_| Fault::damaged("a number out of range"))
    }

    pub(crate) fn float(&mut self) -> Result<f64, Fault> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(self.take(8)?);
        Ok(f64::from_le_bytes(bytes))
    }

    pub(crate) fn share(&mut self) -> Result<f64, Fault> {
        match self.number()? {
            0 => self.float(),
            steps => Ok((steps - 1) as f64 / SHARES),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, Fault> {
        let count = self.small()?;
        let bytes = self.take(count)?.to_vec();
        String::from_utf8(bytes).map_err(|_| Fault::damaged("a text that is no UTF-8"))
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<String>, Fault> {
        if self.number()? == 0 { Ok(None) } else { self.text().map(Some) }
    }

    pub(crate) fn date(&mut self) -> Result<Option<PartialDate>, Fault> {
        match self.number()? {
            0 => Ok(None),
            n => date_of(i64::try_from(n).unwrap_or(0)).map(Some),
        }
    }

    pub(crate) fn id(&mut self) -> Result<[u8; 16], Fault> {
        let mut id = [0; 16];
        id.copy_from_slice(self.take(16)?);
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(n in any::<u64>(), f in -1e9f64..1e9, t in ".{0,20}") {
            let mut to = Writer::default();
            to.number(n);
            to.float(f);
            for share in [f, n as f64 / SHARES, (n % 10_001) as f64 / SHARES] {
                to.share(share);
            }
            to.optional_text(Some(&t));
            let mut from = Reader(&to.0);
            prop_assert_eq!(from.number().unwrap(), n);
            prop_assert_eq!(from.float().unwrap().to_bits(), f.to_bits());
            for share in [f, n as f64 / SHARES, (n % 10_001) as f64 / SHARES] {
                prop_assert_eq!(from.share().unwrap().to_bits(), share.to_bits());
            }
            prop_assert_eq!(from.optional_text().unwrap(), Some(t));
            prop_assert!(from.is_empty());
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut from = Reader(&bytes);
            while from.optional_text().is_ok() && from.date().is_ok() && from.id().is_ok() {}
            let _ = unpack(&bytes, 100);
        }
    }

    #[test]
    fn a_share_of_few_decimals_takes_two_bytes_and_any_number_comes_back() {
        let bytes = |share: f64| {
            let mut to = Writer::default();
            to.share(share);
            assert_eq!(Reader(&to.0).share().unwrap().to_bits(), share.to_bits(), "{share}");
            to.0.len()
        };
        assert_eq!([0.0, 0.5, 0.9, 0.0123, 1.0].map(bytes), [1, 2, 2, 1, 2]);
        for odd in [-0.0, -0.5, 1.0 / 3.0, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert_eq!(bytes(odd), 9, "{odd}");
        }
    }

    #[test]
    fn dates_keep_what_is_not_known() {
        for text in ["2021", "2021-03", "2021-03-02", "0001"] {
            let date: PartialDate = text.parse().unwrap();
            assert_eq!(date_of(date_number(date)).unwrap(), date);
        }
        assert!(date_of(-5).is_err());
        assert!(date_of(20_211_300).is_err());
    }

    #[test]
    fn packed_bytes_of_another_size_are_damaged() {
        let packed = pack(b"some text").unwrap();
        assert_eq!(unpack(&packed, 9).unwrap(), b"some text");
        assert!(unpack(&packed, 8).is_err());
        assert!(unpack(&packed, i64::MAX).is_err());
    }
}
