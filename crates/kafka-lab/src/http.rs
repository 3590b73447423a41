//! HTTP GET over a plain socket: a URL in, status and body out.
//!
//! A client library would be a lot of code for this: HTTP/1.0 makes every server end the body by closing the connection, so that nothing
//! but a head has to be parsed, and tests see exactly the bytes that were sent.

use std::{
    io::{Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::{Duration, Instant},
};

use crate::{LabError, Result};

/// No page of a lab is near this.
const MAX_BODY: u64 = 256 << 20;

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The body as it was sent.
    pub body: Vec<u8>,
    /// From before the connection to the body's last byte.
    pub elapsed: Duration,
}

impl Response {
    /// The first header of that (lower case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// GET with more request headers; `timeout` holds for connecting and for each single wait.
///
/// # Errors
/// [`LabError::Http`] when nothing or no HTTP comes back; a status such as 503 is no error here.
pub fn get(url: &str, headers: &[(&str, &str)], timeout: Duration) -> Result<Response> {
    let fail = |why: String| LabError::Http { url: url.into(), why };
    let start = Instant::now();
    let rest = url.strip_prefix("http://").ok_or_else(|| fail("not an http:// address".into()))?;
    let (host, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    let address = host.to_socket_addrs().map_err(|error| fail(format!("resolve {host}: {error}")))?.next();
    let address = address.ok_or_else(|| fail(format!("{host} has no address")))?;

    let exchange = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect_timeout(&address, timeout)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.set_write_timeout(Some(timeout))?;
        let mut request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{request}\r\n").as_bytes())?;
        let mut answer = Vec::new();
        stream.take(MAX_BODY).read_to_end(&mut answer)?;
        Ok(answer)
    };
    let answer = exchange().map_err(|error| fail(error.to_string()))?;
    let (status, headers, body) =
        parse(&answer).ok_or_else(|| fail("the answer is no HTTP, or was cut short".into()))?;
    Ok(Response { status, headers, body: body.to_vec(), elapsed: start.elapsed() })
}

/// `Ok` when the server answers at all, with whatever status.
pub(crate) fn answers(url: &str) -> Result<()> {
    get(url, &[], Duration::from_secs(2)).map(drop)
}

/// The body of a 200.
///
/// # Errors
/// [`LabError::Http`] for everything else, with the start of the body.
pub fn get_ok(url: &str, timeout: Duration) -> Result<String> {
    let response = get(url, &[], timeout)?;
    if response.status == 200 {
        return Ok(response.text());
    }
    let body: String = response.text().chars().take(300).collect();
    Err(LabError::Http { url: url.into(), why: format!("status {}: {}", response.status, body.trim()) })
}

/// Percent-encodes a query parameter's value (RFC 3986, section 2.3).
pub fn encode(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
        text
    })
}

type Parsed<'a> = (u16, Vec<(String, String)>, &'a [u8]);

fn parse(answer: &[u8]) -> Option<Parsed<'_>> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let body = &answer[end + 4..];
    let mut lines = head.split("\r\n");
    let mut status_line = lines.next()?.split(' ');
    let status =
        status_line.next().filter(|version| version.starts_with("HTTP/")).and(status_line.next())?.parse().ok()?;
    let headers = lines
        .map(|line| line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())));
    let headers = headers.collect::<Option<Vec<_>>>()?;
    let length = headers.iter().find(|(name, _)| name == "content-length").map(|(_, value)| value.parse::<usize>());
    let whole = length.is_none_or(|length| length == Ok(body.len()));
    whole.then_some((status, headers, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_parsed_and_a_short_body_is_noticed() {
        let (status, headers, body) =
            parse(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nX-A: b \r\n\r\ndown").expect("parses");
        assert_eq!((status, body), (503, &b"down"[..]));
        assert_eq!(headers[1], ("x-a".to_owned(), "b".to_owned()));
        for broken in
            ["", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ndown", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"]
        {
            assert!(parse(broken.as_bytes()).is_none(), "{broken:?}");
        }
    }

    #[test]
    fn queries_are_percent_encoded() {
        assert_eq!(encode("sum(a{b=\"ü\"})+1"), "sum%28a%7Bb%3D%22%C3%BC%22%7D%29%2B1");
    }
}
