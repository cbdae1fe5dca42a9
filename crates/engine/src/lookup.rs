//! What is known of many values at once, or of everything that stands in a text.

use std::net::{IpAddr, Ipv6Addr};

use jiff::civil::Date;
use lapwing_fuse::Resolver;
use lapwing_model::{
    AnalyticConfidence, Entity, Fact, Kind, Likelihood, Marking, Object, PartialDate, Role, Status,
};
use serde::Serialize;

use crate::{Engine, EngineError, Input, extract, refang};

/// At most so many parts of a value are looked up.
const PARTS: usize = 6;

/// One value that was asked for, and what is known of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LookedUp {
    /// As it was written.
    pub asked: String,
    /// First byte in the text that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<u32>,
    /// One past the last byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<u32>,
    /// Whether the store says something of it.
    pub known: bool,
    /// Which part of it is known and what all that follows is about, where that is not the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// What kind of value it is; none where it cannot be told.
    pub kind: Option<Kind>,
    /// Refanged and normalised, under its preferred name.
    pub value: Option<String>,
    /// Its role: indicator before all others.
    pub role: Option<Role>,
    /// How probable it is that it plays the role, 0 to 1.
    pub probability: Option<f64>,
    /// The ICD-203 word for that.
    pub likelihood: Option<Likelihood>,
    /// How good the evidence is.
    pub confidence: Option<AnalyticConfidence>,
    /// Whether it may be used to detect.
    pub status: Option<Status>,
    /// Number of origins that say so.
    pub origins: Option<u64>,
    /// First seen or reported.
    pub first: Option<PartialDate>,
    /// Last seen or reported.
    pub last: Option<PartialDate>,
    /// The strictest marking under it.
    pub marking: Option<Marking>,
    /// What it indicates: campaigns, actors, malware.
    pub labels: Vec<String>,
    /// Why it is known to be legitimate, where it is.
    pub benign: Option<String>,
    /// Points of doubt.
    pub note: Option<String>,
}

/// A part of a value, by which the whole is known too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// A URL without its query.
    Address,
    /// The host of a URL, or of a mail address.
    Host,
    /// A domain that the host lies below.
    DomainAbove,
    /// The IPv4 address that an IPv6 address stands for.
    Ipv4,
}

impl Part {
    /// Its word in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Host => "host",
            Self::DomainAbove => "domain-above",
            Self::Ipv4 => "ipv4",
        }
    }
}

impl Engine {
    /// What is known of a value as [`Self::look_up`] tells it, or, where that is no indicator, of the
    /// first part of it that is one: the host of a URL, the domain above a host. So a log line that
    /// goes to a page of a known host is not taken for harmless.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn look_up_by_parts(&self, asked: &str, today: Date) -> Result<LookedUp, EngineError> {
        let whole = self.look_up(asked, today)?;
        self.or_part(whole, today)
    }

    fn or_part(&self, whole: LookedUp, today: Date) -> Result<LookedUp, EngineError> {
        if whole.role == Some(Role::Indicator) {
            return Ok(whole);
        }
        let (Some(kind), Some(value)) = (whole.kind, whole.value.as_deref()) else {
            return Ok(whole);
        };
        for (part, text) in self.parts(kind, value) {
            let Some(found) = lapwing_read::single_value(&text) else { continue };
            let found = Entity::new(found.kind, found.value);
            // As a rule nothing is known of it, and no more needs to be asked.
            if self.store.known(&found)?.roles.is_empty() {
                continue;
            }
            let known = self.looked_up(&whole.asked, Some(found), today)?;
            if known.role == Some(Role::Indicator) && known.status != Some(Status::Benign) {
                let (start, end) = (whole.start, whole.end);
                return Ok(LookedUp { part: Some(part), start, end, ..known });
            }
        }
        Ok(whole)
    }

    /// The parts of a value by which it may be known, the nearest to the whole first.
    fn parts(&self, kind: Kind, value: &str) -> Vec<(Part, String)> {
        let mut parts = Vec::new();
        let host = match kind {
            Kind::Url => {
                if let Some((address, _)) = value.split_once(['?', '#']) {
                    parts.push((Part::Address, address.to_owned()));
                }
                host_of(value)
            }
            Kind::EmailAddr => value.rsplit_once('@').map(|(_, host)| host),
            Kind::DomainName => Some(value),
            Kind::Ipv6Addr => {
                let inside = value.parse().ok().and_then(|v6: Ipv6Addr| v6.to_ipv4_mapped());
                parts.extend(inside.map(|v4| (Part::Ipv4, v4.to_string())));
                None
            }
            _ => None,
        };
        let Some(host) = host else { return parts };
        if kind != Kind::DomainName {
            parts.push((Part::Host, host.to_owned()));
        }
        let is_name = host.parse::<IpAddr>().is_err();
        if let Some(top) = self.knowledge.registrable_domain(host).filter(|_| is_name) {
            let mut above = host;
            while let Some((_, rest)) = above.split_once('.').filter(|_| above.len() > top.len()) {
                parts.push((Part::DomainAbove, rest.to_owned()));
                above = rest;
            }
        }
        parts.truncate(PARTS);
        parts
    }

    /// What is known of a value or name, defanged or not.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn look_up(&self, asked: &str, today: Date) -> Result<LookedUp, EngineError> {
        let text = asked.trim();
        let plain = refang(text);
        let found = match lapwing_read::single_value(&plain) {
            Some(value) => {
                let value = Entity::new(value.kind, value.value);
                return self.looked_up(asked, Some(value), today);
            }
            None => self.store.entities_spelled(text)?.into_iter().min_by_key(rank),
        };
        let found = match found {
            None if !text.is_empty() => self.by_other_name(text)?,
            found => found,
        };
        self.looked_up(asked, found, today)
    }

    /// What is known of each value that stands in a text: a log line, a mail, a report.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn look_up_text(&self, text: &str, today: Date) -> Result<Vec<LookedUp>, EngineError> {
        let input = Input::Bytes { name: "text".to_owned(), bytes: text.as_bytes().to_vec() };
        let options = lapwing_read::Options {
            // As it is: places must be places in what was given.
            format: Some(lapwing_model::Format::Text),
            ..lapwing_read::Options::default()
        };
        let mut found = Vec::new();
        extract(&input, &options, &self.knowledge, &mut |document| {
            found.extend(document.values);
            Ok(())
        })?;
        let mut looked_up = Vec::with_capacity(found.len());
        for value in found {
            let entity =
                Resolver::new(&self.knowledge).canonical(&Entity::new(value.kind, value.value));
            let mut known = self.looked_up(&value.raw, Some(entity), today)?;
            known.start = Some(value.start);
            known.end = Some(value.end);
            known.benign = known.benign.or(value.benign);
            looked_up.push(self.or_part(known, today)?);
        }
        Ok(looked_up)
    }

    /// The entity that a name is an alias of, where the store speaks of it.
    fn by_other_name(&self, name: &str) -> Result<Option<Entity>, EngineError> {
        let resolver = Resolver::new(&self.knowledge);
        for kind in [Kind::ThreatActor, Kind::Cluster, Kind::Malware, Kind::Tool] {
            let canonical = resolver.canonical(&Entity::new(kind, name));
            if canonical.value == name {
                continue;
            }
            let spelled = self.store.entities_spelled(&canonical.value)?;
            if let Some(found) = spelled.into_iter().find(|entity| *entity == canonical) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn looked_up(
        &self,
        asked: &str,
        entity: Option<Entity>,
        today: Date,
    ) -> Result<LookedUp, EngineError> {
        let mut answer = LookedUp { asked: asked.to_owned(), ..LookedUp::default() };
        let Some(entity) = entity else { return Ok(answer) };
        if entity.kind.is_observable() {
            answer.benign = self.knowledge.benign(&entity).map(|benign| benign.list);
        }
        let known = self.store.known(&entity)?;
        let best = known.roles.iter().max_by(|a, b| {
            let key = |fact: &Fact| (role_of(fact) == Some(Role::Indicator), fact.probability);
            let (a, b) = (key(a), key(b));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        if let Some(fact) = best {
            answer.known = true;
            answer.role = role_of(fact);
            answer.probability = Some((fact.probability * 1e4).round() / 1e4);
            answer.likelihood = Some(fact.likelihood());
            answer.confidence = Some(fact.confidence);
            let noted = known.aging.filter(|_| answer.role == Some(Role::Indicator));
            answer.status = Some(match noted {
                Some(aging) if self.notes_decay()? => aging.on(today),
                _ => self.status_of(fact, today)?.status,
            });
            answer.origins = Some(fact.origins_for() as u64);
            answer.first = fact.period.first.or(fact.reported.first);
            answer.last = fact.last_known();
            answer.marking = Some(fact.marking);
            answer.note = (!fact.notes.is_empty()).then(|| fact.notes.join("; "));
            answer.labels = known.indicates.iter().map(|entity| entity.value.clone()).collect();
        }
        answer.kind = Some(entity.kind);
        answer.value = Some(entity.value);
        Ok(answer)
    }
}

fn role_of(fact: &Fact) -> Option<Role> {
    match &fact.object {
        Object::Text(word) => word.parse().ok(),
        Object::Entity(_) => None,
    }
}

/// The host of a URL, without user, port and brackets.
fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    if let Some(inside) = host.strip_prefix('[') {
        return inside.split(']').next();
    }
    host.split(':').next().filter(|host| !host.is_empty())
}

/// Which of several things of one name is meant: what a defender asks for most comes first.
fn rank(entity: &Entity) -> (usize, Entity) {
    const FIRST: [Kind; 6] = [
        Kind::Campaign,
        Kind::ThreatActor,
        Kind::Cluster,
        Kind::Malware,
        Kind::Tool,
        Kind::Vulnerability,
    ];
    let place = FIRST.iter().position(|kind| *kind == entity.kind).unwrap_or(FIRST.len());
    (place, entity.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AddOptions, Silent};

    fn engine() -> Engine {
        engine_of(
            "# Report\n\nIndicators of compromise\n\n- C2: 45.77.0[.]1\n- evil.top\n\nHAFNIUM used them.\n",
        )
    }

    fn engine_of(report: &str) -> Engine {
        let mut engine = Engine::in_memory().unwrap();
        let input = Input::Bytes { name: "note.md".into(), bytes: report.into() };
        let now = "2021-03-04T00:00:00Z".parse().unwrap();
        engine.add(&[input], &AddOptions::default(), now, &Silent).unwrap();
        engine
    }

    #[test]
    fn values_and_names_are_found_however_they_are_written() {
        let engine = engine();
        let today = "2021-03-05".parse().unwrap();
        for (asked, kind, known) in [
            ("45.77.0.1", Some(Kind::Ipv4Addr), true),
            (" 45.77.0[.]1 ", Some(Kind::Ipv4Addr), true),
            ("hxxp://evil[.]top", Some(Kind::Url), false),
            ("EVIL.top", Some(Kind::DomainName), true),
            ("192.0.2.1", Some(Kind::Ipv4Addr), false),
            ("hafnium", Some(Kind::ThreatActor), true),
            ("Silk Typhoon", Some(Kind::ThreatActor), true),
            ("nothing of the sort", None, false),
            ("", None, false),
        ] {
            let found = engine.look_up(asked, today).unwrap();
            assert_eq!((found.kind, found.known), (kind, known), "{asked}: {found:?}");
            assert_eq!(found.asked, asked);
        }
        let address = engine.look_up("45.77.0.1", today).unwrap();
        assert_eq!(address.role, Some(Role::Indicator));
    }

    #[test]
    fn a_value_is_known_by_its_host() {
        let engine =
            engine_of("# Report\n\nIndicators of compromise\n\n- 45.77.0[.]1\n- evil[.]top\n");
        let today = "2021-03-05".parse().unwrap();
        for (asked, part, value) in [
            ("hxxp://evil[.]top/a.php?id=1", Some(Part::Host), "evil.top"),
            ("https://user:word@evil.top:8443/#x", Some(Part::Host), "evil.top"),
            ("http://45.77.0.1:8080/x", Some(Part::Host), "45.77.0.1"),
            ("cdn.a.evil.top", Some(Part::DomainAbove), "evil.top"),
            ("https://cdn.evil.top/", Some(Part::DomainAbove), "evil.top"),
            ("joe@evil.top", Some(Part::Host), "evil.top"),
            ("::ffff:45.77.0.1", Some(Part::Ipv4), "45.77.0.1"),
            ("evil.top", None, "evil.top"),
            ("45.77.0.1", None, "45.77.0.1"),
        ] {
            let found = engine.look_up_by_parts(asked, today).unwrap();
            assert_eq!((found.known, found.part), (true, part), "{asked}: {found:?}");
            assert_eq!((found.asked.as_str(), found.value.as_deref()), (asked, Some(value)));
            assert_eq!(found.role, Some(Role::Indicator), "{asked}");
        }
        for asked in ["notevil.top", "http://top/", "evil.top.example.org", "http:///x", "top"] {
            let found = engine.look_up_by_parts(asked, today).unwrap();
            assert!(!found.known && found.part.is_none(), "{asked}: {found:?}");
        }
        assert!(!engine.look_up("http://evil.top/a", today).unwrap().known, "as it is: not known");
        let line = "10.0.0.9 GET http://evil.top/x?q=1 200 ::ffff:45.77.0.1";
        let found = engine.look_up_text(line, today).unwrap();
        let known: Vec<_> = found.iter().filter(|f| f.known).collect();
        assert_eq!(known.len(), 2, "{found:?}");
        assert_eq!(known[0].part, Some(Part::Host));
        let (start, end) = (known[0].start.unwrap() as usize, known[0].end.unwrap() as usize);
        assert_eq!(&line[start..end], "http://evil.top/x?q=1");
    }

    #[test]
    fn a_log_line_is_taken_apart() {
        let engine = engine();
        let line = "2021-03-03 10:00:00 45.77.0.1 GET /owa/ host=evil.top 200";
        let found = engine.look_up_text(line, "2021-03-05".parse().unwrap()).unwrap();
        let known: Vec<_> = found.iter().filter(|f| f.known).collect();
        assert_eq!(known.len(), 2, "{found:?}");
        for value in known {
            let (start, end) = (value.start.unwrap() as usize, value.end.unwrap() as usize);
            assert_eq!(&line[start..end], value.asked);
        }
    }
}
