/// Why a form could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// A layer of the Navigator compares at most two.
    #[error("a layer of the Navigator shows one name, or two compared; {0} were given")]
    Subjects(usize),
    /// A font cannot be used.
    #[error("{name}: no TrueType or OpenType font that can be used ({why})")]
    Font {
        /// Its file.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The PDF could not be written.
    #[error("the page cannot be written as PDF: {0}")]
    Pdf(String),
    /// A value could not be written as JSON.
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}
