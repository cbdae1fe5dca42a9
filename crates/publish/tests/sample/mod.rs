//! A picture of our own making: public facts of the 2021 Exchange campaign, told by three
//! made-up documents.

use lapwing_model::{
    Admiralty, AnalyticConfidence, Basis, ClaimId, Contribution, DocumentId, Entity, Fact, Format,
    Gap, GapKind, Kind, Lineage, LineageKind, Marking, Object, Origin, OriginId, OriginMember,
    PartialDate, Period, Polarity, Relation, Span, Status,
};
use lapwing_publish::{Distinct, DocumentSummary, Picture, Quote};

pub fn date(text: &str) -> PartialDate {
    text.parse().unwrap()
}

pub fn entity(kind: Kind, value: &str) -> Entity {
    Entity::new(kind, value)
}

fn document(n: u8) -> DocumentId {
    DocumentId::of(&[n])
}

fn origin(n: u8) -> OriginId {
    OriginId::of(&[n])
}

/// Adds facts one by one, each with one quote for each document that states it.
pub struct Painter {
    pub picture: Picture,
    claims: u32,
}

impl Painter {
    pub fn new(subject: Entity, asked: &str) -> Self {
        Self { picture: Picture::new(subject, asked, date("2022-03-01")), claims: 0 }
    }

    #[expect(clippy::too_many_arguments, reason = "a fact has that many parts")]
    pub fn fact(
        &mut self,
        subject: &Entity,
        relation: Relation,
        object: impl Into<Object>,
        probability: f64,
        basis: Basis,
        polarity: Polarity,
        said: &[(u8, &str, Option<&str>, Option<&str>)],
    ) -> &mut Fact {
        let supports = polarity != Polarity::Denied;
        let mut contributions = Vec::new();
        for (n, text, said_by, word) in said {
            self.claims += 1;
            let claim = ClaimId::of(&self.claims.to_le_bytes());
            let quote = Quote {
                document: document(*n),
                span: Span::new(self.claims as usize * 10, self.claims as usize * 10 + 7),
                text: (*text).to_owned(),
                said_by: said_by.map(str::to_owned),
                stated_word: word.map(str::to_owned),
                polarity,
                basis,
            };
            self.picture.quotes.insert(claim, quote);
            contributions.push(Contribution {
                origin: origin(*n),
                supports,
                weight: probability,
                reliability: 0.8,
                precision: 0.9,
                stated: 0.85,
                strongest: claim,
                claims: vec![claim],
            });
        }
        self.picture.facts.push(Fact {
            subject: subject.clone(),
            relation,
            object: object.into(),
            probability,
            confidence: if said.len() > 1 {
                AnalyticConfidence::Moderate
            } else {
                AnalyticConfidence::Low
            },
            basis,
            period: Period::default(),
            reported: Period { first: Some(date("2021-03-05")), last: Some(date("2021-11-10")) },
            marking: Marking::Clear,
            contributions,
            notes: Vec::new(),
        });
        self.picture.statuses.push(Status::Ageing);
        self.picture.facts.last_mut().unwrap()
    }
}

fn text(word: &str) -> Object {
    Object::Text(word.to_owned())
}

/// The picture of a campaign.
pub fn campaign() -> Picture {
    use Basis::{Assessed, Observed, Predicted};
    use Polarity::{Asserted, Denied, Hedged};
    let topic = entity(Kind::Campaign, "Microsoft Exchange");
    let tortilla = entity(Kind::ThreatActor, "Tortilla");
    let hafnium = entity(Kind::ThreatActor, "Hafnium");
    let china = entity(Kind::Location, "China");
    let mut p = Painter::new(topic.clone(), "Microsoft Exchange");

    p.fact(
        &topic,
        Relation::AttributedTo,
        tortilla.clone(),
        0.74,
        Assessed,
        Asserted,
        &[(1, "Tortilla | High", None, Some("High"))],
    );
    p.fact(
        &topic,
        Relation::AttributedTo,
        hafnium.clone(),
        0.71,
        Assessed,
        Asserted,
        &[(
            3,
            "The maker of the server names the group Hafnium and is highly confident.",
            Some("Microsoft"),
            Some("highly confident"),
        )],
    );
    p.fact(
        &hafnium,
        Relation::SponsoredBy,
        china.clone(),
        0.52,
        Assessed,
        Hedged,
        &[(3, "thought to work for the Chinese state", Some("Microsoft"), None)],
    );
    p.fact(
        &hafnium,
        Relation::LocatedAt,
        china,
        0.52,
        Assessed,
        Hedged,
        &[(3, "and to be based in China", Some("Microsoft"), None)],
    );
    for name in ["UNC2639", "UNC2640", "UNC2643"] {
        let cluster = entity(Kind::Cluster, name);
        let by = entity(Kind::Identity, "Mandiant");
        let said = "Mandiant follows three clusters: UNC2639, UNC2640 and UNC2643";
        p.fact(
            &cluster,
            Relation::TrackedBy,
            by,
            0.68,
            Observed,
            Asserted,
            &[(3, said, Some("Mandiant"), None)],
        );
        p.fact(
            &cluster,
            Relation::PartOf,
            topic.clone(),
            0.66,
            Assessed,
            Asserted,
            &[(3, said, Some("Mandiant"), None)],
        );
    }
    p.fact(
        &topic,
        Relation::RelatedTo,
        entity(Kind::Location, "Italy"),
        0.4,
        Assessed,
        Asserted,
        &[(1, "IT", None, None)],
    );
    for cve in ["CVE-2021-26855", "CVE-2021-27065"] {
        let cve = entity(Kind::Vulnerability, cve);
        let server = entity(Kind::Software, "Microsoft Exchange Server");
        let online = entity(Kind::Software, "Exchange Online");
        p.fact(
            &topic,
            Relation::Exploits,
            cve.clone(),
            0.93,
            Observed,
            Asserted,
            &[
                (2, "Exploitation of these flaws has been seen", None, None),
                (3, "four flaws were used", Some("Mandiant"), None),
            ],
        );
        p.fact(
            &cve,
            Relation::Affects,
            server,
            0.97,
            Observed,
            Asserted,
            &[(2, "on-premises servers are affected", None, None)],
        );
        p.fact(
            &cve,
            Relation::Affects,
            online,
            0.08,
            Assessed,
            Denied,
            &[(2, "Exchange Online is not known to be affected", None, None)],
        );
        p.fact(
            &cve,
            Relation::FixedOn,
            text("2021-03-02"),
            0.95,
            Observed,
            Asserted,
            &[(3, "the fix of March 2", Some("Microsoft"), None)],
        );
    }
    p.fact(
        &topic,
        Relation::FirstSeen,
        text("2021-01"),
        0.7,
        Observed,
        Asserted,
        &[(3, "abuse was first seen in January", Some("Mandiant"), None)],
    );
    for sector in ["retail", "government-local", "education", "manufacturing"] {
        let sector = entity(Kind::Sector, sector);
        p.fact(
            &topic,
            Relation::Compromises,
            sector,
            0.7,
            Observed,
            Asserted,
            &[(
                3,
                "shops, a town hall, a university and an engineering firm in the US were hit",
                Some("Mandiant"),
                None,
            )],
        );
    }
    p.fact(
        &topic,
        Relation::Targets,
        entity(Kind::Sector, "telecommunications"),
        0.45,
        Assessed,
        Hedged,
        &[(3, "a carrier in Central Asia may also be a victim", Some("Mandiant"), None)],
    );
    let technique = entity(Kind::AttackPattern, "T1068");
    p.fact(
        &topic,
        Relation::Uses,
        technique.clone(),
        0.6,
        Predicted,
        Asserted,
        &[(1, "T1068 | CWE-269 | High", None, Some("High"))],
    );
    p.fact(
        &technique,
        Relation::HasWeakness,
        entity(Kind::Weakness, "CWE-269"),
        0.6,
        Predicted,
        Asserted,
        &[(1, "T1068 | CWE-269 | High", None, Some("High"))],
    );
    p.fact(
        &topic,
        Relation::Uses,
        entity(Kind::AttackPattern, "T1505.003"),
        0.72,
        Observed,
        Asserted,
        &[(3, "a web shell was left for later access", Some("Mandiant"), None)],
    );
    for (n, (value, doc)) in [
        ("54.221.65.242", 1_u8),
        ("168.119.93.163", 1),
        ("185.219.52.229", 1),
        ("91.192.103.43", 2),
        ("80.92.205.81", 2),
    ]
    .into_iter()
    .enumerate()
    {
        let address = entity(Kind::Ipv4Addr, value);
        let fact = p.fact(
            &address,
            Relation::Role,
            text("indicator"),
            0.6 + n as f64 / 20.0,
            Observed,
            Asserted,
            &[(doc, &format!("{} | {value} | Medium", n + 1), None, Some("Medium"))],
        );
        if n == 0 {
            fact.notes.push("shared hosting: Amazon EC2".to_owned());
        }
        if doc == 1 {
            p.fact(
                &address,
                Relation::Indicates,
                tortilla.clone(),
                0.6,
                Observed,
                Asserted,
                &[(1, value, None, Some("Medium"))],
            );
        }
    }
    let host = entity(Kind::DomainName, "dupa.tk");
    p.fact(
        &host,
        Relation::Role,
        text("indicator"),
        0.7,
        Observed,
        Asserted,
        &[(1, "dupa.tk", None, Some("High"))],
    );
    p.fact(
        &host,
        Relation::ResolvesTo,
        entity(Kind::Ipv4Addr, "168.119.93.163"),
        0.7,
        Observed,
        Asserted,
        &[(1, "168.119.93.163 | dupa.tk", None, Some("High"))],
    );
    let report = entity(Kind::Report, &document(1).to_string());
    p.fact(
        &report,
        Relation::References,
        entity(Kind::Url, "https://example.org/babuk"),
        0.9,
        Observed,
        Asserted,
        &[(1, "https://example.org/babuk", None, None)],
    );
    p.fact(
        &report,
        Relation::About,
        topic,
        1.0,
        Observed,
        Asserted,
        &[(1, "Microsoft Exchange", None, None)],
    );
    let mut picture = p.picture;
    sources(&mut picture);
    picture.distinct.push(Distinct {
        a: tortilla,
        b: hafnium,
        why: "no origin says so, and they share no indicator".to_owned(),
    });
    picture
}

fn sources(picture: &mut Picture) {
    let grade = |reliability, credibility| Admiralty { reliability, credibility };
    let titles = ["", "Campaign page", "Alert as an event", "Exchange flaws hit shops"];
    let sources = ["", "ExampleDB", "Example CERT", "Example News"];
    let formats = [Format::Text, Format::Vuldb, Format::MispMarkdown, Format::Html];
    let grades = [grade('F', 6), grade('C', 3), grade('B', 2), grade('D', 3)];
    let days = ["2022-01-10", "2022-01-10", "2021-03-03", "2021-03-05"];
    for n in 1..=3_usize {
        let lineage = |kind, publisher: &str| Lineage {
            kind,
            publisher: Some(publisher.to_owned()),
            url: None,
            span: Span::new(0, 1),
        };
        let from = [
            lineage(LineageKind::Rewrites, "Dark Reading"),
            lineage(LineageKind::ReportsOn, "Mandiant"),
        ];
        picture.documents.push(DocumentSummary {
            id: document(n as u8),
            label: titles[n].to_owned(),
            source: Some(sources[n].to_owned()),
            format: formats[n],
            published: Some(date(days[n])),
            marking: (n == 2).then_some(Marking::Clear),
            url: None,
            properties: if n == 2 { vec![("threat-level".into(), "low".into())] } else { vec![] },
            lineage: if n == 3 { from.into() } else { vec![] },
            origin: origin(n as u8),
            grade: grades[n],
            why_included: "it is about Microsoft Exchange".to_owned(),
        });
        picture.origins.push(Origin {
            id: origin(n as u8),
            label: if n == 3 {
                "Mandiant".into()
            } else {
                format!("{}: {}", sources[n], titles[n])
            },
            root_seen: n != 3,
            members: vec![OriginMember {
                document: document(n as u8),
                derived_from: (n == 3).then(|| "Mandiant".to_owned()),
                probability: 1.0,
                why: None,
                grade: grades[n],
            }],
        });
    }
    let gap = |kind, what: &str, entity_kind, count, shown| Gap {
        kind,
        what: what.to_owned(),
        entity_kind,
        count: Some(count),
        shown,
        span: Span::new(0, 1),
    };
    picture.gaps.push((document(1), gap(GapKind::Hidden, "indicator", None, 1, Some(3))));
    let hashes = gap(GapKind::Redacted, "file:sha256", Some(Kind::Sha256), 8, None);
    picture.gaps.push((document(2), hashes));
    picture
        .candidates
        .push((entity(Kind::ThreatActor, "Unknown Group 7"), vec!["Alpha".into(), "Beta".into()]));
}
