//! Who did, saw and exported what. A thread of its own writes, so that nobody who reads waits
//! for the disk, or for an import that holds the store.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use lapwing_engine::store::{AuditEntry, Store, StoreError};
use tokio::sync::{mpsc, oneshot};

/// Lines that may wait to be written; then who makes more waits too.
const QUEUE: usize = 8192;
/// Lines of one transaction.
const BATCH: usize = 512;
/// How long a line that must be kept is waited for: a long import may hold the store. It stands
/// in the server's log at once, and is kept as soon as the store is free.
const PATIENCE: Duration = Duration::from_secs(2);
/// Rest between tries while the store is held by others.
const REST: Duration = Duration::from_millis(200);

type Line = (AuditEntry, Option<oneshot::Sender<()>>);

/// The audit log of a running server.
pub(crate) struct Audit {
    queue: Mutex<Option<mpsc::Sender<Line>>>,
    patience: Duration,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Audit {
    pub(crate) fn start(path: &Path, patience: Duration) -> std::io::Result<Self> {
        let (send, lines) = mpsc::channel(QUEUE);
        let path = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || keep_all(&path, lines))?;
        Ok(Self {
            queue: Mutex::new(Some(send)),
            patience: patience.min(PATIENCE),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Keeps a line; with `surely`, returns only when it is on disk or the store is held.
    pub(crate) async fn keep(&self, entry: AuditEntry, surely: bool) {
        tracing::info!(
            target: "audit",
            who = entry.who,
            key = entry.key,
            from = entry.address,
            method = entry.method,
            route = entry.route,
            what = entry.what,
            status = entry.status,
            outcome = entry.outcome,
        );
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(queue) = queue else { return };
        let (tell, told) = oneshot::channel();
        if queue.send((entry, surely.then_some(tell))).await.is_ok() && surely {
            let _ = tokio::time::timeout(self.patience, told).await;
        }
    }

    /// Writes what waits, and ends.
    pub(crate) fn end(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

fn keep_all(path: &Path, mut lines: mpsc::Receiver<Line>) {
    let mut store: Option<Store> = None;
    let mut batch: Vec<AuditEntry> = Vec::new();
    let mut waiting = Vec::new();
    while let Some((entry, tell)) = lines.blocking_recv() {
        batch.push(entry);
        waiting.extend(tell);
        while batch.len() < BATCH
            && let Ok((entry, tell)) = lines.try_recv()
        {
            batch.push(entry);
            waiting.extend(tell);
        }
        keep_batch(path, &mut store, &batch, &lines);
        batch.clear();
        for tell in waiting.drain(..) {
            // Who asked may have given up waiting.
            let _ = tell.send(());
        }
    }
}

/// Writes one batch, as often as it takes; gives up when the store cannot be written at all, or
/// when the server ends while it is held.
fn keep_batch(
    path: &Path,
    store: &mut Option<Store>,
    batch: &[AuditEntry],
    lines: &mpsc::Receiver<Line>,
) {
    for tries in 0_u32.. {
        let kept = match store.take() {
            Some(open) => Ok(open),
            None => Store::open(path),
        };
        let kept = kept.and_then(|mut open| {
            let added = open.add_audit(batch);
            *store = Some(open);
            added
        });
        match kept {
            Ok(()) => return,
            Err(StoreError::Locked { .. }) if !(lines.is_closed() && tries > 5) => {
                std::thread::sleep(REST);
            }
            Err(error) => {
                let count = batch.len();
                tracing::error!(count, "the audit log could not be written: {error}");
                return;
            }
        }
    }
}
