use std::io::{BufRead, IsTerminal};
use std::sync::mpsc;
use std::time::Duration;

use lapwing_engine::store::{Account, AuditEntry, Store};
use lapwing_model::Marking;
use lapwing_serve::{Role, hash_password, new_account, new_password};
use serde_json::json;

use crate::args::{Users, UsersAction};
use crate::failure::{Failure, Outcome};
use crate::output::table;
use crate::session::Session;

pub fn run(args: Users, session: &mut Session) -> Result<Outcome, Failure> {
    match args.action {
        UsersAction::List => list(session),
        UsersAction::Add { name, rights, password_stdin } => {
            let mut store = Store::open(&session.store_path()?)?;
            let accounts = store.accounts()?;
            if accounts.iter().any(|account| account.name == name) {
                return Err(Failure::usage(format!("there is a user `{name}` already"))
                    .hint("`lapwing users set NAME` changes one"));
            }
            if accounts.is_empty() && rights.role != Role::Admin {
                return Err(Failure::usage("the first user has to be an admin")
                    .hint(format!("`lapwing users add {name} --role admin --tlp red`")));
            }
            let given = if password_stdin { Some(password()?) } else { piped(session)? };
            let made = given.is_none();
            let password = given.map_or_else(new_password, Ok)?;
            let marks = (rights.tlp, rights.pap);
            let account = new_account(&name, &password, rights.role, marks, session.now)?;
            store.put_account(&account)?;
            note(&mut store, session, "users add", &name)?;
            told(&account, made.then_some(password.as_str()), session)
        }
        UsersAction::Set { name, role, tlp, pap, password_stdin, disable, enable } => {
            let mut store = Store::open(&session.store_path()?)?;
            let accounts = store.accounts()?;
            let mut account = find(&accounts, &name)?;
            if let Some(role) = role {
                account.role = role.to_string();
            }
            account.ceiling = tlp.unwrap_or(account.ceiling);
            if let Some(pap) = pap {
                account.pap = pap.to_string();
            }
            if password_stdin {
                account.password = hash_password(&password()?)?;
            }
            account.disabled = (account.disabled || disable) && !enable;
            let is_admin = |account: &Account| account.role == "admin" && !account.disabled;
            let others = accounts.iter().any(|other| other.name != name && is_admin(other));
            if !is_admin(&account) && !others {
                return Err(Failure::usage("the last admin stays one"));
            }
            store.put_account(&account)?;
            if password_stdin || account.disabled {
                store.end_sessions_of(&name)?;
            }
            note(&mut store, session, "users set", &name)?;
            told(&account, None, session)
        }
        UsersAction::Remove { name } => {
            let mut store = Store::open(&session.store_path()?)?;
            find(&store.accounts()?, &name)?;
            store.remove_account(&name)?;
            note(&mut store, session, "users remove", &name)?;
            session.remark(&format!(
                "`{name}` is gone, with all keys; the audit log keeps what was done"
            ))?;
            Ok(Outcome::Done)
        }
    }
}

fn find(accounts: &[Account], name: &str) -> Result<Account, Failure> {
    accounts.iter().find(|account| account.name == name).cloned().ok_or_else(|| {
        Failure::usage(format!("there is no user `{name}`")).hint("`lapwing users list` shows them")
    })
}

fn list(session: &mut Session) -> Result<Outcome, Failure> {
    session.look()?;
    let accounts = Store::open_read_only(&session.store_path()?)?.accounts()?;
    let mut rows = Vec::new();
    for account in accounts {
        if session.out.json {
            session.out.object(&shown(&account))?;
            continue;
        }
        rows.push(vec![
            account.name,
            account.role,
            account.ceiling.to_string(),
            account.pap,
            if account.disabled { "disabled" } else { "" }.to_owned(),
        ]);
    }
    session.out.text(&table(&rows))?;
    Ok(Outcome::Done)
}

fn shown(account: &Account) -> serde_json::Value {
    json!({
        "name": account.name, "role": account.role, "ceiling": account.ceiling, "pap": account.pap,
        "created": account.created, "disabled": account.disabled,
    })
}

fn told(
    account: &Account,
    password: Option<&str>,
    session: &mut Session,
) -> Result<Outcome, Failure> {
    if session.out.json {
        let mut object = shown(account);
        if let Some(password) = password {
            object["password"] = json!(password);
        }
        session.out.object(&object)?;
    } else {
        let Account { name, role, ceiling, pap, .. } = account;
        session.out.line(&format!("{name}: {role}, sees up to {ceiling} and {pap}"))?;
        if let Some(password) = password {
            session.out.line(&format!("password (shown once): {password}"))?;
        }
    }
    Ok(Outcome::Done)
}

/// The first line of standard input.
fn password() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let line = line.trim_end_matches(['\r', '\n']);
    if line.is_empty() {
        return Err(Failure::usage("standard input holds no password"));
    }
    Ok(line.to_owned())
}

/// So long is a password waited for in silence.
const SILENCE: Duration = Duration::from_secs(2);

/// The first line of what is piped in or redirected from a file; `None` where there is nothing.
fn piped(session: &mut Session) -> Result<Option<String>, Failure> {
    if !is_piped() {
        return Ok(None);
    }
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        // Nobody listens any more when the command has ended.
        let _ = tell.send(read.map(|_| line));
    });
    let line = match told.recv_timeout(SILENCE) {
        Err(mpsc::RecvTimeoutError::Timeout) => {
            session.remark(
                "waiting for the password on standard input; with `</dev/null` one is made",
            )?;
            told.recv()
        }
        line => line.map_err(|_| mpsc::RecvError),
    };
    let line = line.map_err(|_| Failure::usage("standard input could not be read"))??;
    let line = line.trim_end_matches(['\r', '\n']);
    Ok((!line.is_empty()).then(|| line.to_owned()))
}

/// Whether somebody pipes something in: no terminal, no `/dev/null`.
#[cfg(unix)]
fn is_piped() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileTypeExt;
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return false;
    }
    let Ok(handle) = stdin.as_fd().try_clone_to_owned() else { return false };
    std::fs::File::from(handle)
        .metadata()
        .is_ok_and(|of| of.file_type().is_fifo() || of.is_file() || of.file_type().is_socket())
}

/// As above, where files have no types to ask for.
#[cfg(not(unix))]
fn is_piped() -> bool {
    !std::io::stdin().is_terminal()
}

/// Writes into the audit log what was done at the machine itself.
pub fn note(store: &mut Store, session: &Session, what: &str, of: &str) -> Result<(), Failure> {
    let entry = AuditEntry {
        n: 0,
        at: session.now,
        who: "(terminal)".to_owned(),
        key: None,
        address: "local".to_owned(),
        method: "CLI".to_owned(),
        route: what.to_owned(),
        what: of.to_owned(),
        status: 0,
        outcome: "allowed".to_owned(),
        ceiling: Marking::Clear,
    };
    Ok(store.add_audit(&[entry])?)
}
