//! Identifiers and times. The same thing has the same identifier in every store.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use lapwing_model::PartialDate;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The namespace that STIX 2.1 (section 2.9) gives for identifiers of observables.
const OBSERVABLES: Uuid = Uuid::from_u128(0x00ab_edb4_aa42_466c_9c01_fed2_3315_a9b7);
/// Our own namespace for all other objects: the words `lapwing.hunt.v1`, as in the reports of hunts.
const OURS: Uuid = Uuid::from_u128(0x6c61_7077_696e_672e_6875_6e74_2e76_3100);

/// The identity `Lapwing`, which makes the objects; the same as in the reports of hunts.
pub const CREATOR: &str = "identity--23aae47e-f213-5e0e-b96c-9e82297135eb";
/// The definition of our extension.
pub const EXTENSION: &str = "extension-definition--6f2b0a94-8a2b-4f0d-9d6e-3a1c5e7b9d21";
/// When the identity and the extension were made: they are the same in every export.
pub(super) const BEGUN: &str = "2021-03-02T00:00:00.000Z";

/// The identifier of an object that is no observable.
pub(super) fn domain(kind: &str, name: &str) -> String {
    format!("{kind}--{}", Uuid::new_v5(&OURS, format!("export|{kind}|{name}").as_bytes()))
}

/// A UUID in our namespace.
pub(super) fn of_name(name: &str) -> Uuid {
    Uuid::new_v5(&OURS, name.as_bytes())
}

/// The identifier of an observable, by its contributing properties: canonical JSON (RFC 8785),
/// for which the keys must be given in order.
pub(super) fn observable(kind: &str, contributing: &Value) -> String {
    format!("{kind}--{}", Uuid::new_v5(&OBSERVABLES, contributing.to_string().as_bytes()))
}

/// The same of one contributing property with a text.
pub(super) fn observable_with(kind: &str, property: &str, value: &str) -> String {
    let contributing = format!("{{\"{property}\":{}}}", Value::from(value));
    format!("{kind}--{}", Uuid::new_v5(&OBSERVABLES, contributing.as_bytes()))
}

/// The identifier of an observable for which the specification wants a random one (a process):
/// of that version, yet derived from what it is.
pub(super) fn unspecified(kind: &str, name: &str) -> String {
    let hash = Sha256::digest(format!("{kind}|{name}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    format!("{kind}--{}", uuid::Builder::from_random_bytes(bytes).into_uuid())
}

/// Makes the identifier of a bundle from its objects.
#[derive(Default)]
pub(super) struct Digest(Sha256);

impl Digest {
    pub(super) fn add(&mut self, text: &str) {
        self.0.update(text.as_bytes());
    }

    /// A UUID of version 4 by form, as bundles are to have; the same for the same objects.
    pub(super) fn uuid(self) -> Uuid {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.0.finalize()[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// A time as STIX writes it.
pub(super) fn stamp(time: Timestamp) -> String {
    let at = Offset::UTC.to_datetime(time);
    if at.year() < 0 {
        return time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    }
    // Every object has several: a format that is read each time took a tenth of the time of a page.
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.subsec_nanosecond() / 1_000_000
    )
}

/// The first moment of a date.
pub(super) fn start_of(date: PartialDate) -> Timestamp {
    date.first_day()
        .to_zoned(TimeZone::UTC)
        .map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

/// The last second of a date.
pub(super) fn end_of(date: PartialDate) -> Timestamp {
    date.last_day()
        .at(23, 59, 59, 0)
        .to_zoned(TimeZone::UTC)
        .map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn identifiers_are_those_of_the_specification() {
        // What OASIS's own library makes of the same objects.
        assert_eq!(
            observable("ipv4-addr", &json!({"value": "198.51.100.3"})),
            "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"
        );
        assert_eq!(CREATOR, format!("identity--{}", Uuid::new_v5(&OURS, b"identity|lapwing")));
        let one = unspecified("process", "cmd.exe");
        assert_eq!(one, unspecified("process", "cmd.exe"));
        assert_eq!(one.as_bytes()["process--".len() + 14], b'4');
    }

    #[test]
    fn times_are_cut_to_the_millisecond() {
        for text in [
            "2021-02-03T04:05:06.0079999Z",
            "1969-12-31T23:59:59.9995Z",
            "0001-01-01T00:00:00Z",
            "9999-12-30T22:00:00.999Z",
            "-000044-03-15T12:00:00.5Z",
        ] {
            let time: Timestamp = text.parse().unwrap();
            assert_eq!(stamp(time), time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(), "{text}");
        }
    }

    #[test]
    fn a_partial_date_spans_all_that_it_may_mean() {
        let date: PartialDate = "2021-02".parse().unwrap();
        assert_eq!(stamp(start_of(date)), "2021-02-01T00:00:00.000Z");
        assert_eq!(stamp(end_of(date)), "2021-02-28T23:59:59.000Z");
    }
}
