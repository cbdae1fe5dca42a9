/// What a reader gives: a document, or a named problem with a part of the input.
pub enum Item {
    /// A document with its declared claims.
    Reading(Box<lapwing_model::Reading>),
    /// Something that could not be read.
    Problem(lapwing_model::Problem),
}
/// One input, decoded.
pub struct Input<'a> {
    /// Path as given, archive members behind `!`.
    pub name: &'a str,
    /// The raw bytes.
    pub raw: &'a [u8],
    /// The text: decoded to UTF-8, byte order mark removed.
    pub text: &'a str,
}
