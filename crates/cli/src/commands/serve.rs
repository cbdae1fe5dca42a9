use std::sync::Arc;

use lapwing_engine::store::Store;
use lapwing_serve::{Config, Limits, LogForm, Tls};

use crate::args::{Log, Serve};
use crate::failure::{Failure, Outcome};
use crate::fetch;
use crate::session::Session;

pub fn run(args: &Serve, session: &mut Session) -> Result<Outcome, Failure> {
    let defaults = Limits::default();
    let config = Config {
        listen: args.listen,
        tls: args
            .tls_cert
            .clone()
            .zip(args.tls_key.clone())
            .map(|(certificate, key)| Tls { certificate, key }),
        log: match args.log {
            Log::Text => LogForm::Text,
            Log::Json => LogForm::Json,
        },
        hunt_root: args.hunt_root.clone(),
        fetch: args.allow_urls.then(|| {
            let fetch: lapwing_serve::Fetch = Arc::new(|address: &str| {
                fetch::fetch_public(address).map_err(|failure| failure.in_words())
            });
            fetch
        }),
        collection: (!args.no_feeds).then(|| {
            lapwing_serve::Collection::new(|name| std::env::var(name).ok(), fetch::proxy())
        }),
        limits: Limits {
            body: (args.max_upload as usize) << 20,
            per_minute: args.rate,
            ..defaults
        },
        give_back: crate::memory::give_back,
        ..Config::new(session.store_path()?)
    };
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let store = Store::shown(&config.store).display().to_string();
    lapwing_serve::run(config, |place| {
        // Whoever does not read this has no need of it.
        let _ = session.remark(&format!("serving {store} on {scheme}://{place} (Ctrl-C ends)"));
    })?;
    Ok(Outcome::Done)
}
