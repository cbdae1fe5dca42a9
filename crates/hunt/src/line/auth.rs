//! Who logged in, from where, and who ran what as whom: the messages of sshd, sudo, su and PAM.

use super::{Pairs, peer, put, service};

/// Adds what a message of these programs says of accounts and addresses.
pub(super) fn put_account<'t>(fields: &mut Pairs<'t>, program: &str, message: &'t str) {
    match program {
        "sudo" => sudo(fields, message),
        "sshd" | "sshd-session" | "sshd-auth" | "dropbear" | "login" | "su" | "vsftpd"
        | "dovecot" => {
            logged_in(fields, message);
        }
        "hostd" | "Hostd" | "vpxd" | "vobd" | "vobuser" => esx(fields, message),
        "smbd_audit" => service::share(fields, message),
        _ if message.starts_with("pam_") || message.starts_with("(pam_unix)") => {
            logged_in(fields, message);
        }
        _ => peer::put_peer(fields, message),
    }
}

/// `User root@192.0.2.66 logged in as …`, `Rejected password for user root from 192.0.2.66`, as ESXi and vCenter write it.
fn esx<'t>(fields: &mut Pairs<'t>, message: &'t str) {
    let after = message.split_once("for user ").or_else(|| message.split_once("User "));
    let word = after.and_then(|(_, after)| after.split(' ').next()).unwrap_or("");
    let at_address = word.rsplit_once('@').filter(|(_, from)| peer::first(from).is_some());
    put(fields, "user", at_address.map_or(word, |(user, _)| user));
    peer::put_peer(fields, message);
}

/// `ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/bin/cat x`
fn sudo<'t>(fields: &mut Pairs<'t>, message: &'t str) {
    let Some((user, rest)) = message.split_once(" : ") else {
        return logged_in(fields, message);
    };
    put(fields, "user", user.trim());
    let mut rest = rest;
    // The command is last, and may hold the sign that parts the others.
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.rsplit("; ").next().unwrap_or(name).trim();
        let known = match name {
            "TTY" => "TTY",
            "PWD" => "PWD",
            "USER" => "USER",
            "GROUP" => "GROUP",
            "ENV" => "ENV",
            "COMMAND" => return put(fields, "COMMAND", after),
            _ => return,
        };
        let (value, next) = after.split_once(" ; ").unwrap_or((after, ""));
        put(fields, known, value);
        rest = next;
    }
}

/// `Accepted password for root from 192.0.2.66 port 22`, `… user=root rhost=192.0.2.66`
fn logged_in<'t>(fields: &mut Pairs<'t>, message: &'t str) {
    put(fields, "user", account(message).unwrap_or(""));
    // Where a port is told, the address stands before it, whatever a client calls itself.
    let before_port = || {
        let (before, _) = message.rsplit_once(" port ")?;
        let word = before.rsplit(' ').next()?;
        peer::first(word).filter(|address| address.len() == word.len())
    };
    let address = before_port().or_else(|| peer::peer(message));
    put(fields, "src_ip", address.unwrap_or(""));
    // With names looked up, the host stands where the address would.
    let host = word_after(message, " from ").or_else(|| word_after(message, "rhost="));
    let host = host.filter(|host| host.contains('.'));
    put(fields, "src_host", host.filter(|_| address.is_none()).unwrap_or(""));
    let port =
        word_after(message, " port ").filter(|port| port.bytes().all(|b| b.is_ascii_digit()));
    put(fields, "src_port", port.unwrap_or(""));
}

/// The account that a message is about.
fn account(message: &str) -> Option<&str> {
    let named = ["invalid user ", "illegal user ", "for user ", "authenticating user "];
    let named = named.iter().find_map(|key| word_after(message, key));
    // "for" says many things; only before an address it names who came.
    let came = || {
        let (_, rest) = message.split_once(" for ")?;
        let (user, from) = rest.split_once(' ')?;
        (from.starts_with("from ") && user.len() <= 64).then_some(user)
    };
    named
        .or_else(came)
        .or_else(|| word_after(message, " user="))
        .or_else(|| word_after(message, "Invalid user "))
        .or_else(|| word_after(message, "User "))
        .map(|user| user.trim_matches(['\'', '"', '<', '>']))
}

fn word_after<'t>(message: &'t str, key: &str) -> Option<&'t str> {
    let (_, rest) = message.split_once(key)?;
    rest.split([' ', ',', '(', '[', ':']).next().filter(|word| !word.is_empty())
}
