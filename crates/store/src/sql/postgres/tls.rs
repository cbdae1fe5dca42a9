//! TLS to the server: its certificate is always looked at.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use crate::sql::error::PostgresError;

/// What connects with TLS, and trusts the certificates that the address names, or Mozilla's.
pub(super) fn connector(address: &Address) -> Result<MakeRustlsConnect, PostgresError> {
    let mut roots = RootCertStore::empty();
    match &address.roots {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            let unfit = |why: String| {
                PostgresError::unreachable(format!("sslrootcert {}: {why}", file.display()))
            };
            let found = CertificateDer::pem_file_iter(file).map_err(|e| unfit(e.to_string()))?;
            for certificate in found {
                let certificate = certificate.map_err(|e| unfit(e.to_string()))?;
                roots.add(certificate).map_err(|e| unfit(e.to_string()))?;
            }
            if roots.is_empty() {
                return Err(unfit("there is no certificate in it".to_owned()));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| PostgresError::unreachable(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
