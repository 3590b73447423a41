//! What a scraper's `Accept` and `Accept-Encoding` headers ask for.

use std::io::{self, Write};

use super::page::Page;
use super::{openmetrics, text};

/// A text format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Prometheus' text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

impl Format {
    /// The format for the values of the `Accept` headers: OpenMetrics only where it is named, in version 1.0.0 or
    /// without version, and with a weight not below that of plain text; else, and for what is not understood, 0.0.4.
    /// OpenMetrics 2.0 names counters in another way and is never answered.
    pub fn accepted<'h>(accept: impl IntoIterator<Item = &'h str>) -> Self {
        let mut openmetrics = 0.0_f32;
        // The most specific range decides: text/plain before text/* before */*.
        let mut text = (0, 0.0_f32);
        for range in accept.into_iter().flat_map(|header| header.split(',')).filter_map(Range::parse) {
            let specific = match range.name {
                name if name.eq_ignore_ascii_case("application/openmetrics-text") => {
                    if range.version.is_none_or(|version| version == "1.0.0") {
                        openmetrics = openmetrics.max(range.weight);
                    }
                    continue;
                }
                name if name.eq_ignore_ascii_case("text/plain") => {
                    if range.version.is_some_and(|version| version != "0.0.4") {
                        continue;
                    }
                    3
                }
                name if name.eq_ignore_ascii_case("text/*") => 2,
                "*/*" => 1,
                _ => continue,
            };
            if specific > text.0 || (specific == text.0 && range.weight > text.1) {
                text = (specific, range.weight);
            }
        }
        if openmetrics > 0.0 && openmetrics >= text.1 { Self::OpenMetrics } else { Self::Text }
    }

    /// The value of the `Content-Type` header. It names no escaping scheme: all our names are valid without one.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// Writes `page` to `out` in this format, piece by piece.
    pub fn write(self, page: &Page<'_>, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Text => text::write(page, out),
            Self::OpenMetrics => openmetrics::write(page, out),
        }
    }
}

/// Whether the values of the `Accept-Encoding` headers prefer gzip to no compression, or like both alike.
pub fn gzip_accepted<'h>(accept_encoding: impl IntoIterator<Item = &'h str>) -> bool {
    let (mut gzip, mut any, mut identity) = (None, None, None);
    for range in accept_encoding.into_iter().flat_map(|header| header.split(',')).filter_map(Range::parse) {
        let weight = match range.name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => &mut gzip,
            "*" => &mut any,
            "identity" => &mut identity,
            _ => continue,
        };
        *weight = Some(weight.map_or(range.weight, |earlier: f32| earlier.max(range.weight)));
    }
    let gzip = gzip.or(any).unwrap_or(0.0);
    gzip > 0.0 && gzip >= identity.unwrap_or(0.0)
}

/// One of the ranges between the commas of an `Accept...` header.
struct Range<'h> {
    name: &'h str,
    version: Option<&'h str>,
    weight: f32,
}

impl<'h> Range<'h> {
    /// `None` for a weight that is no number from 0 to 1.
    fn parse(text: &'h str) -> Option<Self> {
        let mut pieces = text.split(';').map(str::trim);
        let mut range = Self { name: pieces.next()?, version: None, weight: 1.0 };
        for (name, value) in pieces.filter_map(|piece| piece.split_once('=')) {
            let (name, value) = (name.trim(), value.trim().trim_matches('"'));
            if name.eq_ignore_ascii_case("q") {
                range.weight = value.parse().ok().filter(|weight| (0.0..=1.0).contains(weight))?;
            } else if name.eq_ignore_ascii_case("version") {
                range.version = Some(value);
            }
        }
        Some(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openmetrics_is_answered_only_when_asked_for_and_not_outweighed() {
        use Format::{OpenMetrics, Text};
        for (accept, expected) in [
            ("", Text),
            ("*/*", Text),
            ("application/*", Text),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Text),
            ("application/openmetrics-text", OpenMetrics),
            ("Application/OpenMetrics-Text; Version=\"1.0.0\"", OpenMetrics),
            ("application/openmetrics-text; version=2.0.0", Text),
            ("application/openmetrics-text; version=0.0.1", Text),
            ("application/openmetrics-text; version=1.0.0; q=0", Text),
            ("application/openmetrics-text; version=1.0.0; q=high", Text),
            ("application/openmetrics-text; version=1.0.0; q=NaN", Text),
            ("application/openmetrics-text; version=1.0.0, text/plain", OpenMetrics),
            ("text/plain;version=0.0.4;q=1,*/*;q=0.1", Text),
            ("text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0;q=0.9", Text),
            ("*/*, application/openmetrics-text;version=1.0.0;q=0.9", Text),
            ("*/*, text/plain;q=0.1, application/openmetrics-text;version=1.0.0;q=0.9", OpenMetrics),
            ("text/plain;version=1.0.0, application/openmetrics-text;version=1.0.0;q=0.9", OpenMetrics),
            // Prometheus 2.42 and 3.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                 text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                 application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
                 text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
                OpenMetrics,
            ),
        ] {
            assert_eq!(Format::accepted([accept]), expected, "{accept}");
        }
        assert_eq!(Format::accepted([]), Text);
        assert_eq!(Format::accepted(["text/plain;q=0.5", "application/openmetrics-text"]), OpenMetrics);
    }

    #[test]
    fn gzip_is_used_when_it_is_accepted_and_not_outweighed() {
        for (accept, expected) in [
            ("", false),
            ("gzip", true),
            ("GZip", true),
            ("deflate, gzip;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000, *", false),
            ("*", true),
            ("*;q=0", false),
            ("br, zstd", false),
            ("identity, gzip;q=0.5", false),
            ("identity;q=0.5, gzip", true),
            ("gzip;q=2", false),
        ] {
            assert_eq!(gzip_accepted([accept]), expected, "{accept}");
        }
        assert!(!gzip_accepted([]));
        assert!(gzip_accepted(["br", "gzip"]));
    }
}
