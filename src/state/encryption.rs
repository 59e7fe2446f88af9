//! How the connection to a database is encrypted, as its URL says.
//!
//! The library that speaks to the database knows fewer words than its URLs have: these are taken out, and done here.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A connection that is encrypted, to a server whose certificate and name are verified.
#[derive(Clone)]
pub(super) struct Encryption(MakeRustlsConnect);

impl Encryption {
    /// What is handed to the library.
    pub(super) fn connector(&self) -> MakeRustlsConnect {
        self.0.clone()
    }
}

/// The URL without what is said here of encryption, and what is: nothing where it shall not be encrypted.
///
/// # Errors
///
/// A sentence: it says what is not done here, or the certificates cannot be read.
pub(super) fn taken(url: &str) -> Result<(String, Option<Encryption>), String> {
    let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut roots, mut rest) = (None, None, Vec::new());
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter.split_once('=') {
            Some(("sslmode", value)) => mode = Some(decoded(value)?),
            Some(("sslrootcert", value)) => roots = Some(decoded(value)?),
            Some(_) | None => rest.push(parameter),
        }
    }
    let encryption = match mode.as_deref() {
        None | Some("disable") if roots.is_some() => {
            return Err("it names certificates, but does not encrypt; say sslmode=verify-full".to_owned());
        }
        None | Some("disable") => None,
        // Whoever is not sure whom they speak to need not encrypt: all three verify all.
        Some("require" | "verify-ca" | "verify-full") => Some(verified(roots.as_deref())?),
        Some(weak @ ("allow" | "prefer")) => {
            return Err(format!(
                "sslmode={weak} lets whoever stands between switch encryption off; say verify-full or disable"
            ));
        }
        Some(other) => return Err(format!("there is no sslmode `{other}`; say verify-full or disable")),
    };
    let rest = rest.join("&");
    Ok((if rest.is_empty() { address.to_owned() } else { format!("{address}?{rest}") }, encryption))
}

fn verified(roots: Option<&str>) -> Result<Encryption, String> {
    let mut trusted = RootCertStore::empty();
    match roots {
        Some(file) if file != "system" => {
            let bad = |why: String| format!("the certificates in {file} cannot be read: {why}");
            let found: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(Path::new(file))
                .and_then(Iterator::collect)
                .map_err(|e| bad(e.to_string()))?;
            for certificate in found {
                trusted.add(certificate).map_err(|e| bad(e.to_string()))?;
            }
            if trusted.is_empty() {
                return Err(bad("there are none".to_owned()));
            }
        }
        Some(_) | None => {
            let found = rustls_native_certs::load_native_certs();
            let (taken, _) = trusted.add_parsable_certificates(found.certs);
            if taken == 0 {
                let why =
                    "this system has no certificates; name those of the server's authority with sslrootcert";
                return Err(why.to_owned());
            }
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Ok(Encryption(MakeRustlsConnect::new(config)))
}

/// Whether the other side is not who it should be, or does not encrypt: to ask again does not help.
pub(super) fn is_refusal(error: &(dyn std::error::Error + 'static)) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.and_then(std::io::Error::get_ref).is_some_and(|why| why.is::<rustls::Error>())
}

/// With `%2F` and the like as what they stand for.
fn decoded(value: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        let digit = |digit: Option<u8>| digit.and_then(|digit| char::from(digit).to_digit(16));
        match byte {
            b'%' => match (digit(rest.next()), digit(rest.next())) {
                (Some(high), Some(low)) => bytes.push((16 * high + low) as u8),
                (Some(_) | None, _) => return Err(format!("`{value}` is not encoded as in a URL")),
            },
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| format!("`{value}` is no text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_encryption_is_taken_out() {
        let plain = |url: &str, left: &str| {
            let (rest, encryption) = taken(url).unwrap();
            assert!(rest == left && encryption.is_none(), "{rest}");
        };
        plain("postgres://db/state", "postgres://db/state");
        plain("postgres://db/state?sslmode=disable", "postgres://db/state");
        plain("postgres:///s?host=/run&sslmode=disable&user=a%20b", "postgres:///s?host=/run&user=a%20b");
        let refused = |parameters: &str, said: &str| {
            let why = taken(&format!("postgres://db/state?{parameters}")).map(|_| ()).unwrap_err();
            assert!(why.contains(said), "{why}");
        };
        refused("sslmode=prefer", "lets whoever stands between switch encryption off");
        refused("sslmode=allow", "lets whoever stands between switch encryption off");
        refused("sslmode=full", "there is no sslmode `full`");
        refused("sslrootcert=ca.pem", "does not encrypt");
        refused(
            "sslmode=verify-full&sslrootcert=%2Fnone.pem",
            "the certificates in /none.pem cannot be read",
        );
        refused("sslmode=verify-full&sslrootcert=%2", "is not encoded as in a URL");
    }
}
