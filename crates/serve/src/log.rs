use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::config::LogForm;

/// Sends the log to standard error; where somebody set a log before, that one stays.
pub(crate) fn start(form: LogForm) {
    // Audit lines are in the store too; here they stand for who collects logs as JSON.
    let shown = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("lapwing_serve", Level::INFO)
        .with_target("request", Level::INFO);
    let registry = tracing_subscriber::registry();
    let _ = match form {
        LogForm::None => return,
        LogForm::Text => registry
            .with(fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_filter(shown))
            .try_init(),
        LogForm::Json => registry
            .with(
                fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_writer(std::io::stderr)
                    .with_filter(shown.with_target("audit", Level::INFO)),
            )
            .try_init(),
    };
}
