//! A certificate for this computer and the authority that signed it, made anew for each server.

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::io;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The acceptor, and in PEM what its clients must trust.
///
/// # Errors
/// When no certificate can be made.
pub fn acceptor() -> io::Result<(TlsAcceptor, String)> {
    let (certificate, key, root) = signed().map_err(io::Error::other)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .map_err(io::Error::other)?;
    Ok((TlsAcceptor::from(Arc::new(config)), root))
}

/// Some clients trust an authority and nothing else, and look for names and not for addresses: both are here.
fn signed() -> Result<(Certificate, KeyPair, String), rcgen::Error> {
    let (root_key, key) = (KeyPair::generate()?, KeyPair::generate()?);
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.distinguished_name.push(DnType::CommonName, "An authority for a test");
    let pem = root.self_signed(&root_key)?.pem();
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let certificate = CertificateParams::new(names)?.signed_by(&key, &Issuer::new(root, root_key))?;
    Ok((certificate, key, pem))
}
