//! ZooKeeper for brokers without KRaft: Kafka's jars, which bring it along, in; a running server out.

use std::{
    fs,
    net::{Ipv4Addr, TcpStream},
    path::Path,
    process::Command,
    sync::Arc,
    time::Duration,
};

use crate::{Guarded, Lab, Result, error::IoContext, ports::Reserved};

/// A server of one, in a folder of its own.
#[derive(Debug)]
pub(crate) struct ZooKeeper {
    address: String,
    _process: Guarded,
}

impl ZooKeeper {
    /// Starts it in `folder` on a free port of 127.0.0.1 and waits until it listens. `jvm` is `java` with Kafka's class path.
    pub(crate) fn start(lab: &Arc<Lab>, mut jvm: Command, folder: &Path, timeout: Duration) -> Result<Self> {
        let mut held = Reserved::on(&[Ipv4Addr::LOCALHOST])?;
        let port = held.port();
        let config = folder.join("zoo.cfg");
        let text = format!(
            "dataDir={}\nclientPortAddress=127.0.0.1\nclientPort={port}\nadmin.enableServer=false\nmaxClientCnxns=0\n",
            folder.join("data").display()
        );
        fs::write(&config, text).context(|| format!("write {}", config.display()))?;
        jvm.args(["-Xmx128m", "-XX:TieredStopAtLevel=1", "org.apache.zookeeper.server.quorum.QuorumPeerMain"]);
        jvm.arg(&config);
        held.release();
        let (address, log) = (format!("127.0.0.1:{port}"), folder.join("log"));
        let mut process = lab.spawn_logged(&jvm, &log)?;
        process.await_ready("ZooKeeper", &log, timeout, || TcpStream::connect(&address).map(drop))?;
        Ok(Self { address, _process: process })
    }

    /// As `zookeeper.connect` has it.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}
