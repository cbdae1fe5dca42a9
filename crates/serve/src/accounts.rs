//! Users and keys: kept in the store, held in memory, loaded again when the file was written.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use jiff::Timestamp;
use lapwing_engine::store::{Account, ApiKey, Store, StoreError};
use lapwing_model::{Marking, Pap};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::asker::{Ceiling, Role};
use crate::error::ServeError;

/// How keys begin, so that a leaked one is known for what it is.
const KEY_START: &str = "lw_";
/// Fewer characters are no password.
const LEAST_PASSWORD: usize = 12;
/// More cost time to hash and are not needed.
const MOST_PASSWORD: usize = 1024;
/// Passwords that were right are known again for so many seconds: clients that send one with
/// each request would cost a hash each.
const REMEMBERED: i64 = 300;

/// Who has shown who he is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) who: String,
    pub(crate) key: Option<String>,
    pub(crate) role: Role,
    pub(crate) ceiling: Ceiling,
}

/// All users and keys.
pub(crate) struct Accounts {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    store: Option<Store>,
    version: Option<i64>,
    known: Arc<Known>,
    remembered: HashMap<[u8; 32], (String, Timestamp)>,
}

/// What the store says, at one time.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) keys: BTreeMap<String, ApiKey>,
}

impl Accounts {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), state: Mutex::default() }
    }

    /// What is known now.
    pub(crate) fn known(&self) -> Result<Arc<Known>, StoreError> {
        let mut state = self.lock();
        let store = match state.store.take() {
            Some(store) => store,
            None => Store::open_read_only(&self.path)?,
        };
        let version = store.data_version()?;
        if state.version != Some(version) {
            let accounts = store.accounts()?.into_iter().map(|a| (a.name.clone(), a)).collect();
            let keys = store.api_keys()?.into_iter().map(|k| (k.prefix.clone(), k)).collect();
            let known = Known { accounts, keys };
            let changed = known.accounts != state.known.accounts;
            state.known = Arc::new(known);
            state.version = Some(version);
            if changed {
                state.remembered.clear();
            }
        }
        state.store = Some(store);
        Ok(Arc::clone(&state.known))
    }

    /// A number that is another after anything was written to the store.
    pub(crate) fn version(&self) -> Result<i64, StoreError> {
        let mut state = self.lock();
        let store = match state.store.take() {
            Some(store) => store,
            None => Store::open_read_only(&self.path)?,
        };
        let version = store.data_version();
        state.store = Some(store);
        version
    }

    /// Who has this name and password. Takes as long for a name that is not known.
    pub(crate) fn by_password(
        &self,
        name: &str,
        password: &str,
        now: Timestamp,
    ) -> Result<Option<Identity>, StoreError> {
        let known = self.known()?;
        let account = known.accounts.get(name).filter(|account| !account.disabled);
        let digest = digest_of(name, password);
        let remembered = self
            .lock()
            .remembered
            .get(&digest)
            .is_some_and(|(who, until)| who == name && *until > now);
        let right = match account {
            Some(_) if remembered => true,
            Some(account) => verify(&account.password, password),
            None => {
                verify(NOBODY, password);
                false
            }
        };
        if !right {
            return Ok(None);
        }
        let mut state = self.lock();
        state.remembered.retain(|_, (_, until)| *until > now);
        let until = now.saturating_add(jiff::SignedDuration::from_secs(REMEMBERED));
        state.remembered.insert(digest, (name.to_owned(), until.unwrap_or(now)));
        Ok(account.map(identity))
    }

    /// Whose key this is.
    pub(crate) fn by_key(&self, key: &str, now: Timestamp) -> Result<Option<Identity>, StoreError> {
        let Some(prefix) = prefix_of(key) else { return Ok(None) };
        let known = self.known()?;
        let Some(row) = known.keys.get(prefix) else { return Ok(None) };
        let same: bool = Sha256::digest(key.as_bytes()).as_slice().ct_eq(&row.hash).into();
        let alive = !row.revoked && row.expires.is_none_or(|expires| now < expires);
        let Some(account) = known.accounts.get(&row.account).filter(|a| !a.disabled) else {
            return Ok(None);
        };
        if !same || !alive {
            return Ok(None);
        }
        let of_account = identity(account);
        let role = row.role.parse().unwrap_or(Role::Feed);
        let pap = row.pap.parse().unwrap_or_default();
        // A key never sees or does more than its user, whatever was said when it was made.
        Ok(Some(Identity {
            who: account.name.clone(),
            key: Some(row.prefix.clone()),
            role: if of_account.role.includes(role) { role } else { Role::Feed },
            ceiling: of_account.ceiling.and(Ceiling { tlp: row.ceiling, pap }),
        }))
    }

    /// The user of a name, for a session that was begun before.
    pub(crate) fn by_name(&self, name: &str) -> Result<Option<Identity>, StoreError> {
        let known = self.known()?;
        Ok(known.accounts.get(name).filter(|account| !account.disabled).map(identity))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A hash that no password has: checking one against it costs what a real one costs.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$\
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn identity(account: &Account) -> Identity {
    let pap = account.pap.parse().unwrap_or_default();
    Identity {
        who: account.name.clone(),
        key: None,
        role: account.role.parse().unwrap_or(Role::Feed),
        ceiling: Ceiling { tlp: account.ceiling, pap },
    }
}

fn digest_of(name: &str, password: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update((name.len() as u64).to_le_bytes());
    hash.update(name.as_bytes());
    hash.update(password.as_bytes());
    hash.finalize().into()
}

fn verify(phc: &str, password: &str) -> bool {
    password.len() <= MOST_PASSWORD
        && PasswordHash::new(phc)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Hashes a password with Argon2id and a salt of its own.
///
/// # Errors
/// When it is too short or too long.
pub fn hash_password(password: &str) -> Result<String, ServeError> {
    let length = password.chars().count();
    if length < LEAST_PASSWORD {
        let why =
            format!("a password needs {LEAST_PASSWORD} characters at least, this has {length}");
        return Err(ServeError::Account(why));
    }
    if password.len() > MOST_PASSWORD {
        let why = format!("a password may have {MOST_PASSWORD} bytes at most");
        return Err(ServeError::Account(why));
    }
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| ServeError::Account(error.to_string()))
}

/// Makes a user.
///
/// # Errors
/// When the name cannot be one, or the password is too short.
pub fn new_account(
    name: &str,
    password: &str,
    role: Role,
    (ceiling, pap): (Marking, Pap),
    now: Timestamp,
) -> Result<Account, ServeError> {
    check_name(name)?;
    Ok(Account {
        name: name.to_owned(),
        password: hash_password(password)?,
        role: role.to_string(),
        ceiling,
        pap: pap.to_string(),
        created: now,
        disabled: false,
    })
}

/// Names stand in logs, addresses and headers: no blanks, no colon (Basic ends the name there).
fn check_name(name: &str) -> Result<(), ServeError> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+');
    if name.is_empty() || name.chars().count() > 64 || !name.chars().all(fits) {
        let why = "a name has 1 to 64 letters, digits and . - _ @ +".to_owned();
        return Err(ServeError::Account(why));
    }
    // Who sits at the machine and who knocks with a key in place of a name.
    if matches!(name, "local" | "key") {
        return Err(ServeError::Account(format!("`{name}` is taken by Lapwing itself")));
    }
    Ok(())
}

/// Makes a key: what is kept of it, and the key itself, which is told once.
///
/// # Errors
/// When the system gives no random bytes, or the name is too long.
pub fn new_key(
    account: &str,
    name: &str,
    role: Role,
    (ceiling, pap): (Marking, Pap),
    expires: Option<Timestamp>,
    now: Timestamp,
) -> Result<(ApiKey, String), ServeError> {
    if name.chars().count() > 100 || name.chars().any(char::is_control) {
        let why = "the name of a key has 100 characters at most, none of them control".to_owned();
        return Err(ServeError::Account(why));
    }
    let prefix = hex(&random::<4>()?);
    let secret = format!("{KEY_START}{prefix}_{}", hex(&random::<24>()?));
    let key = ApiKey {
        hash: Sha256::digest(secret.as_bytes()).to_vec(),
        prefix,
        account: account.to_owned(),
        name: name.to_owned(),
        role: role.to_string(),
        ceiling,
        pap: pap.to_string(),
        created: now,
        expires,
        revoked: false,
    };
    Ok((key, secret))
}

fn prefix_of(key: &str) -> Option<&str> {
    let (prefix, _) = key.strip_prefix(KEY_START)?.split_once('_')?;
    Some(prefix)
}

/// A password that nobody thought of.
///
/// # Errors
/// When the system gives no random bytes.
pub fn new_password() -> Result<String, ServeError> {
    // Without those that are taken for each other: five bits a letter.
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes = random::<20>()?;
    let letters: Vec<u8> = bytes.iter().map(|byte| LETTERS[usize::from(byte & 31)]).collect();
    let groups: Vec<String> =
        letters.chunks(5).map(|group| group.iter().map(|l| char::from(*l)).collect()).collect();
    Ok(groups.join("-"))
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], ServeError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| ServeError::Account(format!("no random bytes: {error}")))?;
    Ok(bytes)
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from(b"0123456789abcdef"[usize::from(n & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn with_anna() -> (tempfile::TempDir, Accounts, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let mut store = Store::open(&path).unwrap();
        let marks = (Marking::Amber, Pap::Amber);
        let anna = new_account("anna", "correct horse", Role::Analyst, marks, NOW).unwrap();
        store.put_account(&anna).unwrap();
        let accounts = Accounts::new(&path);
        (folder, accounts, path)
    }

    #[test]
    fn a_password_opens_and_a_wrong_one_or_a_disabled_user_does_not() {
        let (_folder, accounts, path) = with_anna();
        assert!(accounts.by_password("anna", "correct horse", NOW).unwrap().is_some());
        assert!(accounts.by_password("anna", "correct horsf", NOW).unwrap().is_none());
        assert!(accounts.by_password("bob", "correct horse", NOW).unwrap().is_none());
        let mut store = Store::open(&path).unwrap();
        let anna = store.accounts().unwrap().remove(0);
        store.put_account(&Account { disabled: true, ..anna }).unwrap();
        assert!(accounts.by_password("anna", "correct horse", NOW).unwrap().is_none());
    }

    #[test]
    fn a_key_is_worth_what_its_user_is_worth_at_most() {
        let (_folder, accounts, path) = with_anna();
        let mut store = Store::open(&path).unwrap();
        let marks = (Marking::Red, Pap::Green);
        let (key, secret) = new_key("anna", "siem", Role::Reader, marks, None, NOW).unwrap();
        store.put_api_key(&key).unwrap();
        let found = accounts.by_key(&secret, NOW).unwrap().unwrap();
        assert_eq!(found.ceiling, Ceiling { tlp: Marking::Amber, pap: Pap::Green });
        assert_eq!((found.role, found.who.as_str()), (Role::Reader, "anna"));
        let mut wrong = secret.clone();
        wrong.pop();
        assert!(accounts.by_key(&wrong, NOW).unwrap().is_none());
        store.revoke_api_key(&key.prefix).unwrap();
        assert!(accounts.by_key(&secret, NOW).unwrap().is_none());
        let (old, secret) = new_key("anna", "old", Role::Admin, marks, Some(NOW), NOW).unwrap();
        store.put_api_key(&old).unwrap();
        assert!(accounts.by_key(&secret, NOW).unwrap().is_none());
    }

    #[test]
    fn names_and_passwords_that_cannot_be_are_refused() {
        let marks = (Marking::Clear, Pap::Clear);
        for name in ["", "a b", "a:b", "local", "x\n"] {
            assert!(
                new_account(name, "correct horse", Role::Reader, marks, NOW).is_err(),
                "{name:?}"
            );
        }
        assert!(new_account("x", "short", Role::Reader, marks, NOW).is_err());
    }
}
