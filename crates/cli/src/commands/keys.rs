use lapwing_engine::store::{ApiKey, Store};
use lapwing_model::Pap;
use lapwing_serve::{Role, new_key};
use serde_json::json;

use crate::args::{Keys, KeysAction};
use crate::commands::users::note;
use crate::failure::{Failure, Outcome};
use crate::output::table;
use crate::session::Session;

pub fn run(args: Keys, session: &mut Session) -> Result<Outcome, Failure> {
    match args.action {
        KeysAction::List => list(session),
        KeysAction::Add { user, name, rights, expires } => {
            let mut store = Store::open(&session.store_path()?)?;
            let found = store.accounts()?.into_iter().find(|account| account.name == user);
            let account = found.ok_or_else(|| {
                Failure::usage(format!("there is no user `{user}`; keys belong to users"))
                    .hint("`lapwing users list` shows them")
            })?;
            let of: Role = account.role.parse().map_err(Failure::usage)?;
            if !of.includes(rights.role) {
                let role = rights.role;
                return Err(Failure::usage(format!("`{user}` is {of}: the key cannot be {role}")));
            }
            let pap: Pap = account.pap.parse().unwrap_or_default();
            // A key never sees more than its user.
            let marks = (rights.tlp.min(account.ceiling), rights.pap.min(pap));
            let until = expires
                .and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok())
                .map(|day| day.timestamp());
            let (key, secret) = new_key(&user, &name, rights.role, marks, until, session.now)?;
            store.put_api_key(&key)?;
            note(&mut store, session, "keys add", &format!("{user} {}", key.prefix))?;
            if session.out.json {
                let mut object = shown(&key);
                object["key"] = json!(secret);
                session.out.object(&object)?;
            } else {
                session.out.line(&format!("key (shown once): {secret}"))?;
                let ApiKey { role, ceiling, pap, .. } = key;
                session.out.line(&format!("{user}: {role}, sees up to {ceiling} and {pap}"))?;
            }
            Ok(Outcome::Done)
        }
        KeysAction::Revoke { key } => {
            let mut store = Store::open(&session.store_path()?)?;
            let prefix = key.strip_prefix("lw_").unwrap_or(&key);
            let prefix = prefix.split('_').next().unwrap_or(prefix);
            if !store.revoke_api_key(prefix)? {
                return Err(Failure::usage(format!(
                    "there is no key `{prefix}` that is still good"
                ))
                .hint("`lapwing keys list` shows them"));
            }
            note(&mut store, session, "keys revoke", prefix)?;
            session.remark(&format!("key {prefix} is worth nothing from now on"))?;
            Ok(Outcome::Done)
        }
    }
}

fn list(session: &mut Session) -> Result<Outcome, Failure> {
    session.look()?;
    let keys = Store::open_read_only(&session.store_path()?)?.api_keys()?;
    let mut rows = Vec::new();
    for key in keys {
        if session.out.json {
            session.out.object(&shown(&key))?;
            continue;
        }
        let state = match key.expires {
            _ if key.revoked => "revoked".to_owned(),
            Some(expires) if expires <= session.now => "expired".to_owned(),
            Some(expires) => format!("until {}", expires.strftime("%Y-%m-%d")),
            None => String::new(),
        };
        rows.push(vec![
            key.prefix,
            key.account,
            key.name,
            key.role,
            key.ceiling.to_string(),
            state,
        ]);
    }
    session.out.text(&table(&rows))?;
    Ok(Outcome::Done)
}

fn shown(key: &ApiKey) -> serde_json::Value {
    json!({
        "id": key.prefix, "user": key.account, "name": key.name, "role": key.role,
        "ceiling": key.ceiling, "pap": key.pap, "created": key.created, "expires": key.expires,
        "revoked": key.revoked,
    })
}
