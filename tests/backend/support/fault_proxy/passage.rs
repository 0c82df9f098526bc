//! One connection of a client: request by request to the server and back, with what goes wrong on the way.

use super::request::Head;
use super::{Fault, Shared, Wire};
use std::io;
use std::ops::Range;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HEAD_BYTES_MAX: usize = 64 * 1024;
const CHUNK_BYTES: usize = 64 * 1024;
const SLOW_EVERY: Duration = Duration::from_millis(20);
const SLOW_A_SECOND: u64 = 50;

pub(super) struct Passage<'a, W> {
    near: W,
    /// Read, and not used yet.
    ahead: Vec<u8>,
    shared: &'a Shared,
}

/// What is left of a connection.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    GoOn,
    Close,
    Reset,
}

struct Answer {
    head: Head,
    body: Vec<u8>,
}

impl<'a, W: Wire> Passage<'a, W> {
    pub(super) fn new(near: W, shared: &'a Shared) -> Self {
        Self { near, ahead: Vec::new(), shared }
    }

    /// # Errors
    /// When either side breaks off.
    pub(super) async fn run(mut self) -> io::Result<()> {
        while let Some(head) = self.next_head().await? {
            match self.exchange(&head).await? {
                Then::GoOn => {}
                Then::Close => return Ok(()),
                Then::Reset => return self.near.socket().set_zero_linger(),
            }
        }
        Ok(())
    }

    /// None: the client has no more to ask.
    async fn next_head(&mut self) -> io::Result<Option<Head>> {
        loop {
            if let Some(at) = end_of_head(&self.ahead) {
                let rest = self.ahead.split_off(at);
                return Head::new(std::mem::replace(&mut self.ahead, rest)).map(Some);
            }
            if self.ahead.len() > HEAD_BYTES_MAX || self.read_on().await? == 0 {
                return Ok(None);
            }
        }
    }

    async fn exchange(&mut self, head: &Head) -> io::Result<Then> {
        let bytes = head.body_bytes()?;
        let (number, fault) = self.shared.begin(head.kind(), head.path(), bytes);
        match fault {
            Some(Fault::Late { by }) => tokio::time::sleep(by).await,
            Some(Fault::Refuse { status, code, retry_after, drains }) => {
                return self.refuse(bytes, &refusal(status, code, retry_after, drains), drains).await;
            }
            Some(Fault::ErrorInside200 { code, done: false }) => {
                return self.refuse(bytes, &refusal(200, code, None, true), true).await;
            }
            // Nothing but a head: cut before the server has it.
            Some(Fault::CutRequest { .. }) if bytes == 0 => return Ok(Then::Close),
            Some(Fault::ResetRequest { .. }) if bytes == 0 => return Ok(Then::Reset),
            _ => {}
        }
        let mut far = TcpStream::connect(self.shared.upstream).await?;
        far.set_nodelay(true)?;
        far.write_all(&head.for_next_hop(true)).await?;
        match self.send_body(&mut far, bytes, fault).await? {
            Then::GoOn => {}
            end => return Ok(end),
        }
        let answer = read_answer(&mut far).await?;
        self.answer(head, answer, number, fault).await
    }

    async fn refuse(&mut self, bytes: u64, refusal: &[u8], drains: bool) -> io::Result<Then> {
        if drains {
            self.discard(bytes).await?;
        }
        self.say(refusal).await?;
        Ok(if drains { Then::GoOn } else { Then::Close })
    }

    async fn discard(&mut self, mut left: u64) -> io::Result<()> {
        while left > 0 {
            left -= self.next_chunk(left).await?.len() as u64;
        }
        Ok(())
    }

    async fn read_on(&mut self) -> io::Result<usize> {
        self.ahead.reserve(CHUNK_BYTES);
        self.near.read_buf(&mut self.ahead).await
    }

    /// At most so many bytes of the body.
    async fn next_chunk(&mut self, at_most: u64) -> io::Result<Vec<u8>> {
        if self.ahead.is_empty() && self.read_on().await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let length = self.ahead.len().min(usize::try_from(at_most).unwrap_or(CHUNK_BYTES)).min(CHUNK_BYTES);
        let rest = self.ahead.split_off(length);
        Ok(std::mem::replace(&mut self.ahead, rest))
    }

    async fn send_body(&mut self, far: &mut TcpStream, bytes: u64, fault: Option<Fault>) -> io::Result<Then> {
        let first = match fault {
            Some(Fault::CutRequest { after } | Fault::ResetRequest { after } | Fault::StallRequest { after, .. }) => {
                after.min(bytes)
            }
            _ => bytes,
        };
        self.pass(far, 0..first, fault).await?;
        match fault {
            Some(Fault::CutRequest { .. }) => return Ok(Then::Close),
            Some(Fault::ResetRequest { .. }) => return Ok(Then::Reset),
            Some(Fault::StallRequest { lasts, .. }) => tokio::time::sleep(lasts).await,
            _ => {}
        }
        self.pass(far, first..bytes, fault).await?;
        Ok(Then::GoOn)
    }

    async fn pass(&mut self, far: &mut TcpStream, range: Range<u64>, fault: Option<Fault>) -> io::Result<()> {
        let mut sent = range.start;
        while sent < range.end {
            let mut at_most = range.end - sent;
            if let Some(Fault::SlowRequest { bytes_per_second }) = fault {
                tokio::time::sleep(SLOW_EVERY).await;
                at_most = at_most.min((bytes_per_second / SLOW_A_SECOND).max(1));
            }
            let mut chunk = self.next_chunk(at_most).await?;
            if let Some(Fault::FlipRequest { at }) = fault {
                flip(&mut chunk, at.checked_sub(sent));
            }
            sent += chunk.len() as u64;
            // A server that refuses early stops reading: the rest is for nobody, and its answer is waiting.
            let _ = far.write_all(&chunk).await;
        }
        Ok(())
    }

    async fn answer(&mut self, head: &Head, answer: Answer, number: usize, fault: Option<Fault>) -> io::Result<Then> {
        match fault {
            Some(Fault::DropAnswer) => return Ok(Then::Close),
            Some(Fault::ResetAnswer) => return Ok(Then::Reset),
            Some(Fault::ErrorInside200 { code, .. }) => {
                self.say(&refusal(200, code, None, true)).await?;
                return Ok(Then::GoOn);
            }
            Some(Fault::HoldAnswer { lasts }) => tokio::time::sleep(lasts).await,
            _ => {}
        }
        let mut bytes = answer.head.for_next_hop(false);
        bytes.extend_from_slice(&answer.body);
        match fault {
            Some(Fault::FlipAnswer { within }) => {
                let at = middle_of(within, &bytes);
                flip(&mut bytes, at);
                self.say(&bytes).await?;
            }
            Some(Fault::CutAnswer { after }) if after < bytes.len() as u64 => {
                bytes.truncate(usize::try_from(after).unwrap_or(usize::MAX));
                self.say(&bytes).await?;
                return Ok(Then::Close);
            }
            Some(Fault::SlowAnswer { bytes_per_second }) => {
                for piece in
                    bytes.chunks(usize::try_from(bytes_per_second / SLOW_A_SECOND).unwrap_or(CHUNK_BYTES).max(1))
                {
                    tokio::time::sleep(SLOW_EVERY).await;
                    self.say(piece).await?;
                }
            }
            _ => self.say(&bytes).await?,
        }
        let is_changed = matches!(fault, Some(Fault::FlipRequest { .. } | Fault::FlipAnswer { .. }));
        if (200..300).contains(&answer.head.status()) && !is_changed {
            self.shared.succeeded(number);
        }
        Ok(if answer.head.is_framed(head.method()) { Then::GoOn } else { Then::Close })
    }

    async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.near.write_all(bytes).await?;
        self.near.flush().await
    }
}

/// Whole: with the connection's end, which was asked for. In memory: tests ask for no large objects.
async fn read_answer(far: &mut TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    // After a refusal that came before the body's end the connection may end rudely, the answer being there.
    if let Err(error) = far.read_to_end(&mut bytes).await
        && bytes.is_empty()
    {
        return Err(error);
    }
    let at = end_of_head(&bytes).ok_or(io::ErrorKind::UnexpectedEof)?;
    let body = bytes.split_off(at);
    Ok(Answer { head: Head::new(bytes)?, body })
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// The lowest bit: a digit stays a digit, a letter a letter, mostly.
fn flip(bytes: &mut [u8], at: Option<u64>) {
    if let Some(byte) = at.and_then(|at| usize::try_from(at).ok()).and_then(|at| bytes.get_mut(at)) {
        *byte ^= 1;
    }
}

/// Of what stands in a header, or between the tags of an element, of this name.
fn middle_of(name: &str, answer: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(answer).to_ascii_lowercase();
    let value = |open: String, end: &str| {
        let from = text.find(&open)? + open.len();
        Some((from + from + text[from..].find(end)?) as u64 / 2)
    };
    let name = name.to_ascii_lowercase();
    value(format!("<{name}>"), "<").or_else(|| value(format!("\r\n{name}: "), "\r\n"))
}

/// As S3 refuses: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn refusal(status: u16, code: &str, retry_after: Option<u32>, stays: bool) -> Vec<u8> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>by the test</Message></Error>"
    );
    let retry_after = retry_after.map(|seconds| format!("Retry-After: {seconds}\r\n")).unwrap_or_default();
    let connection = if stays { "" } else { "Connection: close\r\n" };
    let length = body.len();
    format!(
        "HTTP/1.1 {status} As-Asked\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\n\
         {retry_after}{connection}\r\n{body}"
    )
    .into_bytes()
}
