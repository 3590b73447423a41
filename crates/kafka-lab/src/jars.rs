//! Kafka's and the agents' jars from Maven Central, cached across runs: versions in, paths out.

use std::{
    env,
    ffi::OsString,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use crate::{Lab, LabError, Result, error::IoContext, tools};

/// A cold cache on a slow line still ends within this.
const DOWNLOAD: Duration = Duration::from_secs(600);

/// The same for a compilation on a busy machine.
const COMPILATION: Duration = Duration::from_secs(120);

/// The sources of the agent that registers hand-made MBeans.
const HAND_MADE_BEANS: [(&str, &str); 5] = [
    ("Attributes.java", include_str!("../java/lab/Attributes.java")),
    ("HandMadeBeans.java", include_str!("../java/lab/HandMadeBeans.java")),
    ("Open.java", include_str!("../java/lab/Open.java")),
    ("Plain.java", include_str!("../java/lab/Plain.java")),
    ("Typed.java", include_str!("../java/lab/Typed.java")),
];

/// The source of the members of groups that librdkafka cannot be in.
const GROUP_MEMBER: [(&str, &str); 1] = [("GroupMember.java", include_str!("../java/lab/GroupMember.java"))];

/// A Kafka release that the lab knows how to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum KafkaVersion {
    /// 2.8.2 with ZooKeeper: no controllers apart, and PLAIN as the only SASL mechanism.
    V2_8_2,
    /// 3.9.1, the last line that still has a ZooKeeper mode (started in KRaft mode here).
    V3_9_1,
    /// 4.3.0.
    #[default]
    V4_3_0,
}

impl KafkaVersion {
    /// The version as Kafka writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2_8_2 => "2.8.2",
            Self::V3_9_1 => "3.9.1",
            Self::V4_3_0 => "4.3.0",
        }
    }

    /// Whether it keeps metadata itself, here that is; else ZooKeeper does.
    pub(crate) fn has_kraft(self) -> bool {
        self != Self::V2_8_2
    }

    pub(crate) fn authorizer(self) -> &'static str {
        match self {
            Self::V2_8_2 => "kafka.security.authorizer.AclAuthorizer",
            Self::V3_9_1 | Self::V4_3_0 => "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        }
    }

    /// The SLF4J binding, which Kafka's own package leaves to its distribution: without it a broker logs nothing.
    fn logging(self) -> &'static str {
        match self {
            Self::V2_8_2 | Self::V3_9_1 => "org.slf4j:slf4j-reload4j:1.7.36",
            Self::V4_3_0 => "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
        }
    }
}

/// A Jolokia agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jolokia {
    /// 1.7.2.
    V1_7_2,
    /// 2.5.0.
    V2_5_0,
}

impl Jolokia {
    fn coordinates(self) -> &'static str {
        match self {
            Self::V1_7_2 => "org.jolokia:jolokia-jvm:1.7.2",
            Self::V2_5_0 => "org.jolokia:jolokia-agent-jvm:2.5.0:jar:javaagent",
        }
    }
}

/// The jar cache of this user.
#[derive(Debug)]
pub(crate) struct Jars {
    folder: PathBuf,
    lab: Arc<Lab>,
}

impl Jars {
    /// `$XDG_CACHE_HOME/kafka-vitals/jars`, by default under `~/.cache`.
    pub(crate) fn new(lab: &Arc<Lab>) -> Result<Self> {
        let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let cache =
            absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache"))).ok_or_else(
                || LabError::Input("neither XDG_CACHE_HOME nor HOME is set: no place for Kafka's jars".into()),
            )?;
        let folder = cache.join("kafka-vitals/jars");
        fs::create_dir_all(&folder).context(|| format!("make {}", folder.display()))?;
        Ok(Self { folder, lab: Arc::clone(lab) })
    }

    /// The folder with Kafka and all it needs: its class path is `<folder>/*`.
    pub(crate) fn kafka(&self, version: KafkaVersion) -> Result<PathBuf> {
        let wanted = format!("org.apache.kafka:kafka_2.13:{}", version.as_str());
        self.cached(&format!("kafka-{}", version.as_str()), |folder| {
            let pom = self.lab.folder().join("pom.xml");
            fs::write(&pom, pom_xml(&[&wanted, version.logging()])).context(|| format!("write {}", pom.display()))?;
            self.maven(&wanted, &["-f", &pom.to_string_lossy(), "dependency:copy-dependencies"], folder)
        })
    }

    /// One agent's jar.
    pub(crate) fn jolokia(&self, version: Jolokia) -> Result<PathBuf> {
        self.artifact(version.coordinates())
    }

    /// The jmx_exporter agent of a version such as `0.17.2`.
    pub(crate) fn jmx_exporter(&self, version: &str) -> Result<PathBuf> {
        if version.is_empty() || !version.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c)) {
            return Err(LabError::Input(format!(
                "{version:?} is no jmx_exporter version, expected one such as 0.17.2"
            )));
        }
        self.artifact(&format!("io.prometheus.jmx:jmx_prometheus_javaagent:{version}"))
    }

    /// The class path of `lab.GroupMember`, which runs with the newest Kafka whatever the brokers are: their logging configuration is that of
    /// the version returned.
    pub(crate) fn group_member(&self) -> Result<(Vec<PathBuf>, KafkaVersion)> {
        let version = KafkaVersion::default();
        // Without RocksDB, 70 MB that nobody needs who keeps no state.
        let streams = self.artifact(&format!("org.apache.kafka:kafka-streams:{}", version.as_str()))?;
        let mut path = vec![self.kafka(version)?.join("*"), streams];
        path.push(self.compiled("group-member", &GROUP_MEMBER, &path, "")?);
        Ok((path, version))
    }

    /// The agent that registers hand-made MBeans.
    pub(crate) fn hand_made_beans(&self) -> Result<PathBuf> {
        self.compiled("hand-made-beans", &HAND_MADE_BEANS, &[], "Premain-Class: lab.HandMadeBeans\n")
    }

    /// A jar compiled from sources beside this crate's.
    fn compiled(
        &self,
        name: &str,
        sources: &[(&str, &str)],
        class_path: &[PathBuf],
        manifest_text: &str,
    ) -> Result<PathBuf> {
        let mut hasher = DefaultHasher::new();
        sources.hash(&mut hasher);
        // Other sources are another folder, as another version of an artifact is.
        let folder = self.cached(&format!("{name}-{:016x}", hasher.finish()), |folder| {
            let work = self.lab.folder().join(name);
            let classes = work.join("classes");
            for made in [&classes, &folder.to_owned()] {
                fs::create_dir_all(made).context(|| format!("make {}", made.display()))?;
            }
            let mut javac = Command::new(tools::jdk("javac")?);
            // What the oldest JVM of a lab understands, whatever the compiler's own version is.
            javac.args(["-encoding", "UTF-8", "--release", "17", "-d"]).arg(&classes);
            javac.arg("-cp").arg(joined(class_path)?);
            for (file, source) in sources {
                let file = work.join(file);
                fs::write(&file, source).context(|| format!("write {}", file.display()))?;
                javac.arg(file);
            }
            self.compile(&javac, name, &work.join("log"))?;
            let manifest = work.join("manifest");
            fs::write(&manifest, manifest_text).context(|| format!("write {}", manifest.display()))?;
            let mut jar = Command::new(tools::jdk("jar")?);
            jar.arg("cfm").arg(folder.join(format!("{name}.jar"))).arg(manifest).arg("-C").arg(&classes).arg(".");
            self.compile(&jar, name, &work.join("log"))
        })?;
        Ok(folder.join(format!("{name}.jar")))
    }

    /// Runs a tool of the JDK to its end.
    fn compile(&self, command: &Command, what: &str, log: &Path) -> Result<()> {
        let status = self.lab.spawn_logged(command, log)?.wait(COMPILATION)?;
        if status.success() {
            return Ok(());
        }
        let text = fs::read_to_string(log).unwrap_or_default();
        let said: Vec<&str> = text.lines().take(10).collect();
        let program = command.get_program().to_string_lossy();
        Err(LabError::Input(format!("{program} failed with {status} on {what}: {}", said.join("; "))))
    }

    fn artifact(&self, coordinates: &str) -> Result<PathBuf> {
        let folder = self.cached(&coordinates.replace(':', "_"), |folder| {
            self.maven(coordinates, &["dependency:copy", &format!("-Dartifact={coordinates}")], folder)
        })?;
        let jar = fs::read_dir(&folder).context(|| format!("read {}", folder.display()))?.flatten().next();
        jar.map(|entry| entry.path())
            .ok_or_else(|| LabError::Input(format!("{} is empty: remove it and try again", folder.display())))
    }

    /// The folder `name` of the cache, filled by `fill` if it is not there. A folder is there in whole or not at all: it is filled under
    /// another name and renamed, and a lock makes a second process wait rather than download too.
    fn cached(&self, name: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let target = self.folder.join(name);
        if target.is_dir() {
            return Ok(target);
        }
        let lock = self.folder.join(".lock");
        let lock = fs::File::create(&lock).context(|| format!("open {}", lock.display()))?;
        // Released when the file is closed, thus also when this process is killed.
        lock.lock().context(|| "lock the jar cache".into())?;
        if target.is_dir() {
            return Ok(target);
        }
        eprintln!("kafka-lab: making {name} ready (kept for later runs)");
        let partial = tempfile::Builder::new().prefix(".partial-").tempdir_in(&self.folder);
        let partial = partial.context(|| format!("make a folder in {}", self.folder.display()))?;
        let jars = partial.path().join("jars");
        fill(&jars)?;
        fs::rename(&jars, &target).context(|| format!("move the jars to {}", target.display()))?;
        Ok(target)
    }

    fn maven(&self, what: &str, arguments: &[&str], output: &Path) -> Result<()> {
        // Not in a folder with a pom.xml that is none of ours: Maven would read it.
        let elsewhere = self.lab.folder().join("maven");
        fs::create_dir_all(&elsewhere).context(|| format!("make {}", elsewhere.display()))?;
        let log = elsewhere.join("log");
        let mut command = Command::new(tools::find("mvn", "maven")?);
        command.current_dir(&elsewhere).args(["-q", "-B", "-ntp"]).args(arguments);
        command.arg(format!("-DoutputDirectory={}", output.display()));
        let status = self.lab.spawn_logged(&command, &log)?.wait(DOWNLOAD)?;
        if status.success() && output.is_dir() {
            return Ok(());
        }
        let text = fs::read_to_string(&log).unwrap_or_default();
        let said: Vec<&str> = text.lines().filter(|line| line.contains("ERROR")).take(5).collect();
        Err(LabError::Maven { what: what.into(), output: format!("{status}\n{}", said.join("\n")) })
    }
}

/// As Java's `-cp` takes it.
pub(crate) fn joined(class_path: &[PathBuf]) -> Result<OsString> {
    env::join_paths(class_path).map_err(|error| LabError::Input(format!("no class path: {error}")))
}

/// A project that has these dependencies (`group:artifact:version`) and nothing else.
fn pom_xml(dependencies: &[&str]) -> String {
    let dependency = |coordinates: &&str| {
        let mut parts = coordinates.splitn(3, ':').map(str::to_owned);
        let mut element = |name| format!("<{name}>{}</{name}>", parts.next().unwrap_or_default());
        format!("<dependency>{}{}{}</dependency>", element("groupId"), element("artifactId"), element("version"))
    };
    format!(
        "<project><modelVersion>4.0.0</modelVersion><groupId>lab</groupId><artifactId>lab</artifactId><version>1</version>\
         <dependencies>{}</dependencies></project>\n",
        dependencies.iter().map(dependency).collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_filled_once_and_never_half() {
        let lab = Lab::new().expect("a lab");
        let jars = Jars { folder: lab.folder().to_owned(), lab: Arc::clone(&lab) };
        let failed = jars.cached("a", |folder| {
            fs::create_dir(folder).expect("make");
            Err(LabError::Input("connection lost".into()))
        });
        assert!(failed.is_err() && !lab.folder().join("a").exists());
        let filled = jars.cached("a", |folder| fs::create_dir(folder).context(String::new)).expect("filled");
        let again = jars.cached("a", |_| Err(LabError::Input("asked twice".into()))).expect("cached");
        assert_eq!(filled, again);
    }

    #[test]
    fn a_version_that_is_none_is_refused_before_maven_runs() {
        let lab = Lab::new().expect("a lab");
        let jars = Jars { folder: lab.folder().to_owned(), lab: Arc::clone(&lab) };
        let error = jars.jmx_exporter("1.0 -Dx=y").expect_err("refused");
        assert!(error.to_string().contains("is no jmx_exporter version"), "{error}");
    }
}
