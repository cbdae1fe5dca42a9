//! What changes, told to who listens: browsers by server-sent events, machines by webhooks.

use std::sync::Arc;
use std::time::Duration;

use lapwing_engine::Engine;
use lapwing_engine::store::ChangeRecord;
use lapwing_model::{ChangeId, Marking};
use serde::Serialize;
use tokio::sync::{Notify, broadcast};

use crate::app::App;
use crate::asker::Ceiling;
use crate::problem::Problem;
use crate::readers::Sight;

/// Something that happened, with the marking that it must not be told above.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `change`, `document`, `undo`, `hunt`.
    pub name: &'static str,
    /// Who may not see this is not told.
    pub(crate) marking: Ceiling,
    /// What happened.
    pub data: serde_json::Value,
}

/// Events that a slow listener may be behind; then it misses some.
const BEHIND: usize = 1024;
/// Documents of one change that are told one by one.
const MOST_DOCUMENTS: usize = 100;
/// How often is looked for what other processes changed.
const LOOK: Duration = Duration::from_secs(2);

/// Tells events to all who listen.
#[derive(Clone)]
pub(crate) struct Events {
    send: broadcast::Sender<Event>,
    look: Arc<Notify>,
}

impl Events {
    pub(crate) fn new() -> Self {
        Self { send: broadcast::channel(BEHIND).0, look: Arc::new(Notify::new()) }
    }

    /// From now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Event> {
        self.send.subscribe()
    }

    pub(crate) fn tell(&self, event: Event) {
        // Nobody may be listening.
        let _ = self.send.send(event);
    }

    /// Ends all streams: the server is about to.
    pub(crate) fn end(&self) {
        self.tell(Event { name: "end", marking: Ceiling::NONE, data: serde_json::Value::Null });
    }

    /// Something was written: look now.
    pub(crate) fn look(&self) {
        self.look.notify_one();
    }

    /// Watches the store for changes, by whomever they are made, until it is dropped.
    pub(crate) async fn watch(self, app: App) {
        let readers = &app.readers;
        let mut last = readers.ask(Ceiling::NONE, latest).await.unwrap_or(None);
        let mut version = app.accounts.version().ok();
        // Clusters of the newest state are found one after the other, however fast the store changes.
        let mut finding: Option<tokio::task::JoinHandle<()>> = None;
        let mut is_new = false;
        loop {
            let _ = tokio::time::timeout(LOOK, self.look.notified()).await;
            app.rest();
            if is_new && finding.as_ref().is_none_or(tokio::task::JoinHandle::is_finished) {
                finding = Some(tokio::spawn(crate::routes::clusters::find_anew(app.clone())));
                is_new = false;
            }
            // Whether anything was written at all is asked first: it costs next to nothing.
            let written = app.accounts.version().ok();
            if written == version {
                continue;
            }
            version = written;
            let Ok(now) = readers.ask(Ceiling::NONE, latest).await else { continue };
            if now == last {
                continue;
            }
            is_new = true;
            if finding.as_ref().is_none_or(tokio::task::JoinHandle::is_finished) {
                finding = Some(tokio::spawn(crate::routes::clusters::find_anew(app.clone())));
                is_new = false;
            }
            let after = last;
            match readers.ask(Ceiling::NONE, move |engine| changes(engine, after)).await {
                Ok((events, newest)) => {
                    events.into_iter().for_each(|event| self.tell(event));
                    last = newest.max(now);
                }
                Err(problem) => tracing::warn!("changes could not be told: {}", problem.detail),
            }
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the form of a question to the readers")]
fn latest(sight: &Sight<'_>) -> Result<Option<ChangeId>, Problem> {
    Ok(sight.at)
}

#[derive(Serialize)]
struct Changed<'c> {
    change: i64,
    documents: u64,
    claims: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    undoes: Option<i64>,
    at: &'c jiff::Timestamp,
}

/// Events of all changes after one, and the newest change among them: somebody may have written
/// since it was asked whether there is anything to tell, and nothing is told twice.
fn changes(
    engine: &Engine,
    after: Option<ChangeId>,
) -> Result<(Vec<Event>, Option<ChangeId>), Problem> {
    let mut events = Vec::new();
    let mut newest = None;
    for change in engine.store().history()? {
        newest = newest.max(Some(change.id));
        if after.is_some_and(|after| change.id <= after) {
            continue;
        }
        let name = if change.undoes.is_some() { "undo" } else { "change" };
        // Of a change, its strictest document decides; an undo tells of documents that may be
        // gone, so only who sees all hears of it unless nothing in the store is marked.
        let documents = engine.store().documents_of_change(change.id)?;
        let (tlp, pap) = engine.store().strictest()?;
        let marking = if documents.is_empty() {
            Ceiling { tlp, pap }
        } else {
            documents.iter().fold(
                Ceiling { tlp: Marking::Clear, pap: lapwing_model::Pap::Clear },
                |all, d| Ceiling {
                    tlp: all.tlp.join(d.document.marking.unwrap_or_default()),
                    pap: all.pap.max(d.document.pap()),
                },
            )
        };
        events.push(Event { name, marking, data: told(&change) });
        for record in documents.iter().take(MOST_DOCUMENTS) {
            let document = &record.document;
            events.push(Event {
                name: "document",
                marking: Ceiling { tlp: document.marking.unwrap_or_default(), pap: document.pap() },
                data: serde_json::json!({
                    "id": document.id,
                    "label": document.label(),
                    "source": document.source,
                    "published": document.published,
                    "marking": document.marking.unwrap_or_default(),
                    "change": change.id.0,
                }),
            });
        }
    }
    Ok((events, newest))
}

fn told(change: &ChangeRecord) -> serde_json::Value {
    let changed = Changed {
        change: change.id.0,
        documents: change.documents,
        claims: change.claims,
        undoes: change.undoes.map(|id| id.0),
        at: &change.at,
    };
    serde_json::to_value(changed).unwrap_or_default()
}
