//! Events to machines elsewhere: signed, tried again, never above the webhook's ceiling.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use lapwing_engine::store::{Store, Webhook};
use lapwing_model::Pap;
use sha2::Sha256;
use tokio::sync::broadcast::error::RecvError;

use crate::accounts::hex;
use crate::app::App;
use crate::asker::Ceiling;
use crate::events::Event;
use crate::problem::Problem;

/// Waits before each further try.
const TRIES: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(2), Duration::from_secs(20), Duration::from_mins(2)];
/// One try may take so long.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Deliveries at one time.
const AT_ONCE: usize = 4;

/// Delivers events until the server ends.
pub(crate) async fn deliver_all(app: App) {
    let mut events = app.events.listen();
    let turn = std::sync::Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    loop {
        let event = match events.recv().await {
            Ok(event) if event.name == "end" => return,
            Ok(event) => event,
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "webhooks missed events");
                continue;
            }
            Err(RecvError::Closed) => return,
        };
        let leader = app.clone();
        // Of several servers on one database one calls.
        if !App::aside(move || Ok(leader.leads())).await.unwrap_or(false) {
            continue;
        }
        let Ok(webhooks) = all(&app).await else { continue };
        for webhook in webhooks.into_iter().filter(|webhook| wants(webhook, &event)) {
            let (event, app, turn) = (event.clone(), app.clone(), turn.clone());
            tokio::spawn(async move {
                let Ok(_permit) = turn.acquire_owned().await else { return };
                deliver(&app, &webhook, &event).await;
            });
        }
    }
}

pub(crate) async fn all(app: &App) -> Result<Vec<Webhook>, Problem> {
    let path = app.config.store.clone();
    App::aside(move || Ok(Store::open_read_only(&path)?.webhooks()?)).await
}

/// Whether an event is for a webhook: by name, and by marking.
fn wants(webhook: &Webhook, event: &Event) -> bool {
    let ceiling = Ceiling { tlp: webhook.ceiling, pap: Pap::Red };
    webhook.events.split(',').any(|name| name == event.name) && ceiling.covers(event.marking)
}

async fn deliver(app: &App, webhook: &Webhook, event: &Event) {
    let body = serde_json::json!({ "event": event.name, "data": event.data }).to_string();
    for wait in TRIES {
        tokio::time::sleep(wait).await;
        let at = app.now().as_second();
        let signature = sign(&webhook.secret, at, &body);
        let (url, body) = (webhook.url.clone(), body.clone());
        match App::aside(move || Ok(post(&url, at, &signature, &body))).await {
            Ok(Ok(())) => return,
            Ok(Err(why)) => tracing::warn!(webhook = webhook.id, "not delivered: {why}"),
            Err(problem) => {
                tracing::warn!(webhook = webhook.id, "not delivered: {}", problem.detail);
            }
        }
    }
    tracing::error!(webhook = webhook.id, event = event.name, "given up");
}

fn post(url: &str, at: i64, signature: &str, body: &str) -> Result<(), String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .max_redirects(0)
        .http_status_as_error(false)
        .user_agent(concat!("lapwing/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let answer = agent
        .post(url)
        .header("content-type", "application/json")
        .header("x-lapwing-timestamp", &at.to_string())
        .header("x-lapwing-signature", &format!("sha256={signature}"))
        .send(body)
        .map_err(|error| error.to_string())?;
    let status = answer.status();
    if status.is_success() { Ok(()) } else { Err(format!("the answer is {status}")) }
}

/// The signature of a delivery: HMAC-SHA256 over `time.body`, so that an old one cannot be sent
/// again as new.
pub(crate) fn sign(secret: &str, at: i64, body: &str) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{at}.{body}").as_bytes());
    hex(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapwing_model::Marking;

    #[test]
    fn a_signature_is_hmac_sha256_of_time_and_body() {
        // By `printf '1.{}' | openssl dgst -sha256 -hmac key`.
        assert_eq!(
            sign("key", 1, "{}"),
            "1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224"
        );
    }

    #[test]
    fn only_what_it_asked_for_and_may_know_is_told() {
        let webhook = Webhook {
            id: "a".into(),
            url: "https://siem.example/".into(),
            secret: "s".into(),
            events: "document,undo".into(),
            ceiling: Marking::Green,
            account: "root".into(),
            created: jiff::Timestamp::UNIX_EPOCH,
        };
        let event = |name, tlp| Event {
            name,
            marking: Ceiling { tlp, pap: Pap::Clear },
            data: serde_json::Value::Null,
        };
        assert!(wants(&webhook, &event("document", Marking::Green)));
        assert!(!wants(&webhook, &event("document", Marking::Amber)));
        assert!(!wants(&webhook, &event("change", Marking::Clear)));
    }
}
