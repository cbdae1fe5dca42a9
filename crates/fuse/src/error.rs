/// Bytes that are no trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FuseError {
    /// Written by another version of the format.
    #[error("the trace has version {0}, this program reads version {expected}", expected = crate::trace::VERSION)]
    Version(u8),
    /// Too short, too long, or not what the format says.
    #[error("the trace is damaged: {0}")]
    Damaged(&'static str),
}
