//! The same chunks on any number of threads, from a stream and from a file.

use std::io::Write as _;

use super::*;

/// Offset, length, whole, last and line feeds of a chunk.
type Told = (u64, usize, bool, bool, usize);

fn read_all(
    reader: &mut dyn Read,
    file: Option<&File>,
    jobs: usize,
    longest: usize,
) -> (Vec<u8>, Vec<Told>) {
    let (mut all, mut whole) = (Vec::new(), Vec::new());
    let look = |text: &[u8], seen: &mut usize| {
        *seen = memchr::memchr_iter(b'\n', text).count();
    };
    read(reader, file, longest, jobs, look, |chunk| {
        assert_eq!(chunk.offset as usize, whole.len());
        whole.extend_from_slice(chunk.text());
        all.push((chunk.offset, chunk.text().len(), chunk.whole, chunk.last, chunk.seen));
    })
    .unwrap();
    (whole, all)
}

fn lines_of(text: &[u8], jobs: usize, longest: usize) -> Vec<Told> {
    let (whole, all) = read_all(&mut &*text, None, jobs, longest);
    assert!(whole == text);
    all
}

#[test]
fn chunks_are_the_same_whatever_the_number_of_threads() {
    let text: String = "a line of a log of lines\n".repeat(600_000);
    let one = lines_of(text.as_bytes(), 1, 1 << 20);
    assert!(one.len() as u64 > 2 * ALONE);
    assert_eq!(one.iter().map(|c| c.4).sum::<usize>(), 600_000);
    for jobs in [2, 7] {
        assert_eq!(lines_of(text.as_bytes(), jobs, 1 << 20), one);
    }
}

/// Lines of most different lengths, some longer than a chunk and than the limit of a line.
fn odd_lines(seed: u64, last: &str) -> Vec<u8> {
    let mut state = seed | 1;
    let mut text = Vec::new();
    while text.len() < 11 << 20 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let length = match state >> 60 {
            0 => (state >> 20) % (3 << 19),
            1..4 => (state >> 20) % (CHUNK as u64 * 2),
            _ => (state >> 20) % 9000,
        };
        text.resize(text.len() + length as usize, b'x');
        text.push(b'\n');
    }
    text.extend_from_slice(last.as_bytes());
    text
}

#[test]
fn a_file_gives_the_chunks_of_its_stream() {
    for (seed, last) in [(1, ""), (2, "no end"), (3, "\n\n")] {
        let text = odd_lines(seed, last);
        let one = lines_of(&text, 1, 1 << 20);
        assert!(one.iter().any(|chunk| !chunk.2) && one.iter().any(|chunk| chunk.1 > CHUNK));
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&text).unwrap();
        for jobs in [1, 2, 5] {
            assert_eq!(lines_of(&text, jobs, 1 << 20), one, "{seed} on {jobs}");
            let (whole, all) = read_all(&mut &text[..], Some(&file), jobs, 1 << 20);
            assert!(whole == text);
            assert_eq!(all, one, "{seed} on {jobs}");
        }
    }
}

#[test]
fn of_a_file_that_is_cut_while_it_is_read_the_beginning_is_told() {
    let text = odd_lines(7, "");
    for left in [5 << 20, (9 << 20) + 77, text.len() as u64 - 1] {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&text).unwrap();
        let mut whole = Vec::new();
        let result = read(
            &mut &text[..],
            Some(&file),
            1 << 20,
            3,
            |_, (): &mut ()| {},
            |chunk| {
                if chunk.offset > 4 << 20 {
                    file.set_len(left).unwrap();
                }
                assert_eq!(chunk.offset as usize, whole.len());
                whole.extend_from_slice(chunk.text());
            },
        );
        assert!(result.is_ok());
        assert!(text.starts_with(&whole) && whole.len() > 4 << 20, "{}", whole.len());
    }
}

#[test]
fn a_line_longer_than_the_limit_comes_in_pieces() {
    let long = vec![b'x'; 12 << 20];
    let pieces = lines_of(&long, 2, 1 << 20);
    assert!(pieces.iter().rev().skip(1).all(|p| !p.2 && p.1 >= 1 << 20), "{pieces:?}");
    assert_eq!(lines_of(b"", 1, 10), []);
    assert_eq!(lines_of(b"no end", 1, 10).len(), 1);
}

#[test]
fn an_error_comes_after_what_stands_before() {
    struct Breaks(usize);
    impl Read for Breaks {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or_else(|| io::Error::other("gone"))?;
            to.fill(b'\n');
            Ok(to.len())
        }
    }
    for jobs in [1, 2] {
        let mut bytes = 0;
        let result = read(
            &mut Breaks(40),
            None,
            1 << 20,
            jobs,
            |_, (): &mut ()| {},
            |chunk| {
                bytes += chunk.text().len();
            },
        );
        assert!(result.is_err());
        assert_eq!(bytes, 40 * CHUNK, "{jobs}");
    }
}

#[test]
fn a_line_without_end_is_cut_between_words() {
    let text = "192.0.2.66 and evil.example, ".repeat(200_000);
    for jobs in [1, 3] {
        let mut pieces = 0;
        let look = |_: &[u8], (): &mut ()| {};
        read(&mut text.as_bytes(), None, 1 << 20, jobs, look, |chunk| {
            pieces += 1;
            assert!(
                chunk.text().starts_with(b"192.0")
                    || chunk.text().starts_with(b"and")
                    || chunk.text().starts_with(b"evil")
            );
        })
        .unwrap();
        assert!(pieces > 3);
    }
}
