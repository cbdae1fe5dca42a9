//! The thread that holds the connection.
//!
//! The client drives an event loop of its own, which must not be started or dropped on a thread of
//! another one. On a thread that is its own, a store may be used and dropped anywhere.

use std::sync::mpsc;

use postgres::Client;

use super::address::Address;
use super::tls;
use crate::sql::error::PostgresError;

type Job = Box<dyn FnOnce(&mut Client) + Send>;

/// Hands work to the thread; the connection ends when this is dropped.
pub(super) struct Worker(mpsc::Sender<Job>);

impl Worker {
    /// Connects.
    pub(super) fn start(address: &Address) -> Result<Self, PostgresError> {
        let connector = tls::connector(address)?;
        let config = address.config.clone();
        let (give, jobs) = mpsc::channel::<Job>();
        let (tell, told) = mpsc::sync_channel(1);
        let started = std::thread::Builder::new().name("postgres".to_owned()).spawn(move || {
            let mut client = match config.connect(connector) {
                Ok(client) => client,
                Err(error) => {
                    let _ = tell.send(Err(PostgresError::from(error)));
                    return;
                }
            };
            let _ = tell.send(Ok(()));
            for job in jobs {
                job(&mut client);
            }
        });
        started.map_err(|error| PostgresError::unreachable(format!("no thread: {error}")))?;
        match told.recv() {
            Ok(Ok(())) => Ok(Self(give)),
            Ok(Err(error)) if error.code.is_some() => Err(error),
            Ok(Err(error)) => Err(PostgresError::unreachable(error.message)),
            Err(_) => Err(PostgresError::unreachable("its thread ended")),
        }
    }

    /// Does something with the connection, and waits for it.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Client) -> T + Send + 'static,
    ) -> Result<T, PostgresError> {
        let (tell, told) = mpsc::sync_channel(1);
        let job: Job = Box::new(move |client| {
            let _ = tell.send(work(client));
        });
        let gone = || PostgresError::lost("the thread of the connection ended");
        self.0.send(job).map_err(|_| gone())?;
        told.recv().map_err(|_| gone())
    }
}
