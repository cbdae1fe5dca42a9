use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use tokio::signal;

use crate::app::App;
use crate::config::{Config, Tls};
use crate::error::ServeError;
use crate::router::router;

/// Requests that run may take so long to end once the server was told to.
const GRACE: Duration = Duration::from_secs(20);

/// Serves until Ctrl-C or SIGTERM; `ready` is told where, once connections are taken.
///
/// # Errors
/// When the store cannot be opened, nobody could log in where others can connect, or the
/// address or the certificate cannot be used.
pub fn run(config: Config, ready: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    crate::log::start(config.log);
    if let Some(path) = config.hunt_root.as_ref().filter(|path| !path.is_dir()) {
        return Err(ServeError::Folder { path: path.clone() });
    }
    let listen = config.listen;
    let tls = config.tls.as_ref().map(tls).transpose()?;
    let app = App::open(config)?;
    let users = app.accounts.known()?;
    let who_could_log_in = users.accounts.values().filter(|account| !account.disabled).count();
    if !listen.ip().is_loopback() && who_could_log_in == 0 {
        return Err(ServeError::NoUsers(listen));
    }
    let failed = |source| ServeError::Listen { listen, source };
    let listener = TcpListener::bind(listen).map_err(failed)?;
    listener.set_nonblocking(true)?;
    let place = listener.local_addr()?;
    // A handful of threads: what takes time runs on the blocking pool, bounded by the readers.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(16)
        .enable_all()
        .build()?;
    app.metrics.started(app.now());
    let collecting = crate::collection::start(&app)?;
    let served = runtime.block_on(async {
        tokio::spawn(app.events.clone().watch(app.clone()));
        tokio::spawn(crate::webhooks::deliver_all(app.clone()));
        let routes = router(&app);
        ready(place);
        serve(listener, tls, routes, app.clone()).await
    });
    runtime.shutdown_timeout(Duration::from_secs(2));
    app.orders.end();
    if let Some(thread) = collecting {
        // A pull that runs is left to the end of the process: what it had committed is whole.
        if thread.is_finished() {
            let _ = thread.join();
        }
    }
    app.end();
    Ok(served?)
}

async fn serve(
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    routes: Router,
    app: App,
) -> io::Result<()> {
    let handle = Handle::new();
    let ending = handle.clone();
    tokio::spawn(async move {
        told_to_end().await;
        tracing::info!("ending: running requests have {} s", GRACE.as_secs());
        app.events.end();
        ending.graceful_shutdown(Some(GRACE));
    });
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    match tls {
        Some(tls) => {
            axum_server::from_tcp_rustls(listener, tls)?.handle(handle).serve(service).await
        }
        None => axum_server::from_tcp(listener)?.handle(handle).serve(service).await,
    }
}

async fn told_to_end() {
    let interrupt = async {
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut told) => drop(told.recv().await),
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

/// Reads certificate and key.
fn tls(files: &Tls) -> Result<RustlsConfig, ServeError> {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};

    let wrong =
        |path: &std::path::Path, why: String| ServeError::Tls { path: path.to_owned(), why };
    let certificate = &files.certificate;
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(wrong(certificate, "holds no certificate".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| wrong(&files.key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| wrong(certificate, error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}
