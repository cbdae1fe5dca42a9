//! The support log of Microsoft Defender (`MPLog-*.log`): what it scanned and found, months back.

use super::{Line, put};
use crate::time;

/// What lines of it hold that no other log does.
const SIGNS: &[&str] = &[
    "DETECTIONEVENT ",
    "DETECTION_ADD",
    "DETECTION_CLEANEVENT",
    "[Mini-filter]",
    "[RTP]",
    "ProcessImageName: ",
    "SDN:Issuing SDN query",
    "MPSOURCE_",
    "EMS scan for process",
    "EstimatedImpact:",
    "Engine-Setup",
    "Engine:EMS",
    "BEGIN BM telemetry",
];

/// `2021-03-03T01:02:03.123Z DETECTIONEVENT MPSOURCE_REALTIME HackTool:Win32/X file:C:\temp\x.exe …`. Its clock is UTC.
pub(super) fn read(line: &str) -> Option<Line<'_>> {
    let (stamp, message) = line.split_once(' ')?;
    if !(19..=30).contains(&stamp.len())
        || stamp.as_bytes()[10] != b'T'
        || !SIGNS.iter().any(|sign| message.contains(sign))
    {
        return None;
    }
    let when = time::read(stamp)?.utc().map(time::Moment::Exact)?;
    let mut fields = Vec::with_capacity(6);
    let found = ["DETECTIONEVENT ", "DETECTION_ADD", "DETECTION_CLEANEVENT"];
    if found.iter().any(|sign| message.starts_with(sign)) {
        let mut words = message.split(' ');
        put(&mut fields, "event", words.next().unwrap_or("").split('#').next().unwrap_or(""));
        let threat = words.find(|word| word.contains(':') && word.contains('/'));
        put(&mut fields, "threat", threat.unwrap_or(""));
        let path = message.split_once("file:").map_or("", |(_, path)| path);
        put(&mut fields, "path", path.split(" PropBag ").next().unwrap_or(path).trim_end());
    }
    if let Some((_, image)) = message.split_once("ProcessImageName: ") {
        put(&mut fields, "Image", image.split(", ").next().unwrap_or(image));
        let most = message.split_once("MaxTimeFile: ").map_or("", |(_, path)| path);
        put(&mut fields, "path", most.split(", Est").next().unwrap_or(most));
    }
    if let Some((_, query)) = message.split_once("SDN query for ") {
        put(&mut fields, "path", query.split(" (").next().unwrap_or(query));
    }
    if let Some((_, path)) = message.split_once("scan status: ") {
        put(&mut fields, "path", path.split(". Process: ").next().unwrap_or(path));
        let image = message.split_once("Process: ").map_or("", |(_, image)| image);
        let image = image.split(", ").next().unwrap_or(image);
        put(&mut fields, "Image", if image == "(unknown)" { "" } else { image });
    }
    for (name, keys) in
        [("sha1", ["sha1=", "SHA1="]), ("sha256", ["sha2=", "sha256="]), ("md5", ["md5=", "MD5="])]
    {
        let value = keys.iter().find_map(|key| message.split_once(key)).map_or("", |(_, v)| v);
        let digits = value.bytes().take_while(u8::is_ascii_hexdigit).count();
        put(&mut fields, name, &value[..digits]);
    }
    put(&mut fields, "message", message);
    Some(Line { form: "defender", when: Some(when), fields })
}

#[cfg(test)]
mod tests {
    use super::super::tests::fields;

    #[test]
    fn what_was_found_and_what_ran() {
        for (text, wanted) in [
            (
                r"2021-03-03T01:02:03.123Z DETECTIONEVENT MPSOURCE_REALTIME HackTool:Win32/Tool.A file:C:\temp\a b.exe PropBag [length: 0, data: (null)]",
                r"defender: event=DETECTIONEVENT | threat=HackTool:Win32/Tool.A | path=C:\temp\a b.exe | ",
            ),
            (
                r"2021-03-03T01:02:04.123Z DETECTION_ADD#1 HackTool:Win32/Tool.D file:C:\temp\a.exe",
                r"defender: event=DETECTION_ADD | threat=HackTool:Win32/Tool.D | path=C:\temp\a.exe | ",
            ),
            (
                r"2021-03-03T01:02:06.123 ProcessImageName: a.exe, Pid: 123, TotalTime: 15, MaxTimeFile: \Device\HarddiskVolume2\x, EstimatedImpact: 0%",
                r"defender: Image=a.exe | path=\Device\HarddiskVolume2\x | ",
            ),
            (
                r"2021-03-03T01:02:07.123 SDN:Issuing SDN query for C:\temp\a.exe (C:\temp\a.exe) (sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709, sha2=e3b0)",
                r"defender: path=C:\temp\a.exe | sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709 | sha256=e3b0 | ",
            ),
        ] {
            assert!(fields(text).starts_with(wanted), "{}", fields(text));
        }
        let line = super::super::read("2021-03-03T01:02:06.5 [RTP] started").when;
        assert!(matches!(line, Some(crate::time::Moment::Exact(_))));
    }
}
