use std::io::Read;
use std::path::Path;

use lapwing_model::Format;

use crate::{Item, Options};

/// Reads a file, a folder (sorted, recursive) or an archive.
pub fn read_path(_path: &Path, _options: &Options, _out: &mut dyn FnMut(Item)) {}

/// Reads a stream, as standard input.
pub fn read_stream(
    _name: &str,
    _reader: &mut dyn Read,
    _options: &Options,
    _out: &mut dyn FnMut(Item),
) {
}

/// Reads bytes at hand.
pub fn read_bytes(_name: &str, _bytes: &[u8], _options: &Options, _out: &mut dyn FnMut(Item)) {}

/// Tells the format of bytes by their content; the name only breaks ties.
pub fn detect(_name: &str, _bytes: &[u8]) -> Option<Format> {
    None
}
