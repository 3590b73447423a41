//! A real Prometheus: its configuration in, query results and target states out.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command, sync::Arc, time::Duration};

use serde_json::Value;

use crate::{Guarded, Lab, LabError, Result, error::IoContext, free_port, http, tools};

const START: Duration = Duration::from_secs(60);
const QUERY: Duration = Duration::from_secs(10);

/// A running Prometheus; it ends when this is dropped.
#[derive(Debug)]
pub struct Prometheus {
    url: String,
    log: PathBuf,
    process: Guarded,
}

/// One series of an instant query's result.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its labels, `__name__` among them where the query keeps it.
    pub labels: BTreeMap<String, String>,
    /// Its value; NaN and infinities included.
    pub value: f64,
}

/// One series of a range query's result.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Unix time in seconds and value of each point that there is.
    pub points: Vec<(f64, f64)>,
}

/// The points of a range query.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// Unix time of the first, in seconds.
    pub start: f64,
    /// Unix time that none is beyond.
    pub end: f64,
    /// Between two of them.
    pub step: Duration,
}

/// One active target of a scrape job.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// `job`, `instance` and what else relabelling left.
    pub labels: BTreeMap<String, String>,
    /// The address that is scraped.
    pub url: String,
    /// `up`, `down`, or `unknown` before the first scrape.
    pub health: String,
    /// The last scrape's error, else empty.
    pub error: String,
}

impl Prometheus {
    /// Starts `prometheus` from PATH with the text of a prometheus.yml, storage in the lab's folder, on a free port of 127.0.0.1, and
    /// waits until it is ready. Paths in the configuration are taken from the lab's folder.
    ///
    /// # Errors
    /// [`LabError::Missing`] names the Debian package; [`LabError::Start`] shows the log, as for a configuration that is wrong.
    pub fn start(lab: &Arc<Lab>, configuration: &str) -> Result<Self> {
        Self::start_program(lab, "prometheus", configuration)
    }

    /// The same with another executable, a name in PATH or a path.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_program(lab: &Arc<Lab>, program: &str, configuration: &str) -> Result<Self> {
        let program = tools::find(program, "prometheus")?;
        let port = free_port()?;
        let file = lab.folder().join(format!("prometheus-{port}.yml"));
        fs::write(&file, configuration).context(|| format!("write {}", file.display()))?;
        let log = lab.folder().join(format!("prometheus-{port}.log"));
        let mut command = Command::new(program);
        command.current_dir(lab.folder()).args([
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", lab.folder().join(format!("prometheus-{port}")).display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
            "--log.level=warn".into(),
        ]);
        let url = format!("http://127.0.0.1:{port}");
        let mut process = lab.spawn_logged(&command, &log)?;
        let ready = format!("{url}/-/ready");
        process.await_ready("Prometheus", &log, START, || http::get_ok(&ready, Duration::from_secs(2)).map(drop))?;
        Ok(Self { url, log, process })
    }

    /// Where it listens, `http://127.0.0.1:port`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its log file (warnings and errors).
    pub fn log(&self) -> &std::path::Path {
        &self.log
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// When it has ended.
    pub fn check(&mut self) -> Result<()> {
        match self.process.try_exit()? {
            None => Ok(()),
            Some(status) => Err(LabError::Input(format!("Prometheus ended with {status}"))),
        }
    }

    /// Its process id: SIGHUP has it read its configuration and rules again.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Guarded {
        &mut self.process
    }

    /// An instant query, now. A scalar comes back as one sample without labels.
    ///
    /// # Errors
    /// [`LabError::Http`] with Prometheus' own words, as for a query that does not parse.
    pub fn query(&self, promql: &str) -> Result<Vec<Sample>> {
        self.instant(&format!("query?query={}", http::encode(promql)))
    }

    /// An instant query, as of a Unix time in seconds.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub fn query_at(&self, promql: &str, time: f64) -> Result<Vec<Sample>> {
        self.instant(&format!("query?query={}&time={time:.3}", http::encode(promql)))
    }

    fn instant(&self, path: &str) -> Result<Vec<Sample>> {
        let data = self.api(path)?;
        samples(&data).ok_or_else(|| self.unexpected(path, &data))
    }

    /// A range query.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub fn query_range(&self, promql: &str, range: Range) -> Result<Vec<Series>> {
        let Range { start, end, step } = range;
        let step = step.as_secs_f64();
        let path = format!("query_range?query={}&start={start:.3}&end={end:.3}&step={step}", http::encode(promql));
        let data = self.api(&path)?;
        matrix(&data).ok_or_else(|| self.unexpected(&path, &data))
    }

    /// The values of a label, of the series that a selector chooses.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub fn label_values(&self, selector: &str, label: &str) -> Result<Vec<String>> {
        let path = format!("label/{label}/values?match[]={}", http::encode(selector));
        let data = self.api(&path)?;
        serde_json::from_value(data.clone()).map_err(|_| self.unexpected(&path, &data))
    }

    /// The active targets of all jobs.
    ///
    /// # Errors
    /// [`LabError::Http`] when Prometheus does not answer.
    pub fn targets(&self) -> Result<Vec<Target>> {
        let path = "targets?state=active";
        let data = self.api(path)?;
        targets(&data).ok_or_else(|| self.unexpected(path, &data))
    }

    /// `data` of an answer of the HTTP API; `path` is what follows `/api/v1/`.
    ///
    /// # Errors
    /// [`LabError::Http`] unless the answer is a success.
    pub fn api(&self, path: &str) -> Result<Value> {
        let url = format!("{}/api/v1/{path}", self.url);
        let text = http::get_ok(&url, QUERY)?;
        let mut answer: Value =
            serde_json::from_str(&text).map_err(|error| LabError::Http { url, why: format!("no JSON: {error}") })?;
        Ok(answer["data"].take())
    }

    fn unexpected(&self, path: &str, data: &Value) -> LabError {
        LabError::Http { url: format!("{}/api/v1/{path}", self.url), why: format!("unexpected answer: {data}") }
    }
}

/// Prometheus' HTTP API, "Expression query result formats".
fn samples(data: &Value) -> Option<Vec<Sample>> {
    let sample = |labels: BTreeMap<String, String>, value: &Value| {
        // Rust reads NaN, +Inf and -Inf as Prometheus writes them.
        Some(Sample { labels, value: value.get(1)?.as_str()?.parse().ok()? })
    };
    match data["resultType"].as_str()? {
        "scalar" => Some(vec![sample(BTreeMap::new(), &data["result"])?]),
        "vector" => data["result"]
            .as_array()?
            .iter()
            .map(|series| sample(labels(&series["metric"])?, &series["value"]))
            .collect(),
        _ => None,
    }
}

fn matrix(data: &Value) -> Option<Vec<Series>> {
    let point = |point: &Value| Some((point.get(0)?.as_f64()?, point.get(1)?.as_str()?.parse().ok()?));
    let series = |series: &Value| {
        let points = series["values"].as_array()?.iter().map(point).collect::<Option<_>>()?;
        Some(Series { labels: labels(&series["metric"])?, points })
    };
    (data["resultType"] == "matrix").then(|| data["result"].as_array()?.iter().map(series).collect()).flatten()
}

fn targets(data: &Value) -> Option<Vec<Target>> {
    let target = |target: &Value| {
        let text = |key: &str| Some(target[key].as_str()?.to_owned());
        Some(Target {
            labels: labels(&target["labels"])?,
            url: text("scrapeUrl")?,
            health: text("health")?,
            error: text("lastError")?,
        })
    };
    data["activeTargets"].as_array()?.iter().map(target).collect()
}

fn labels(object: &Value) -> Option<BTreeMap<String, String>> {
    object.as_object()?.iter().map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_queries_are_read_with_all_their_odd_values() {
        let data = serde_json::json!({"resultType": "vector", "result": [
            {"metric": {"__name__": "up", "job": "a"}, "value": [1.5, "1"]},
            {"metric": {}, "value": [1.5, "NaN"]},
            {"metric": {}, "value": [1.5, "-Inf"]},
        ]});
        let samples = samples(&data).expect("a vector");
        assert_eq!((samples[0].labels["job"].as_str(), samples[0].value), ("a", 1.0));
        assert!(samples[1].value.is_nan() && samples[2].value == f64::NEG_INFINITY);
        assert!(super::samples(&serde_json::json!({"resultType": "matrix", "result": []})).is_none());
        let scalar = serde_json::json!({"resultType": "scalar", "result": [1.5, "2"]});
        assert_eq!(super::samples(&scalar), Some(vec![Sample { labels: BTreeMap::new(), value: 2.0 }]));
    }

    #[test]
    fn a_real_prometheus_scrapes_itself_and_answers() {
        let lab = Lab::new().expect("a lab");
        let port = free_port().expect("a port");
        let config = format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs: [{{job_name: nobody, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n"
        );
        let prometheus = Prometheus::start(&lab, &config).expect("prometheus starts");
        assert_eq!(prometheus.query("vector(6) * 7").expect("query")[0].value, 42.0);
        let range = Range { start: 60.0, end: 120.0, step: Duration::from_secs(30) };
        let series = prometheus.query_range("time()", range).expect("range query");
        let points = vec![(60.0, 60.0), (90.0, 90.0), (120.0, 120.0)];
        assert_eq!(series, [Series { labels: BTreeMap::new(), points }]);
        assert_eq!(prometheus.query_at("time()", 90.5).expect("query")[0].value, 90.5);
        let error = prometheus.query("sum(").expect_err("a broken query").to_string();
        assert!(error.contains("status 400") && error.contains("parse error"), "{error}");
        crate::wait_until(Duration::from_secs(20), "the target to be scraped", || {
            let targets = prometheus.targets().expect("targets");
            if targets.len() == 1 && targets[0].health == "down" && targets[0].error.contains("refused") {
                Ok(())
            } else {
                Err(format!("{targets:?}"))
            }
        })
        .expect("the target is down");
        assert_eq!(prometheus.label_values("up", "job").expect("label values"), ["nobody"]);
        let error = Prometheus::start(&lab, "no: such: thing").expect_err("a broken configuration").to_string();
        assert!(error.starts_with("Prometheus did not start") && error.contains("yaml"), "{error}");
        let folder = lab.folder().to_owned();
        drop((prometheus, lab));
        fs::remove_dir_all(folder).expect("kept because of the second start");
    }
}
