use std::convert::Infallible;
use std::fmt::Write as _;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event as Told, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use tokio::sync::broadcast::error::RecvError;
use tokio_stream::wrappers::ReceiverStream;

use crate::app::App;
use crate::asker::Asker;
use crate::problem::Problem;

/// A line of no meaning keeps the connection open, and shows who has gone.
const PING: Duration = Duration::from_secs(15);

/// What changes, as server-sent events: `change`, `document`, `undo`, `hunt`; only what the
/// asker may see.
#[utoipa::path(get, path = "/api/v1/events", tag = "live",
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(crate) async fn events(State(app): State<App>, asker: Asker) -> Response {
    let mut events = app.events.listen();
    let (send, told) = tokio::sync::mpsc::channel::<Result<Told, Infallible>>(64);
    tokio::spawn(async move {
        loop {
            let event = match tokio::time::timeout(PING, events.recv()).await {
                Ok(Ok(event)) => event,
                // Who was too slow hears what comes next; the lists tell what he missed.
                Ok(Err(RecvError::Lagged(_))) => continue,
                Ok(Err(RecvError::Closed)) => return,
                Err(_) => {
                    if send.is_closed() || !app.still_knows(&asker) {
                        return;
                    }
                    continue;
                }
            };
            if event.name == "end" {
                return;
            }
            if !asker.ceiling.covers(event.marking) {
                continue;
            }
            let line = Told::default().event(event.name).data(event.data.to_string());
            if send.send(Ok(line)).await.is_err() {
                return;
            }
        }
    });
    Sse::new(ReceiverStream::new(told)).keep_alive(KeepAlive::new().interval(PING)).into_response()
}

/// One report of a feed.
struct Entry {
    id: String,
    title: String,
    source: Option<String>,
    added: Timestamp,
}

/// Reports of a feed.
const ENTRIES: usize = 50;

async fn entries(app: &App, asker: &Asker) -> Result<Vec<Entry>, Problem> {
    app.read(asker, |sight| {
        let mut records = sight.store().documents()?;
        records.sort_by(|a, b| (b.added, &a.document.name).cmp(&(a.added, &b.document.name)));
        records.truncate(ENTRIES);
        let entry = |record: lapwing_engine::store::DocumentRecord| Entry {
            id: record.document.id.to_string(),
            title: record.document.label().to_owned(),
            source: record.document.source,
            added: record.added,
        };
        Ok(records.into_iter().map(entry).collect())
    })
    .await
}

/// Text as XML takes it: no character that it forbids, none that means something.
fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {}
            c => safe.push(c),
        }
    }
    safe
}

/// Where this server is, as the client knows it.
fn base(app: &App, headers: &HeaderMap) -> String {
    let scheme = if app.config.tls.is_some() { "https" } else { "http" };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    format!("{scheme}://{}", host.unwrap_or("localhost"))
}

/// `GET /feed.atom`: new reports.
pub(crate) async fn atom(
    State(app): State<App>,
    asker: Asker,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let entries = entries(&app, &asker).await?;
    let base = xml(&base(&app, &headers));
    let updated = entries.first().map_or(Timestamp::UNIX_EPOCH, |entry| entry.added);
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <title>Lapwing: new reports</title>\n<id>{base}/feed.atom</id>\n\
         <link rel=\"self\" href=\"{base}/feed.atom\"/>\n<updated>{updated:.0}</updated>\n"
    );
    for entry in entries {
        let author = xml(entry.source.as_deref().unwrap_or("unknown"));
        let _ = writeln!(
            feed,
            "<entry><title>{}</title><id>urn:lapwing:document:{}</id>\
             <link href=\"{base}/#/documents/{}\"/><updated>{:.0}</updated>\
             <author><name>{author}</name></author></entry>",
            xml(&entry.title),
            entry.id,
            entry.id,
            entry.added
        );
    }
    feed.push_str("</feed>\n");
    Ok(([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], feed).into_response())
}

/// `GET /feed.rss`: the same for older readers.
pub(crate) async fn rss(
    State(app): State<App>,
    asker: Asker,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let entries = entries(&app, &asker).await?;
    let base = xml(&base(&app, &headers));
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"><channel>\n\
         <title>Lapwing: new reports</title><link>{base}/</link>\
         <description>Documents as they were added</description>\n"
    );
    for entry in entries {
        let _ = writeln!(
            feed,
            "<item><title>{}</title><link>{base}/#/documents/{}</link>\
             <guid isPermaLink=\"false\">urn:lapwing:document:{}</guid><pubDate>{}</pubDate></item>",
            xml(&entry.title),
            entry.id,
            entry.id,
            entry.added.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        );
    }
    feed.push_str("</channel></rss>\n");
    Ok(([(header::CONTENT_TYPE, "application/rss+xml; charset=utf-8")], feed).into_response())
}
