//! The packed tables: tab-separated rows and sorted records under zstd.

/// Unpacks one table of the binary.
///
/// The tables are part of the build and every one is opened by a test, so a table that does not
/// unpack can only be empty, never an error that a caller could act on.
pub(crate) fn unpack(packed: &[u8]) -> Vec<u8> {
    zstd::decode_all(packed).unwrap_or_default()
}

/// As [`unpack`], for a table of text.
pub(crate) fn unpack_text(packed: &[u8]) -> String {
    String::from_utf8(unpack(packed)).unwrap_or_default()
}

/// The cells of each row; a missing cell is empty.
pub(crate) fn rows<const N: usize>(text: &str) -> impl Iterator<Item = [&str; N]> {
    text.lines().map(|line| {
        let mut cells = line.split('\t');
        std::array::from_fn(|_| cells.next().unwrap_or_default())
    })
}

/// The values of a cell that holds several.
pub(crate) fn list(cell: &str, separator: char) -> Vec<String> {
    cell.split(separator).filter(|value| !value.is_empty()).map(str::to_owned).collect()
}

/// Finds the line whose first cell is `key` in lines sorted by their first cell; gives the rest.
pub(crate) fn find_line<'t>(lines: &'t str, key: &str) -> Option<&'t str> {
    let bytes = lines.as_bytes();
    let (mut low, mut high) = (0, bytes.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let start =
            bytes[low..middle].iter().rposition(|&b| b == b'\n').map_or(low, |at| low + at + 1);
        let end = bytes[start..high].iter().position(|&b| b == b'\n').map_or(high, |at| start + at);
        let (first, rest) = lines.get(start..end)?.split_once('\t')?;
        match first.as_bytes().cmp(key.as_bytes()) {
            std::cmp::Ordering::Equal => return Some(rest),
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    None
}

/// Sorted records of equal size: a key, then the number of a list.
pub(crate) struct Records<'r> {
    bytes: &'r [u8],
    size: usize,
}

impl<'r> Records<'r> {
    /// Records of `key` bytes and one more for the list.
    pub(crate) fn new(bytes: &'r [u8], key: usize) -> Self {
        Self { bytes, size: key + 1 }
    }

    fn record(&self, at: usize) -> &'r [u8] {
        self.bytes.get(at * self.size..(at + 1) * self.size).unwrap_or_default()
    }

    /// The lists that hold `key`, in their order.
    pub(crate) fn lists_of(&self, key: &[u8]) -> Vec<usize> {
        let count = self.bytes.len() / self.size;
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.record(middle) < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (low..count)
            .map(|at| self.record(at))
            .take_while(|record| record.starts_with(key))
            .filter_map(|record| record.last().copied().map(usize::from))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_line_and_no_other() {
        let lines = "a.example\t1\nb.example\t2;3\nb.example.net\t4\nz\t5\n";
        assert_eq!(find_line(lines, "a.example"), Some("1"));
        assert_eq!(find_line(lines, "b.example"), Some("2;3"));
        assert_eq!(find_line(lines, "b.example.net"), Some("4"));
        assert_eq!(find_line(lines, "z"), Some("5"));
        for absent in ["", "a", "b.example.n", "zz", "c"] {
            assert_eq!(find_line(lines, absent), None, "{absent}");
        }
        assert_eq!(find_line("", "a"), None);
    }

    #[test]
    fn finds_all_lists_of_a_record() {
        let bytes = [0, 1, 9, 0, 2, 3, 0, 2, 4, 7, 7, 1];
        let records = Records::new(&bytes, 2);
        assert_eq!(records.lists_of(&[0, 2]), [3, 4]);
        assert_eq!(records.lists_of(&[7, 7]), [1]);
        assert!(records.lists_of(&[0, 3]).is_empty());
    }
}
