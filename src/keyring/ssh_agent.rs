//! A key that lives in an ssh-agent: two messages of its protocol (draft-ietf-sshm-ssh-agent), list and sign.
//!
//! Apart because the agent is another program: nothing it says is believed. Lengths are bounded, a signature is verified under the
//! public key before anybody uses it, and a name or comment from it is only ever shown escaped. The agent signs the raw bytes it is
//! given: for `ssh-ed25519` that is RFC 8032 pure Ed25519, which FORMAT §6 asks for. One connection serves one request, so that an
//! answer that came too late can never be taken for the next.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::BASE64_NOPAD;
use sha2::{Digest as _, Sha256};

use crate::crypto::signature::{NotSigned, PublicKey, Signature, Signer};

/// An Ed25519 key that an agent holds.
#[derive(Clone, Debug)]
pub struct AgentKey {
    socket: PathBuf,
    /// The public key in the agent's own form, by which it is asked for.
    blob: Vec<u8>,
    public: PublicKey,
}

impl AgentKey {
    /// Finds the key `wanted` (a fingerprint `SHA256:…` as `ssh-add -l` prints it, or a comment) in the agent at `socket`.
    ///
    /// # Errors
    ///
    /// [`AgentError`].
    pub fn find(socket: &Path, wanted: &str) -> Result<Self, AgentError> {
        let identities = list(socket)?;
        let mut fitting = identities.iter().filter(|identity| identity.is_called(wanted));
        let there = || identities.iter().map(ToString::to_string).collect();
        match (fitting.next(), fitting.next()) {
            (Some(identity), None) => {
                Ok(Self { socket: socket.to_owned(), blob: identity.blob.clone(), public: identity.public })
            }
            (None, _) => Err(AgentError::NoSuchKey { wanted: wanted.to_owned(), there: there() }),
            (Some(_), Some(_)) => Err(AgentError::Ambiguous { wanted: wanted.to_owned(), there: there() }),
        }
    }

    fn ask(&self, message: &[u8]) -> Result<Signature, AgentError> {
        let mut request = vec![SIGN_REQUEST];
        put_string(&mut request, &self.blob);
        put_string(&mut request, message);
        request.extend_from_slice(&[0; 4]);
        if request.len() > MAX_REQUEST_BYTE_LEN {
            return Err(AgentError::TooLong(message.len()));
        }
        let answer = exchange(&self.socket, &request, SIGN_PATIENCE)?;
        let Some((&SIGN_RESPONSE, mut rest)) = answer.split_first() else { return Err(AgentError::Refused) };
        let mut blob = take_string(&mut rest)?;
        let kind = take_string(&mut blob)?;
        let signature = Signature::from_bytes(take_string(&mut blob)?);
        match signature {
            Some(signature) if kind == KIND && self.public.verify(message, &signature) => Ok(signature),
            _ => Err(AgentError::WrongSignature),
        }
    }
}

impl Signer for AgentKey {
    fn public_key(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, NotSigned> {
        self.ask(message).map_err(|error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            NotSigned(format!("{error}{cause}"))
        })
    }
}

/// An Ed25519 key that an agent says it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    blob: Vec<u8>,
    public: PublicKey,
    comment: String,
}

impl Identity {
    fn fingerprint(&self) -> String {
        format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(&self.blob)))
    }

    fn is_called(&self, wanted: &str) -> bool {
        self.comment == wanted || self.fingerprint() == wanted
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.fingerprint(), self.comment)
    }
}

/// Why an agent was of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// Two keys have that comment.
    #[error("the ssh-agent holds several keys called `{wanted}`")]
    Ambiguous {
        /// What was asked for.
        wanted: String,
        /// The Ed25519 keys it holds, fingerprint and comment; the agent's words, to be escaped.
        there: Vec<String>,
    },
    /// The connection broke, or nothing came in time.
    #[error("the ssh-agent at `{path}` does not answer")]
    Io {
        /// Its socket.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// What came is not of the protocol.
    #[error("the ssh-agent's answer cannot be read: {0}")]
    Malformed(&'static str),
    /// Nobody said where an agent listens.
    #[error("no ssh-agent: SSH_AUTH_SOCK is not set")]
    NoSocket,
    /// The agent does not hold that key.
    #[error("the ssh-agent holds no Ed25519 key `{wanted}`")]
    NoSuchKey {
        /// What was asked for.
        wanted: String,
        /// The Ed25519 keys it holds, fingerprint and comment; the agent's words, to be escaped.
        there: Vec<String>,
    },
    /// Nothing listens there, or it may not be asked.
    #[error("no ssh-agent listens at `{path}`")]
    NotRunning {
        /// The socket.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The agent said no: locked, confirmation declined, key removed.
    #[error("the ssh-agent refuses")]
    Refused,
    /// Agents take 256 KiB in one request.
    #[error("an ssh-agent signs at most 256 KiB at once, and this has {0} bytes")]
    TooLong(usize),
    /// What came back is not this key's signature over these bytes.
    #[error("the ssh-agent's signature is not one of this key over these bytes")]
    WrongSignature,
}

fn list(socket: &Path) -> Result<Vec<Identity>, AgentError> {
    let answer = exchange(socket, &[REQUEST_IDENTITIES], LIST_PATIENCE)?;
    let Some((&IDENTITIES_ANSWER, mut rest)) = answer.split_first() else { return Err(AgentError::Refused) };
    let count = take_length(&mut rest)?;
    let mut identities = Vec::new();
    for _ in 0..count {
        let blob = take_string(&mut rest)?.to_vec();
        let comment = String::from_utf8_lossy(take_string(&mut rest)?).into_owned();
        // Keys of other kinds, and points that are none, are of no use and no error: an agent may hold anything.
        if let Some(public) = public_key(&blob) {
            identities.push(Identity { blob, public, comment });
        }
    }
    if rest.is_empty() { Ok(identities) } else { Err(AgentError::Malformed("bytes behind the last key")) }
}

fn public_key(mut blob: &[u8]) -> Option<PublicKey> {
    let kind = take_string(&mut blob).ok()?;
    let point = take_string(&mut blob).ok()?;
    let point: &[u8; 32] = point.try_into().ok()?;
    (kind == KIND && blob.is_empty()).then(|| PublicKey::from_bytes(point).ok())?
}

/// Sends one request and returns the one answer: type byte and contents.
fn exchange(socket: &Path, request: &[u8], patience: Duration) -> Result<Vec<u8>, AgentError> {
    let mut stream = connect(socket, patience)?;
    let io = |source| AgentError::Io { path: socket.to_owned(), source };
    let mut framed = Vec::with_capacity(request.len() + 4);
    put_string(&mut framed, request);
    stream.write_all(&framed).map_err(io)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length).map_err(io)?;
    let length = u64::from(u32::from_be_bytes(length));
    if length > MAX_ANSWER_BYTE_LEN {
        return Err(AgentError::Malformed("longer than an agent's answer may be"));
    }
    let mut answer = Vec::new();
    let read = stream.take(length).read_to_end(&mut answer).map_err(io)?;
    if read as u64 == length { Ok(answer) } else { Err(AgentError::Malformed("shorter than it says")) }
}

#[cfg(unix)]
fn connect(socket: &Path, patience: Duration) -> Result<impl Read + Write, AgentError> {
    let not_running = |source| AgentError::NotRunning { path: socket.to_owned(), source };
    let stream = std::os::unix::net::UnixStream::connect(socket).map_err(not_running)?;
    stream.set_read_timeout(Some(patience)).map_err(not_running)?;
    stream.set_write_timeout(Some(LIST_PATIENCE)).map_err(not_running)?;
    Ok(stream)
}

#[cfg(not(unix))]
fn connect(socket: &Path, _patience: Duration) -> Result<std::io::Cursor<Vec<u8>>, AgentError> {
    let source = io::Error::new(io::ErrorKind::Unsupported, "agents are reached through Unix sockets only");
    Err(AgentError::NotRunning { path: socket.to_owned(), source })
}

fn put_string(into: &mut Vec<u8>, bytes: &[u8]) {
    into.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    into.extend_from_slice(bytes);
}

fn take_length(from: &mut &[u8]) -> Result<usize, AgentError> {
    let (length, rest) = from.split_first_chunk::<4>().ok_or(AgentError::Malformed("it is cut short"))?;
    *from = rest;
    usize::try_from(u32::from_be_bytes(*length)).map_err(|_| AgentError::Malformed("a length beyond all bounds"))
}

fn take_string<'a>(from: &mut &'a [u8]) -> Result<&'a [u8], AgentError> {
    let length = take_length(from)?;
    let (string, rest) = from.split_at_checked(length).ok_or(AgentError::Malformed("it is cut short"))?;
    *from = rest;
    Ok(string)
}

const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
const KIND: &[u8] = b"ssh-ed25519";
/// 256 KiB with its length: what OpenSSH's agent takes and gives.
const MAX_REQUEST_BYTE_LEN: usize = (256 << 10) - 4;
const MAX_ANSWER_BYTE_LEN: u64 = 256 << 10;
/// A list needs nobody's consent.
const LIST_PATIENCE: Duration = Duration::from_secs(20);
/// An agent may ask a person first (`ssh-add -c`).
const SIGN_PATIENCE: Duration = Duration::from_mins(5);

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::thread::JoinHandle;

    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;

    /// An agent that answers so many requests, each by what `answer` makes of it.
    struct Fake {
        socket: PathBuf,
        served: JoinHandle<()>,
        _folder: tempfile::TempDir,
    }

    impl Fake {
        fn start(requests: usize, answer: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let socket = folder.path().join("agent");
            let listener = UnixListener::bind(&socket).unwrap();
            let served = std::thread::spawn(move || {
                for _ in 0..requests {
                    let (mut stream, _) = listener.accept().unwrap();
                    let mut length = [0; 4];
                    stream.read_exact(&mut length).unwrap();
                    let mut request = vec![0; u32::from_be_bytes(length) as usize];
                    stream.read_exact(&mut request).unwrap();
                    // Whoever asked may have gone away already.
                    let _ = stream.write_all(&answer(&request));
                }
            });
            Self { socket, served, _folder: folder }
        }
    }

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn blob(key: &SigningKey) -> Vec<u8> {
        let mut blob = Vec::new();
        put_string(&mut blob, KIND);
        put_string(&mut blob, key.verifying_key().as_bytes());
        blob
    }

    fn framed(body: &[u8]) -> Vec<u8> {
        let mut framed = Vec::new();
        put_string(&mut framed, body);
        framed
    }

    fn listing(identities: &[(Vec<u8>, &str)]) -> Vec<u8> {
        let mut body = vec![IDENTITIES_ANSWER];
        body.extend_from_slice(&u32::try_from(identities.len()).unwrap().to_be_bytes());
        for (blob, comment) in identities {
            put_string(&mut body, blob);
            put_string(&mut body, comment.as_bytes());
        }
        framed(&body)
    }

    fn signing(kind: &[u8], signature: &[u8]) -> Vec<u8> {
        let mut blob = Vec::new();
        put_string(&mut blob, kind);
        put_string(&mut blob, signature);
        let mut body = vec![SIGN_RESPONSE];
        put_string(&mut body, &blob);
        framed(&body)
    }

    /// Lists keys 1 (`jo`), 2 and 3 (both `twin`), an RSA key and a weak point; signs by `sign`.
    fn agent(requests: usize, sign: impl Fn(&[u8], &[u8]) -> Vec<u8> + Send + 'static) -> Fake {
        let mut rsa = Vec::new();
        put_string(&mut rsa, b"ssh-rsa");
        put_string(&mut rsa, &[1; 300]);
        let mut weak = Vec::new();
        put_string(&mut weak, KIND);
        put_string(&mut weak, &[0; 32]);
        let keys = [(blob(&key(1)), "jo"), (rsa, "jo"), (weak, "jo"), (blob(&key(2)), "twin"), (blob(&key(3)), "twin")];
        Fake::start(requests, move |request| {
            let (kind, mut rest) = request.split_first().unwrap();
            if *kind == REQUEST_IDENTITIES {
                return listing(&keys);
            }
            assert_eq!(*kind, SIGN_REQUEST);
            let (blob, message) = (take_string(&mut rest).unwrap(), take_string(&mut rest).unwrap());
            assert_eq!(rest, [0; 4], "no flags");
            sign(blob, message)
        })
    }

    #[test]
    fn a_key_is_found_by_comment_and_by_fingerprint_and_signs_raw_bytes() {
        let agent = agent(4, |blob_asked, message| {
            assert_eq!(blob_asked, blob(&key(1)));
            signing(KIND, &key(1).sign(message).to_bytes())
        });
        let found = AgentKey::find(&agent.socket, "jo").unwrap();
        assert_eq!(found.public_key().to_spki()[12..], *key(1).verifying_key().as_bytes());
        let print = format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(blob(&key(1)))));
        let again = AgentKey::find(&agent.socket, &print).unwrap();
        assert_eq!(again.public_key(), found.public_key());
        for message in [Vec::new(), vec![7; 200_000]] {
            assert!(found.public_key().verify(&message, &found.sign(&message).unwrap()));
        }
        agent.served.join().unwrap();
    }

    #[test]
    fn a_key_that_is_not_there_or_not_alone_is_an_error_that_says_what_is_there() {
        let agent = agent(2, |_, _| Vec::new());
        let Err(AgentError::NoSuchKey { there, .. }) = AgentKey::find(&agent.socket, "nobody") else { panic!() };
        assert_eq!(there.len(), 3, "the keys that can be used: {there:?}");
        assert!(there[0].starts_with("SHA256:") && there[0].ends_with(" jo"));
        let several = AgentKey::find(&agent.socket, "twin");
        assert!(matches!(several, Err(AgentError::Ambiguous { .. })), "{several:?}");
        agent.served.join().unwrap();
    }

    #[test]
    fn what_is_not_a_signature_of_this_key_is_refused() {
        type Sign = fn(&[u8], &[u8]) -> Vec<u8>;
        let lies: [(Sign, &str); 6] = [
            (|_, message| signing(KIND, &key(2).sign(message).to_bytes()), "not one of this key"),
            (|_, _| signing(KIND, &key(1).sign(b"another message").to_bytes()), "not one of this key"),
            (|_, message| signing(b"ssh-rsa", &key(1).sign(message).to_bytes()), "not one of this key"),
            (|_, message| signing(KIND, &key(1).sign(message).to_bytes()[..63]), "not one of this key"),
            (|_, _| framed(&[5]), "refuses"),
            (|_, _| framed(&[]), "refuses"),
        ];
        for (sign, words) in lies {
            let agent = agent(2, sign);
            let key = AgentKey::find(&agent.socket, "jo").unwrap();
            let error = key.sign(b"message").unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            agent.served.join().unwrap();
        }
    }

    #[test]
    fn answers_that_are_cut_short_or_endless_are_errors() {
        let answers: [Vec<u8>; 6] = [
            vec![],
            vec![0, 0, 0, 9, IDENTITIES_ANSWER],
            vec![0xff, 0xff, 0xff, 0xff, IDENTITIES_ANSWER],
            framed(&[IDENTITIES_ANSWER, 0, 0]),
            framed(&[IDENTITIES_ANSWER, 0xff, 0xff, 0xff, 0xff]),
            framed(&[IDENTITIES_ANSWER, 0, 0, 0, 0, 1]),
        ];
        for answer in answers {
            let shown = format!("{answer:?}");
            let agent = Fake::start(1, move |_| answer.clone());
            let error = AgentKey::find(&agent.socket, "jo").unwrap_err();
            assert!(matches!(error, AgentError::Malformed(_) | AgentError::Io { .. }), "{shown}: {error:?}");
            agent.served.join().unwrap();
        }
    }

    #[test]
    fn an_agent_that_is_gone_is_an_error_with_its_address() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent");
        let error = AgentKey::find(&socket, "jo").unwrap_err();
        assert!(matches!(error, AgentError::NotRunning { .. }) && error.to_string().contains("agent"), "{error}");
        let agent = agent(1, |_, _| Vec::new());
        let key = AgentKey::find(&agent.socket, "jo").unwrap();
        agent.served.join().unwrap();
        std::fs::remove_file(&key.socket).unwrap();
        assert!(key.sign(b"m").unwrap_err().to_string().contains("no ssh-agent listens at"));
    }

    #[test]
    fn what_an_agent_cannot_take_is_not_sent() {
        let agent = agent(1, |_, _| Vec::new());
        let key = AgentKey::find(&agent.socket, "jo").unwrap();
        let error = key.sign(&vec![0; 256 << 10]).unwrap_err().to_string();
        assert!(error.contains("at most 256 KiB at once, and this has 262144 bytes"), "{error}");
        agent.served.join().unwrap();
    }
}
