//! Tokens and codes: made here, shown once, kept as hashes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lectern_shared::Millis;
use lectern_shared::ids::{DeviceId, UserId};
use rand::Rng as _;
use uuid::Uuid;

/// Crockford's: no letter that is read as another (<https://www.crockford.com/base32.html>).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 50 bits; good for minutes or days, and wrong ones are counted.
const CODE_LETTERS: usize = 10;
/// Device, person, and when it ends.
const CLAIM_BYTES: usize = 16 + 16 + 8;

/// Seals access tokens, so that every node knows its own without asking the database.
pub(crate) struct Seal([u8; blake3::KEY_LEN]);

impl Seal {
    /// A new key, as it is stored.
    pub(crate) fn new_key() -> String {
        URL_SAFE_NO_PAD.encode(rand::random::<[u8; blake3::KEY_LEN]>())
    }

    pub(crate) fn with_key(text: &str) -> Option<Self> {
        Some(Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
    }

    pub(crate) fn access_token(&self, device: DeviceId, user: UserId, expires_at: Millis) -> String {
        let mut token = Vec::with_capacity(CLAIM_BYTES + blake3::OUT_LEN);
        token.extend(device.0.as_bytes());
        token.extend(user.0.as_bytes());
        token.extend(expires_at.to_be_bytes());
        let seal = blake3::keyed_hash(&self.0, &token);
        token.extend(seal.as_bytes());
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Whom a token is of, if it is ours and has not ended.
    pub(crate) fn read(&self, token: &str, now: Millis) -> Option<(DeviceId, UserId)> {
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (claim, seal) = token.split_at_checked(CLAIM_BYTES)?;
        let seal: [u8; blake3::OUT_LEN] = seal.try_into().ok()?;
        // Compared in constant time.
        if blake3::keyed_hash(&self.0, claim) != blake3::Hash::from_bytes(seal) {
            return None;
        }
        let expires_at = Millis::from_be_bytes(claim[32..].try_into().ok()?);
        let id = |bytes: &[u8]| Uuid::from_slice(bytes).ok();
        (now < expires_at).then_some((DeviceId(id(&claim[..16])?), UserId(id(&claim[16..32])?)))
    }
}

/// 256 bits.
pub(crate) fn device_token() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// "4F7K2-9QXTM".
pub(crate) fn code() -> String {
    let mut random = rand::rng();
    let letters = (0..CODE_LETTERS).map(|_| char::from(LETTERS[random.random_range(..LETTERS.len())]));
    let mut code: String = letters.collect();
    code.insert(CODE_LETTERS / 2, '-');
    code
}

/// What is kept of a token.
pub(crate) fn hash(token: &str) -> String {
    blake3::hash(token.as_bytes()).to_hex().to_string()
}

/// The same of a code, however it was typed.
pub(crate) fn hash_of_code(typed: &str) -> String {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric).map(|letter| match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        letter => letter,
    });
    hash(&letters.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_token_is_of_one_device_until_it_ends_and_of_one_key() {
        let seal = Seal::with_key(&Seal::new_key()).unwrap();
        let (device, user) = (DeviceId::new(), UserId::new());
        let token = seal.access_token(device, user, 1_000);
        assert_eq!(seal.read(&token, 999), Some((device, user)));
        assert_eq!(seal.read(&token, 1_000), None, "it has ended");
        let other = Seal::with_key(&Seal::new_key()).unwrap();
        assert_eq!(other.read(&token, 0), None, "another server's");
    }

    #[test]
    fn a_token_with_one_letter_changed_or_cut_off_is_nobody_s() {
        let seal = Seal::with_key(&Seal::new_key()).unwrap();
        let token = seal.access_token(DeviceId::new(), UserId::new(), i64::MAX);
        for at in 0..token.len() {
            let mut letters: Vec<char> = token.chars().collect();
            letters[at] = if letters[at] == 'A' { 'B' } else { 'A' };
            assert_eq!(seal.read(&letters.into_iter().collect::<String>(), 0), None, "letter {at}");
            assert_eq!(seal.read(&token[..at], 0), None, "{at} letters");
        }
    }

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        let code = code();
        assert_eq!(code.len(), CODE_LETTERS + 1);
        let spaced: String = code.to_lowercase().chars().flat_map(|letter| [letter, ' ']).collect();
        assert_eq!(hash_of_code(&spaced), hash_of_code(&code));
        assert_eq!(hash_of_code("oil0i-l1111"), hash_of_code("0110111111"));
        assert_ne!(hash_of_code("0110111111"), hash_of_code("0110111112"));
    }
}
