//! However the process that started Kafka ends, no JVM, guardian or folder is left, frozen nodes included.

#![allow(clippy::expect_used, reason = "helpers of tests fail the test")]

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use kafka_lab::{proc, wait_until};

/// What `kafka-lab-up` said, once it is ready.
struct Up {
    process: Child,
    nodes: Vec<u32>,
    guardian: u32,
    folder: PathBuf,
}

fn up() -> Up {
    let mut process = Command::new(env!("CARGO_BIN_EXE_kafka-lab-up"))
        .args(["--nodes", "2", "--jolokia"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("kafka-lab-up starts");
    let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines().map(|line| line.expect("a line"));
    let lines: Vec<String> = lines.take_while(|line| line != "ready").collect();
    let words: Vec<Vec<&str>> = lines.iter().map(|line| line.split(' ').collect()).collect();
    let second = |first: &str| words.iter().find(|words| words[0] == first).expect(first)[1];
    Up {
        nodes: words.iter().filter(|words| words[0] == "node").map(|words| words[4].parse().expect("a pid")).collect(),
        guardian: second("guardian").parse().expect("a pid"),
        folder: Path::new(second("folder")).to_owned(),
        process,
    }
}

fn signal(name: &str, pid: u32) {
    let status = Command::new("sh").args(["-c", &format!("kill -s {name} {pid}")]).status().expect("kill runs");
    assert!(status.success(), "SIG{name} to {pid}");
}

#[test]
fn a_killed_parent_leaves_no_process_and_no_folder_even_of_a_frozen_node() {
    for last in ["KILL", "INT"] {
        let mut up = up();
        assert!(up.nodes.len() == 2 && up.folder.is_dir());
        up.nodes.iter().for_each(|pid| assert!(proc::state(*pid).is_some(), "node {pid} runs"));
        signal("STOP", up.nodes[0]);
        signal(last, up.process.id());
        assert!(!up.process.wait().expect("it ends").success());
        // A container's first process may be slow to reap what is dead.
        wait_until(Duration::from_secs(20), "everything to be gone", || {
            let left: Vec<u32> = up
                .nodes
                .iter()
                .copied()
                .chain([up.guardian])
                .filter(|pid| !matches!(proc::state(*pid), None | Some('Z')))
                .collect();
            if left.is_empty() && !up.folder.exists() { Ok(()) } else { Err(format!("{left:?} and {:?}", up.folder)) }
        })
        .expect(last);
    }
}
