//! Answers that may be large, written as they are made: a little is held in memory, more lies in a file that has
//! no name.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

use axum::body::{Body, Bytes};
use tempfile::{SpooledData, SpooledTempFile};
use tokio::sync::mpsc::{Sender, channel};
use tokio_stream::wrappers::ReceiverStream;

use crate::problem::Problem;

/// Bytes that are held in memory.
const HELD: usize = 4 << 20;
/// Bytes that are sent at a time.
pub(super) const PIECE: usize = 64 << 10;
/// Pieces that are made before they are taken.
const AHEAD: usize = 4;

/// An answer that is being made.
pub(super) struct Spool(SpooledTempFile);

impl Spool {
    pub(super) fn new() -> Self {
        Self(SpooledTempFile::new(HELD))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.0.write_all(bytes).map_err(|error| unwritten(&error))
    }

    /// The answer as a body.
    pub(super) fn into_body(mut self) -> Result<Body, Problem> {
        self.0.seek(SeekFrom::Start(0)).map_err(|error| unwritten(&error))?;
        match self.0.into_inner() {
            SpooledData::InMemory(held) => Ok(held.into_inner().into()),
            SpooledData::OnDisk(mut file) => Ok(body(move |give| {
                loop {
                    let mut piece = vec![0; PIECE];
                    let read = file.read(&mut piece).map_err(|error| unwritten(&error))?;
                    if read == 0 {
                        return Ok(());
                    }
                    piece.truncate(read);
                    give(piece)?;
                }
            })),
        }
    }
}

fn unwritten(error: &std::io::Error) -> Problem {
    Problem::fault(format!("the answer is put in a file for a while, which cannot be: {error}"))
        .hint("see to it that the folder for temporary files (TMPDIR) can be written and has room, or ask for less (`limit`)")
}

/// Takes a piece.
type Give<'g> = &'g mut dyn FnMut(Vec<u8>) -> Result<(), Problem>;

/// A body that is sent as it is made; where the client goes away it is made no further.
pub(super) fn body(make: impl FnOnce(Give<'_>) -> Result<(), Problem> + Send + 'static) -> Body {
    let (sender, receiver) = channel::<Result<Bytes, std::io::Error>>(AHEAD);
    tokio::task::spawn_blocking(move || {
        let send = |sender: &Sender<_>, piece| sender.blocking_send(piece);
        let made = make(&mut |piece| {
            send(&sender, Ok(piece.into())).map_err(|_| Problem::fault("the client went away"))
        });
        if let Err(problem) = made {
            // Where somebody still listens he is told that it ends too early.
            let _ = send(&sender, Err(std::io::Error::other(problem.detail)));
        }
    });
    Body::from_stream(ReceiverStream::new(receiver))
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn what_is_large_comes_whole() {
        for size in [0, 10, HELD + 3 * PIECE + 7] {
            let bytes: Vec<u8> = (0..size).map(|at| at as u8).collect();
            let mut spool = Spool::new();
            for part in bytes.chunks(10_000) {
                spool.write(part).unwrap();
            }
            let body = spool.into_body().unwrap();
            assert_eq!(body.collect().await.unwrap().to_bytes(), bytes);
        }
    }

    #[tokio::test]
    async fn what_fails_is_no_whole_answer() {
        let body = body(|give| {
            give(b"some".to_vec())?;
            Err(Problem::fault("broken"))
        });
        assert!(body.collect().await.is_err());
    }
}
