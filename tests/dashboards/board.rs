//! Dashboards as Grafana reads them: the JSON files in, panels, queries and variables out. Only what the tests look at.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// Where the generated dashboards are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("grafana/dashboards")
}

/// A dashboard and the file that it was read from.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    /// The file's name without `.json`.
    pub(crate) file: String,
    pub(crate) raw: Value,
    pub(crate) dashboard: Dashboard,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dashboard {
    #[serde(default)]
    pub(crate) uid: String,
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    pub(crate) editable: Option<bool>,
    #[serde(default)]
    pub(crate) timezone: String,
    #[serde(default)]
    pub(crate) graph_tooltip: u8,
    #[serde(default)]
    pub(crate) links: Vec<Value>,
    #[serde(default)]
    pub(crate) panels: Vec<Panel>,
    pub(crate) templating: Templating,
    #[serde(default)]
    pub(crate) annotations: Annotations,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Templating {
    pub(crate) list: Vec<Variable>,
}

/// A variable of a dashboard.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Variable {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) label: String,
    /// A text, or an object with the text in `query`.
    #[serde(default)]
    query: Value,
    #[serde(default)]
    current: Value,
    pub(crate) datasource: Option<Datasource>,
    #[serde(default)]
    pub(crate) multi: bool,
    #[serde(default)]
    pub(crate) include_all: bool,
    pub(crate) all_value: Option<String>,
    #[serde(default)]
    pub(crate) refresh: u8,
}

impl Variable {
    /// The text of its query.
    pub(crate) fn query(&self) -> &str {
        self.query.as_str().or_else(|| self.query["query"].as_str()).unwrap_or_default()
    }

    /// The value that is chosen when the dashboard is opened.
    pub(crate) fn current(&self) -> Option<&str> {
        self.current["value"].as_str()
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Annotations {
    pub(crate) list: Vec<Annotation>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Annotation {
    pub(crate) name: String,
    pub(crate) datasource: Option<Datasource>,
    #[serde(default)]
    pub(crate) expr: String,
    #[serde(default)]
    pub(crate) title_format: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Datasource {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) uid: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Panel {
    #[serde(default)]
    pub(crate) id: u32,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) datasource: Option<Datasource>,
    pub(crate) grid_pos: GridPos,
    #[serde(default)]
    pub(crate) targets: Vec<Target>,
    #[serde(default)]
    pub(crate) field_config: FieldConfig,
    #[serde(default)]
    pub(crate) transformations: Vec<Value>,
    /// Of a row that is collapsed.
    #[serde(default)]
    pub(crate) panels: Vec<Panel>,
}

impl Panel {
    /// Whether its thresholds are lines in a graph.
    pub(crate) fn draws_limits(&self) -> bool {
        let mode = &self.field_config.defaults.custom["thresholdsStyle"]["mode"];
        mode.as_str().is_some_and(|mode| mode != "off")
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct GridPos {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) w: u32,
    pub(crate) h: u32,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Target {
    #[serde(default)]
    pub(crate) expr: String,
    #[serde(default)]
    pub(crate) legend_format: String,
    #[serde(default)]
    pub(crate) ref_id: String,
    #[serde(default)]
    pub(crate) instant: bool,
    pub(crate) datasource: Option<Datasource>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct FieldConfig {
    #[serde(default)]
    pub(crate) defaults: FieldOptions,
    #[serde(default)]
    pub(crate) overrides: Vec<Override>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FieldOptions {
    pub(crate) unit: Option<String>,
    pub(crate) thresholds: Option<Thresholds>,
    pub(crate) no_value: Option<String>,
    #[serde(default)]
    custom: Value,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(crate) struct Thresholds {
    #[serde(default)]
    pub(crate) steps: Vec<Step>,
}

/// A colour, and the lowest value that has it; the first has none.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Step {
    pub(crate) color: String,
    pub(crate) value: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Override {
    pub(crate) matcher: Value,
    pub(crate) properties: Vec<Property>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Property {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) value: Value,
}

impl Override {
    /// The value of an option that it sets.
    pub(crate) fn get(&self, id: &str) -> Option<&Value> {
        self.properties.iter().find(|property| property.id == id).map(|property| &property.value)
    }

    /// The name of the field that it is for, if it is for one by name.
    pub(crate) fn field(&self) -> Option<&str> {
        (self.matcher["id"] == "byName").then(|| self.matcher["options"].as_str()).flatten()
    }
}

impl Board {
    /// From the text of a file.
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, String> {
        let raw: Value = serde_json::from_str(text).map_err(|error| format!("{file}: {error}"))?;
        let dashboard = Dashboard::deserialize(&raw).map_err(|error| format!("{file}: {error}"))?;
        Ok(Self { file: file.to_owned(), raw, dashboard })
    }

    /// All panels but the headings of rows, those of collapsed rows included.
    pub(crate) fn panels(&self) -> impl Iterator<Item = &Panel> {
        let all = self.dashboard.panels.iter().flat_map(|panel| std::iter::once(panel).chain(&panel.panels));
        all.filter(|panel| panel.kind != "row")
    }

    /// The variable of that name.
    pub(crate) fn variable(&self, name: &str) -> Option<&Variable> {
        self.dashboard.templating.list.iter().find(|variable| variable.name == name)
    }

    /// All queries in PromQL of panels and annotations.
    pub(crate) fn queries(&self) -> impl Iterator<Item = Query<'_>> {
        let panels = self.panels().flat_map(|panel| {
            panel.targets.iter().map(|target| Query {
                place: &panel.title,
                panel: Some(panel),
                expr: &target.expr,
                legend: if target.legend_format == "__auto" { "" } else { &target.legend_format },
                instant: target.instant,
            })
        });
        panels.chain(self.dashboard.annotations.list.iter().map(|annotation| Query {
            place: &annotation.name,
            panel: None,
            expr: &annotation.expr,
            legend: &annotation.title_format,
            instant: false,
        }))
    }
}

/// A query of a panel, or of an annotation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'b> {
    /// The panel's title or the annotation's name.
    pub(crate) place: &'b str,
    pub(crate) panel: Option<&'b Panel>,
    pub(crate) expr: &'b str,
    pub(crate) legend: &'b str,
    pub(crate) instant: bool,
}

/// The labels that a legend shows, as in `{{topic}}`.
pub(crate) fn legend_labels(legend: &str) -> impl Iterator<Item = &str> {
    legend.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim()))
}

/// All dashboards, by file name.
pub(crate) fn read_all() -> Vec<Board> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert_eq!(path.extension().and_then(|extension| extension.to_str()), Some("json"), "{}", path.display());
        files.insert(stem, fs::read_to_string(&path).unwrap());
    }
    assert!(!files.is_empty(), "{} has no dashboards: run `cargo xtask dashboards`", folder().display());
    files.iter().map(|(file, text)| Board::parse(file, text).unwrap()).collect()
}
