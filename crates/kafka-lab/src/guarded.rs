//! A child process under the guardian's eye: signals in, its end, CPU seconds and resident bytes out.

use std::{
    fmt::Display,
    fs,
    path::Path,
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use crate::{Lab, LabError, Result, error::IoContext, proc, wait_until};

/// A child process, leader of its own process group, killed when this is dropped.
#[derive(Debug)]
pub struct Guarded {
    child: Child,
    lab: Arc<Lab>,
    ended: Option<ExitStatus>,
}

impl Guarded {
    pub(crate) fn new(child: Child, lab: Arc<Lab>) -> Self {
        Self { child, lab, ended: None }
    }

    /// The process id, which is the process group's too.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The reading end of its standard output, once, if it was started with a pipe.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// The reading end of its standard error, once, if it was started with a pipe.
    pub fn take_stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// CPU time of all its threads so far, in seconds.
    ///
    /// # Errors
    /// When it has ended.
    pub fn cpu_seconds(&self) -> Result<f64> {
        proc::cpu_seconds(self.pid())
    }

    /// Resident memory in bytes.
    ///
    /// # Errors
    /// When it has ended.
    pub fn rss_bytes(&self) -> Result<u64> {
        proc::rss_bytes(self.pid())
    }

    /// How it ended, or `None` while it runs.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn try_exit(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() && matches!(proc::state(self.pid()), Some('Z') | None) {
            // Dead but not reaped, so the number is still its own: the guardian forgets it first.
            self.lab.forget(self.pid());
            self.ended = Some(self.child.wait().context(|| format!("wait for process {}", self.child.id()))?);
        }
        Ok(self.ended)
    }

    /// Waits until it ends by itself or by an earlier signal.
    ///
    /// # Errors
    /// [`LabError::Timeout`].
    pub fn wait(&mut self, timeout: Duration) -> Result<ExitStatus> {
        let what = format!("process {} to end", self.pid());
        wait_until(timeout, &what, || match self.try_exit() {
            Ok(Some(status)) => Ok(status),
            Ok(None) => Err("it runs".to_owned()),
            Err(error) => Err(error.to_string()),
        })
    }

    /// Sends a signal by its name without SIG (`TERM`, `KILL`, `INT`, `HUP`) to its process group; nothing when it has ended.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn signal(&mut self, name: &str) -> Result<()> {
        if self.try_exit()?.is_some() {
            return Ok(());
        }
        // The shell's own kill: /bin/kill is missing on slim images.
        let output = Command::new("sh")
            .args(["-c", "kill -s \"$1\" -- \"-$2\"", "sh", name, &self.pid().to_string()])
            .stdin(Stdio::null())
            .output()
            .context(|| "run kill".into())?;
        if output.status.success() || self.try_exit()?.is_some() {
            return Ok(());
        }
        let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(LabError::Input(format!("cannot send SIG{name} to process {}: {why}", self.pid())))
    }

    /// Asks it to end (SIGTERM) and waits.
    ///
    /// # Errors
    /// [`LabError::Timeout`] when it does not end in time; it keeps running then.
    pub fn stop(&mut self, timeout: Duration) -> Result<ExitStatus> {
        self.signal("TERM")?;
        self.wait(timeout)
    }

    /// Ends it at once (SIGKILL), frozen or not, and waits.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.signal("KILL")?;
        // A JVM in the middle of a write to a busy disk is gone when that is done.
        self.wait(Duration::from_secs(120))
    }

    /// Stops it in its tracks (SIGSTOP): its connections stay open and nothing answers.
    ///
    /// # Errors
    /// When it has ended.
    pub fn freeze(&mut self) -> Result<()> {
        self.signal("STOP")?;
        let pid = self.pid();
        wait_until(Duration::from_secs(5), &format!("process {pid} to freeze"), || match proc::state(pid) {
            Some('T') => Ok(()),
            state => Err(format!("state {state:?}")),
        })
    }

    /// Lets a frozen process run on (SIGCONT).
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn thaw(&mut self) -> Result<()> {
        self.signal("CONT")
    }

    /// Waits until `ready` says `Ok`; gives up at once when the process ends. The folder is kept on failure.
    ///
    /// `who` names the process in the error, `log` is the file that its output goes to.
    ///
    /// # Errors
    /// [`LabError::Start`] with the log's last lines.
    pub fn await_ready<E: Display>(
        &mut self,
        who: &str,
        log: &Path,
        timeout: Duration,
        mut ready: impl FnMut() -> Result<(), E>,
    ) -> Result<()> {
        let mut ended = None;
        let waited = wait_until(timeout, who, || {
            ended = self.try_exit().map_err(|error| error.to_string())?;
            if ended.is_some() { Ok(()) } else { ready().map_err(|error| error.to_string()) }
        });
        let why = match (ended, waited) {
            (None, Ok(())) => return Ok(()),
            (Some(status), _) => format!("it ended with {status}"),
            (None, Err(error)) => error.to_string(),
        };
        self.lab.keep();
        Err(LabError::Start { who: who.into(), why, log: log.into(), tail: tail(log) })
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // Should even this fail, the guardian still has it on its list.
        let _ = self.kill();
    }
}

/// The last lines of a log, for an error.
fn tail(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper(lab: &Arc<Lab>) -> Guarded {
        lab.spawn_guarded(Command::new("sleep").arg("600"), Stdio::null(), Stdio::null()).expect("sleep starts")
    }

    #[test]
    fn a_dropped_lab_leaves_no_folder_no_process_and_no_guardian() {
        let lab = Lab::new().expect("a lab");
        let (folder, guardian) = (lab.folder().to_owned(), lab.guardian_pid());
        fs::create_dir(folder.join("data")).expect("the folder is writable");
        let mut running = sleeper(&lab);
        let mut frozen = sleeper(&lab);
        frozen.freeze().expect("freezes");
        let pids = [running.pid(), frozen.pid()];
        assert!(running.try_exit().expect("state").is_none());
        drop((running, frozen, lab));
        assert!(!folder.exists());
        for pid in [guardian, pids[0], pids[1]] {
            assert_eq!(proc::state(pid), None, "process {pid}");
        }
    }

    #[test]
    fn signals_freeze_thaw_and_end_a_process() {
        let lab = Lab::new().expect("a lab");
        let mut sleeper = sleeper(&lab);
        sleeper.freeze().expect("freezes");
        assert!(sleeper.wait(Duration::from_millis(100)).is_err(), "a frozen process does not end");
        sleeper.thaw().expect("thaws");
        let status = sleeper.stop(Duration::from_secs(5)).expect("ends");
        assert!(!status.success());
        sleeper.signal("TERM").expect("a signal to an ended process is no error");
    }

    #[test]
    fn a_process_that_ends_instead_of_getting_ready_shows_its_log_and_keeps_the_folder() {
        let lab = Lab::new().expect("a lab");
        let log = lab.folder().join("log");
        let mut broken =
            lab.spawn_logged(Command::new("sh").args(["-c", "echo no disk left; exit 3"]), &log).expect("starts");
        let error =
            broken.await_ready("the broker", &log, Duration::from_secs(5), || Err("not up")).expect_err("it ended");
        let text = error.to_string();
        assert!(text.contains("it ended with exit status: 3") && text.contains("no disk left"), "{text}");
        let folder = lab.folder().to_owned();
        drop((broken, lab));
        assert!(folder.exists());
        fs::remove_dir_all(folder).expect("clean up");
    }
}
