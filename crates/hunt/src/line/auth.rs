//! Who logged in, from where, and who ran what as whom: the messages of sshd, sudo, su and PAM.

use super::{Pairs, put};

/// Adds what a message of these programs says of accounts and addresses.
pub(super) fn put_account<'t>(fields: &mut Pairs<'t>, program: &str, message: &'t str) {
    match program {
        "sudo" => sudo(fields, message),
        "sshd" | "sshd-session" | "dropbear" | "login" | "su" | "vsftpd" | "dovecot" => {
            logged_in(fields, message);
        }
        _ if message.starts_with("pam_unix(") => logged_in(fields, message),
        _ => {}
    }
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
    let word_after = |key: &str| {
        let (_, rest) = message.split_once(key)?;
        rest.split([' ', ',', '(', '[', ':']).next().filter(|word| !word.is_empty())
    };
    let user = word_after("invalid user ")
        .or_else(|| word_after("for user "))
        .or_else(|| word_after(" for "))
        .or_else(|| word_after(" user="))
        .or_else(|| word_after("Invalid user "));
    put(fields, "user", user.unwrap_or("").trim_matches(['\'', '"']));
    let address = |key: &str| {
        let (_, rest) = message.split_once(key)?;
        let word = rest.split([' ', ',']).next()?.trim_end_matches([':', '.', ')']);
        (word.contains(['.', ':']) && word.len() > 2).then_some(word)
    };
    let from = address(" from ").or_else(|| address("rhost=")).or_else(|| address(" by "));
    put(fields, "src_ip", from.unwrap_or(""));
    let port = word_after(" port ").filter(|port| port.bytes().all(|b| b.is_ascii_digit()));
    put(fields, "src_port", port.unwrap_or(""));
}
