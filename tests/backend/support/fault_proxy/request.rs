//! Just enough HTTP/1.1 to tell one request to an S3 server from another, and where it ends.

use std::io;

/// What an S3 client asks: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    ListUploads,
    Create,
    /// UploadPart of this number.
    Part(u32),
    ListParts,
    Complete,
    Abort,
    /// PutObject: a file in one piece.
    Put,
    Head,
    ListVersions,
    Get,
    Delete,
    /// About the bucket.
    Other,
}

/// The first lines of a request or an answer, as they came, with the empty line at their end.
#[derive(Clone, Debug)]
pub(super) struct Head {
    text: String,
}

impl Head {
    /// # Errors
    /// When it is no text.
    pub(super) fn new(bytes: Vec<u8>) -> io::Result<Self> {
        Ok(Self { text: String::from_utf8(bytes).map_err(io::Error::other)? })
    }

    fn first_line(&self) -> impl Iterator<Item = &str> {
        self.text.split("\r\n").next().unwrap_or_default().split(' ')
    }

    pub(super) fn method(&self) -> &str {
        self.first_line().next().unwrap_or_default()
    }

    fn target(&self) -> (&str, &str) {
        let target = self.first_line().nth(1).unwrap_or_default();
        target.split_once('?').unwrap_or((target, ""))
    }

    /// Of an answer.
    pub(super) fn status(&self) -> u16 {
        self.first_line().nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let fields = self.text.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    /// Bytes of the body: what the clients here send always has a length.
    ///
    /// # Errors
    /// For a body in chunks.
    pub(super) fn body_bytes(&self) -> io::Result<u64> {
        if self.header("transfer-encoding").is_some() {
            return Err(io::Error::other("a request in chunks"));
        }
        self.header("content-length").map_or(Ok(0), |length| length.parse().map_err(io::Error::other))
    }

    /// Whether its reader can tell where the body ends without the connection's end.
    pub(super) fn is_framed(&self, method: &str) -> bool {
        let has_no_body = method == "HEAD" || matches!(self.status(), 204 | 304);
        has_no_body || self.header("content-length").is_some() || self.header("transfer-encoding").is_some()
    }

    /// The same without what it says of the connection; with `close`, that it ends here.
    pub(super) fn for_next_hop(&self, close: bool) -> Vec<u8> {
        let is_of_connection = |line: &&str| line.to_ascii_lowercase().starts_with("connection:");
        let lines = self.text.trim_end_matches("\r\n").split("\r\n").filter(|line| !is_of_connection(line));
        let mut text: String = lines.flat_map(|line| [line, "\r\n"]).collect();
        text.push_str(if close { "connection: close\r\n\r\n" } else { "\r\n" });
        text.into_bytes()
    }

    fn asked(&self, name: &str) -> Option<&str> {
        let fields = self.target().1.split('&').map(|field| field.split_once('=').unwrap_or((field, "")));
        fields.filter(|(field, _)| *field == name).map(|(_, value)| value).next()
    }

    pub(super) fn path(&self) -> &str {
        self.target().0
    }

    pub(super) fn kind(&self) -> Kind {
        let (path, asks) = (self.target().0, |name| self.asked(name).is_some());
        let part = self.asked("partNumber").and_then(|part| part.parse().ok());
        let is_bucket = path.trim_matches('/').split('/').count() < 2;
        match (self.method(), part) {
            ("PUT", Some(part)) => Kind::Part(part),
            ("GET", _) if asks("uploads") => Kind::ListUploads,
            ("GET", _) if asks("versions") => Kind::ListVersions,
            (_, _) if is_bucket => Kind::Other,
            ("POST", _) if asks("uploads") => Kind::Create,
            ("POST", _) if asks("uploadId") => Kind::Complete,
            ("GET", _) if asks("uploadId") => Kind::ListParts,
            ("DELETE", _) if asks("uploadId") => Kind::Abort,
            ("PUT", _) => Kind::Put,
            ("HEAD", _) => Kind::Head,
            ("GET", _) => Kind::Get,
            ("DELETE", _) => Kind::Delete,
            _ => Kind::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(first: &str) -> Head {
        Head::new(format!("{first} HTTP/1.1\r\nHost: here:1\r\nContent-Length: 12\r\n\r\n").into_bytes()).unwrap()
    }

    #[test]
    fn requests_are_told_apart_by_method_path_and_query() {
        for (first, kind) in [
            ("GET /bucket?uploads&prefix=a%2Fb", Kind::ListUploads),
            ("GET /bucket?versions&prefix=a%2Fb", Kind::ListVersions),
            ("GET /bucket/?list-type=2", Kind::Other),
            ("POST /bucket/a/b?uploads", Kind::Create),
            ("PUT /bucket/a/b?x-id=UploadPart&partNumber=7&uploadId=u", Kind::Part(7)),
            ("GET /bucket/a/b?x-id=ListParts&uploadId=u", Kind::ListParts),
            ("POST /bucket/a/b?uploadId=u", Kind::Complete),
            ("DELETE /bucket/a/b?uploadId=u", Kind::Abort),
            ("PUT /bucket/a/b?X-Amz-Signature=s", Kind::Put),
            ("HEAD /bucket/a/b", Kind::Head),
            ("HEAD /bucket", Kind::Other),
            ("GET /bucket/a/b?versionId=v", Kind::Get),
            ("DELETE /bucket/a/b?versionId=v", Kind::Delete),
        ] {
            assert_eq!(head(first).kind(), kind, "{first}");
        }
    }

    #[test]
    fn a_head_passes_on_as_it_was_but_for_the_connection() {
        let head = Head::new(b"PUT /b/k HTTP/1.1\r\nHost: a:1\r\nConnection: keep-alive\r\n\r\n".to_vec()).unwrap();
        assert_eq!(head.for_next_hop(true), b"PUT /b/k HTTP/1.1\r\nHost: a:1\r\nconnection: close\r\n\r\n");
        assert_eq!(head.for_next_hop(false), b"PUT /b/k HTTP/1.1\r\nHost: a:1\r\n\r\n");
    }
}
