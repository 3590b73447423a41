"""Writes the dashboards: `python -m generator`, run in the folder `grafana`, or better `cargo xtask dashboards`."""
