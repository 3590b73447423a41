//! Certificates for brokers and clients: the brokers' addresses in, PEM files of good and bad certificates out.
//!
//! Keys are P-256, made anew for each cluster. Unless named otherwise a certificate is signed by the one CA and good from 2020 to 2099.

use std::{
    fs,
    path::{Path, PathBuf},
};

// rcgen: certificates from code, where the openssl command would need a configuration file for each.
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

use crate::{LabError, Result, error::IoContext};

/// A certificate with its private key (PKCS #8, not encrypted), both PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// What the lab's CA signed, and what it did not.
#[derive(Clone, Debug)]
pub struct Certificates {
    /// The CA's certificate: what clients and brokers trust.
    pub ca: PathBuf,
    /// The certificate of a CA that signed only [`client_of_other_ca`](Self::client_of_other_ca).
    pub other_ca: PathBuf,
    /// For `localhost` and the brokers' addresses.
    pub server: Identity,
    /// The same, expired since 2020.
    pub server_expired: Identity,
    /// For `elsewhere.example` only.
    pub server_wrong_name: Identity,
    /// A client's, subject `CN=vitals`.
    pub client: Identity,
    /// The same, expired since 2020.
    pub client_expired: Identity,
    /// The same, signed by the other CA.
    pub client_of_other_ca: Identity,
}

impl Certificates {
    /// Makes them all in `folder`, which is made too. `hosts` are the servers' addresses beside `localhost`.
    ///
    /// # Errors
    /// When a file cannot be written, or a host is no DNS name or IP address.
    pub fn new(folder: &Path, hosts: &[String]) -> Result<Self> {
        fs::create_dir_all(folder).context(|| format!("make {}", folder.display()))?;
        let ca = Ca::new("kafka-lab CA")?;
        let other = Ca::new("kafka-lab other CA")?;
        let mut names = vec!["localhost".to_owned()];
        names.extend_from_slice(hosts);
        let elsewhere = ["elsewhere.example".to_owned()];
        let (server, client) = (ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth);
        let make = |ca: &Ca, name: &str, subject: &str, names: &[String], usage: &ExtendedKeyUsagePurpose, end| {
            ca.sign(folder, name, subject, names, usage.clone(), end)
        };
        Ok(Self {
            ca: ca.write(folder, "ca")?,
            other_ca: other.write(folder, "other-ca")?,
            server: make(&ca, "server", "broker", &names, &server, GOOD)?,
            server_expired: make(&ca, "server-expired", "broker", &names, &server, EXPIRED)?,
            server_wrong_name: make(&ca, "server-wrong-name", "broker", &elsewhere, &server, GOOD)?,
            client: make(&ca, "client", "vitals", &[], &client, GOOD)?,
            client_expired: make(&ca, "client-expired", "vitals", &[], &client, EXPIRED)?,
            client_of_other_ca: make(&other, "client-of-other-ca", "vitals", &[], &client, GOOD)?,
        })
    }
}

/// Last years of validity.
const GOOD: i32 = 2099;
const EXPIRED: i32 = 2020;

struct Ca {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Ca {
    fn new(name: &str) -> Result<Self> {
        let mut params = params(name, &[], GOOD)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(failed)?;
        let pem = params.self_signed(&key).map_err(failed)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem })
    }

    fn write(&self, folder: &Path, name: &str) -> Result<PathBuf> {
        write(folder, &format!("{name}.pem"), &self.pem)
    }

    fn sign(
        &self,
        folder: &Path,
        name: &str,
        subject: &str,
        names: &[String],
        usage: ExtendedKeyUsagePurpose,
        end: i32,
    ) -> Result<Identity> {
        let mut params = params(subject, names, end)?;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().map_err(failed)?;
        let cert = params.signed_by(&key, &self.issuer).map_err(failed)?.pem();
        Ok(Identity {
            cert: write(folder, &format!("{name}.pem"), &cert)?,
            key: write(folder, &format!("{name}.key"), &key.serialize_pem())?,
        })
    }
}

fn params(subject: &str, names: &[String], end: i32) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(names).map_err(failed)?;
    params.distinguished_name.push(DnType::CommonName, subject);
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(end, 12, 31));
    Ok(params)
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, text).context(|| format!("write {}", path.display()))?;
    Ok(path)
}

fn failed(error: rcgen::Error) -> LabError {
    LabError::Input(format!("make a certificate: {error}"))
}
