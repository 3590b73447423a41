//! Kerberos on one machine: the brokers' hosts in; a running KDC (MIT, from Debian's packages), a krb5.conf and keytabs out.

use std::{
    fs,
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use super::{DENIED_USER, USER};
use crate::{Guarded, Lab, LabError, Result, error::IoContext, ports::Reserved, tools};

const REALM: &str = "KAFKA-LAB.EXAMPLE";
const PACKAGE: &str = "krb5-kdc krb5-admin-server krb5-user";
const TIMEOUT: Duration = Duration::from_secs(60);

/// A KDC with the principals of brokers (`kafka/<host>`) and of [`USER`] and [`DENIED_USER`]. It ends when dropped.
#[derive(Debug)]
pub struct Kerberos {
    folder: PathBuf,
    _kdc: Guarded,
}

impl Kerberos {
    /// Starts it in `folder`, which is made, on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// [`LabError::Missing`] names the Debian packages; else what the programs said.
    pub(crate) fn start(lab: &Arc<Lab>, folder: PathBuf, hosts: &[Ipv4Addr]) -> Result<Self> {
        fs::create_dir_all(&folder).context(|| format!("make {}", folder.display()))?;
        let mut held = Reserved::on(&[Ipv4Addr::LOCALHOST])?;
        let port = held.port();
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).context(|| format!("write {}", path.display()))
        };
        write("krb5.conf", krb5_conf(port))?;
        write("kdc.conf", kdc_conf(&folder, port))?;
        let run = |program: &str, arguments: &[&str]| {
            let log = folder.join(format!("{program}.log"));
            let status = lab.spawn_logged(command(&folder, program)?.args(arguments), &log)?.wait(TIMEOUT)?;
            if status.success() {
                return Ok(());
            }
            let said = fs::read_to_string(&log).unwrap_or_default();
            Err(LabError::Input(format!("{program} {} ended with {status}: {}", arguments.join(" "), said.trim())))
        };
        run("kdb5_util", &["create", "-s", "-r", REALM, "-P", "master"])?;
        let services = hosts.iter().map(|host| (format!("kafka/{host}"), "kafka"));
        let users = [USER, DENIED_USER].map(|user| (user.to_owned(), user));
        for (principal, keytab) in services.chain(users) {
            run("kadmin.local", &["-r", REALM, "-q", &format!("addprinc -randkey {principal}")])?;
            let keytab = keytab_in(&folder, keytab);
            run("kadmin.local", &["-r", REALM, "-q", &format!("ktadd -k {} {principal}", keytab.display())])?;
            // kadmin.local ends well whatever its query did.
            if !keytab.is_file() {
                return Err(LabError::Input(format!("{} was not made: see kadmin.local.log there", keytab.display())));
            }
        }
        held.release();
        let log = folder.join("krb5kdc.log");
        let mut kdc = lab.spawn_logged(command(&folder, "krb5kdc")?.arg("-n"), &log)?;
        let address = (Ipv4Addr::LOCALHOST, port);
        kdc.await_ready("the KDC", &log, TIMEOUT, || TcpStream::connect(address).map(drop))?;
        Ok(Self { folder, _kdc: kdc })
    }

    /// The krb5.conf, for a client's `KRB5_CONFIG`.
    pub fn config(&self) -> PathBuf {
        self.folder.join("krb5.conf")
    }

    /// The keytab of a user.
    pub fn keytab(&self, user: &str) -> PathBuf {
        keytab_in(&self.folder, user)
    }

    /// The principal of a user.
    pub fn principal(user: &str) -> String {
        format!("{user}@{REALM}")
    }

    /// The broker's login on this host.
    pub(crate) fn login_module(&self, host: Ipv4Addr) -> String {
        format!(
            "com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true keyTab=\"{}\" \
             principal=\"kafka/{host}@{REALM}\";",
            self.keytab("kafka").display()
        )
    }
}

fn keytab_in(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.keytab"))
}

/// A program of the KDC, told where its files are.
fn command(folder: &Path, program: &str) -> Result<Command> {
    // Debian has them where only root looks.
    let found = tools::find(program, PACKAGE);
    let found = found.or_else(|error| tools::find(&format!("/usr/sbin/{program}"), PACKAGE).map_err(|_| error))?;
    let mut command = Command::new(found);
    command.env("KRB5_CONFIG", folder.join("krb5.conf")).env("KRB5_KDC_PROFILE", folder.join("kdc.conf"));
    Ok(command)
}

/// Names are taken as they are, and asked of nobody: brokers are known by their addresses.
fn krb5_conf(port: u16) -> String {
    format!(
        "[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n dns_lookup_realm = false\n rdns = false\n \
         dns_canonicalize_hostname = false\n udp_preference_limit = 1\n\
         [realms]\n {REALM} = {{\n  kdc = 127.0.0.1:{port}\n }}\n"
    )
}

fn kdc_conf(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "[kdcdefaults]\n kdc_listen = \"\"\n kdc_tcp_listen = 127.0.0.1:{port}\n\
         [realms]\n {REALM} = {{\n  database_name = {folder}/principal\n  key_stash_file = {folder}/stash\n \
         acl_file = {folder}/acl\n }}\n\
         [logging]\n kdc = FILE:{folder}/kdc.log\n"
    )
}
