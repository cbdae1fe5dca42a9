//! The values of chains as bytes: most of a log that is read again for them need not be parsed.

use crate::activity::Lead;
use crate::matcher::Literals;

/// What must stand in the bytes of a record that is of a lead.
#[derive(Clone, Debug)]
pub(crate) struct Sought(Literals);

impl Sought {
    /// `None` when a value may be written in another way than it is told: addresses of IPv6, what is escaped in JSON.
    pub(super) fn of(leads: &[Lead]) -> Option<Self> {
        let mut literals = Vec::new();
        for lead in leads {
            let value = lead.entity().value.to_ascii_lowercase();
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"._- ~()$@#!".contains(&b);
            if value.len() < 3 || !value.bytes().all(plain) {
                return None;
            }
            // As Windows writes text in its event logs.
            literals.push(value.bytes().flat_map(|byte| [byte, 0]).collect());
            literals.push(value.into_bytes());
        }
        literals.sort();
        literals.dedup();
        Some(Self(Literals::new(literals)))
    }

    /// Whether a record of a lead may stand in these bytes of an event log.
    pub(crate) fn may_stand(&self, bytes: &[u8]) -> bool {
        let mut found = false;
        self.0.places(bytes, |_, _, _| found = true);
        found
    }

    /// Whether an object of JSON may be of a lead.
    pub(crate) fn may_stand_in_json(&self, text: &[u8]) -> bool {
        self.may_stand(text) || memchr::memmem::find(text, b"\\u").is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_both_widths_and_any_case() {
        let leads =
            [Lead::Client("192.0.2.7".parse().unwrap()), Lead::File("odd page.aspx".to_owned())];
        let sought = Sought::of(&leads).unwrap();
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        assert!(sought.may_stand(b"\0\x01::ffff:192.0.2.7\0"));
        assert!(sought.may_stand(&wide(r"C:\x\ODD Page.ASPX")));
        assert!(sought.may_stand(&[&b"x"[..], &wide("192.0.2.77")].concat()));
        assert!(!sought.may_stand(&wide("192.0.2.8 page.aspx")));
        assert!(sought.may_stand_in_json(br#"{"a": "\u0031"}"#));
        assert!(!sought.may_stand_in_json(br#"{"a": "x"}"#));
    }

    #[test]
    fn what_may_be_written_otherwise_is_not_left_out() {
        for lead in [
            Lead::Client("2001:db8::7".parse().unwrap()),
            Lead::Agent("odd agent/1.0".to_owned()),
            Lead::File("ödd.aspx".to_owned()),
            Lead::File("x".to_owned()),
        ] {
            assert!(Sought::of(&[lead]).is_none());
        }
    }
}
