//! What a receiver said.

/// The largest answer that is read, in bytes. The rest is left unread and the connection is closed.
pub const LARGEST_ANSWER: usize = 1024 * 1024;

/// How much of an answer is kept, in bytes.
pub const KEPT_BYTES: usize = 1024;

/// What a receiver said, as far as it is kept: no headers, since they may hold secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status, or the code of a mail server.
    pub status: Option<u16>,
    /// The beginning of its text, in one line, without anything that deceives the eye.
    pub text: String,
}

impl Answer {
    pub(crate) fn of(status: u16, body: &[u8]) -> Self {
        let beginning = body.get(..KEPT_BYTES.min(body.len())).unwrap_or_default();
        let text = String::from_utf8_lossy(beginning);
        let mut text = palisade_message::Plain::new(&text).as_str().to_owned();
        while text.len() > KEPT_BYTES {
            text.pop();
        }
        Self { status: Some(status), text }
    }
}
