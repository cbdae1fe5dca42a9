//! What Windows' RADIUS server (NPS) logs in its format for databases: an element of XML a line.
//! <https://learn.microsoft.com/windows-server/networking/technologies/nps/nps-np-configure>

use super::{Line, Pairs, put};
use crate::time;

const BEGIN: &str = "<Event><";

/// Whether a log begins so; other events have an element `System`.
pub(crate) fn is_nps(head: &[u8]) -> bool {
    head.starts_with(BEGIN.as_bytes()) && memchr::memmem::find(head, b" data_type=").is_some()
}

/// `<Event><Timestamp data_type="4">03/03/2021 01:02:03.123</Timestamp><User-Name data_type="1">ann</User-Name>…`.
pub(super) fn read(line: &str) -> Option<Line<'_>> {
    let mut rest = line.strip_prefix("<Event>").filter(|_| line.contains(" data_type="))?;
    let mut named: Vec<(&str, &str)> = Vec::new();
    while let Some((head, after)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        let name = head.split(' ').next().unwrap_or(head);
        if name.starts_with('/') {
            break;
        }
        let (value, next) = after.split_once('<')?;
        named.push((name, value));
        rest = &next[next.find('>')? + 1..];
    }
    let get = |name: &str| named.iter().find(|(n, _)| *n == name).map_or("", |(_, value)| *value);
    let when = time::read(get("Timestamp"))?;
    let mut fields: Pairs<'_> = Vec::with_capacity(named.len() + 3);
    put(&mut fields, "src_ip", get("Calling-Station-Id"));
    put(&mut fields, "user", get("User-Name"));
    put(&mut fields, "host", get("Computer-Name"));
    let others = named.iter().filter(|(name, _)| *name != "Timestamp");
    fields.extend(others.map(|(name, value)| ((*name).into(), (*value).into())));
    Some(Line { form: "radius", when: Some(when), fields })
}

#[cfg(test)]
mod tests {
    use super::super::tests::fields;
    use super::*;

    #[test]
    fn elements_are_fields() {
        let line = "<Event><Timestamp data_type=\"4\">03/03/2021 01:02:03.5</Timestamp><Computer-Name data_type=\"1\">NPS1</Computer-Name>\
            <Calling-Station-Id data_type=\"1\">192.0.2.66</Calling-Station-Id><User-Name data_type=\"1\">D\\ann</User-Name></Event>";
        assert_eq!(
            fields(line),
            "radius: src_ip=192.0.2.66 | user=D\\ann | host=NPS1 | Computer-Name=NPS1 | Calling-Station-Id=192.0.2.66 | User-Name=D\\ann"
        );
        assert!(read("<Event xmlns='x'><System><EventID>1</EventID></System></Event>").is_none());
        assert!(read("<Event><Timestamp data_type=\"4\">03/03").is_none());
        assert!(is_nps(line.as_bytes()));
    }
}
