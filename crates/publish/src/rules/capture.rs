//! Captures of network traffic of our own making, on which Suricata rules are tried: a question to
//! a name server, a request, a greeting. Inert: nothing in them was ever sent.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Sample, wire_name};

/// The client of all flows; inside the network that is watched.
const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 168, 7, 7);
const CLIENT_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 7);
/// The server of flows whose addresses say nothing (RFC 2544: for tests).
const SERVER: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 2);
/// What is watched, as Suricata takes it.
pub const HOME_NET: &str = "[192.168.0.0/16,fd00::/8]";

/// A question for a name.
#[must_use]
pub fn dns(name: &str) -> Option<Sample> {
    let name = wire_name(name)?;
    let mut message = vec![0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        message.push(u8::try_from(label.len()).ok()?);
        message.extend(label.as_bytes());
    }
    message.extend([0, 0, 1, 0, 1]);
    Some(Sample::new("dns", message))
}

/// The first message of TLS, with the name of the server.
#[must_use]
pub fn tls(name: &str) -> Option<Sample> {
    let name = wire_name(name)?;
    let two = |n: usize| u16::try_from(n).ok().map(u16::to_be_bytes);
    let mut server_name = Vec::new();
    server_name.extend([0, 0]);
    server_name.extend(two(name.len() + 5)?);
    server_name.extend(two(name.len() + 3)?);
    server_name.push(0);
    server_name.extend(two(name.len())?);
    server_name.extend(name.as_bytes());
    let mut hello = vec![3, 3];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0x13, 0x01, 1, 0]);
    hello.extend(two(server_name.len())?);
    hello.extend(server_name);
    let mut message = vec![1, 0];
    message.extend(two(hello.len())?);
    message.extend(hello);
    let mut record = vec![22, 3, 1];
    record.extend(two(message.len())?);
    record.extend(message);
    Some(Sample::new("tls", record))
}

/// A request by HTTP.
#[must_use]
pub fn http(host: &str, path: &str, agent: &str) -> Sample {
    let clean = |text: &str| text.replace(['\r', '\n'], " ");
    let (host, path, agent) = (clean(host), clean(path), clean(agent));
    Sample::new(
        "http",
        format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nAccept: */*\r\n\r\n"
        ),
    )
}

/// A mail that is handed over.
#[must_use]
pub fn smtp(sender: &str) -> Sample {
    let sender = sender.replace(['\r', '\n'], " ");
    Sample::new("smtp", format!("EHLO client.example.org\r\nMAIL FROM:<{sender}>\r\n"))
}

/// A datagram to an address (the first of a network).
#[must_use]
pub fn datagram(address: &str) -> Option<Sample> {
    let host: IpAddr = address.split('/').next()?.parse().ok()?;
    Some(Sample::new("ip", host.to_string()))
}

/// Traffic with nothing hostile in it, one flow of each kind.
#[must_use]
pub fn ordinary() -> Vec<Sample> {
    let mut samples = vec![
        http("www.example.org", "/index.html", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"),
        smtp("somebody@example.org"),
    ];
    samples.extend(dns("www.example.org"));
    samples.extend(tls("www.example.org"));
    samples.extend(datagram("198.18.0.9"));
    samples
}

/// A capture (pcap) of flows, in which each has ports of its own.
#[must_use]
pub fn pcap<'s>(flows: impl IntoIterator<Item = &'s Sample>) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(0xa1b2_c3d4_u32.to_le_bytes());
    out.extend([2, 0, 4, 0]);
    out.extend([0; 8]);
    out.extend(65535_u32.to_le_bytes());
    out.extend(101_u32.to_le_bytes()); // packets begin with IP
    let mut clock = 0_u32;
    for (number, flow) in flows.into_iter().enumerate() {
        // Forty thousand ports, then another client.
        let port = 20_000 + (number % 40_000) as u16;
        let client = Ipv4Addr::from(u32::from(CLIENT) + (number / 40_000) as u32);
        for packet in packets(flow, client, port) {
            clock += 1;
            out.extend((1_600_000_000 + clock / 1000).to_le_bytes());
            out.extend((clock % 1000 * 1000).to_le_bytes());
            let length = (packet.len() as u32).to_le_bytes();
            out.extend(length);
            out.extend(length);
            out.extend(packet);
        }
    }
    out
}

fn packets(flow: &Sample, client: Ipv4Addr, port: u16) -> Vec<Vec<u8>> {
    match flow.name.as_str() {
        "dns" => vec![v4(client, SERVER, 17, &udp(port, 53, &flow.bytes))],
        "ip" => {
            let to: Option<IpAddr> =
                std::str::from_utf8(&flow.bytes).ok().and_then(|t| t.parse().ok());
            match to {
                Some(IpAddr::V4(to)) => vec![v4(client, to, 17, &udp(port, 9, b"hello"))],
                Some(IpAddr::V6(to)) => vec![v6(CLIENT_V6, to, 17, &udp(port, 9, b"hello"))],
                None => Vec::new(),
            }
        }
        "tls" => conversation(client, port, 443, &flow.bytes, b"", b""),
        "smtp" => conversation(
            client,
            port,
            25,
            &flow.bytes,
            b"220 mail.example.org ESMTP\r\n",
            b"250 ok\r\n",
        ),
        _ => conversation(
            client,
            port,
            80,
            &flow.bytes,
            b"",
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ),
    }
}

/// A connection: three packets to open it, what the server says first, the client's words, the
/// server's answer, and the end.
fn conversation(
    client: Ipv4Addr,
    port: u16,
    service: u16,
    said: &[u8],
    greeting: &[u8],
    answer: &[u8],
) -> Vec<Vec<u8>> {
    const SYN: u8 = 2;
    const ACK: u8 = 16;
    const PUSH: u8 = 24;
    const END: u8 = 17;
    let mut packets = Vec::new();
    let (mut ours, mut theirs) = (1000_u32, 5000_u32);
    let mut send = |out: bool, flags: u8, bytes: &[u8]| {
        let (from, to, source, target, sequence, other) = if out {
            (client, SERVER, port, service, &mut ours, theirs)
        } else {
            (SERVER, client, service, port, &mut theirs, ours)
        };
        packets.push(v4(from, to, 6, &tcp(source, target, *sequence, other, flags, bytes)));
        *sequence += bytes.len() as u32 + u32::from(flags & (SYN | 1) != 0);
    };
    send(true, SYN, b"");
    send(false, SYN | ACK, b"");
    send(true, ACK, b"");
    if !greeting.is_empty() {
        send(false, PUSH, greeting);
        send(true, ACK, b"");
    }
    for part in said.chunks(1400) {
        send(true, PUSH, part);
        send(false, ACK, b"");
    }
    if !answer.is_empty() {
        send(false, PUSH, answer);
        send(true, ACK, b"");
    }
    send(true, END, b"");
    send(false, END, b"");
    send(true, ACK, b"");
    packets
}

fn udp(from: u16, to: u16, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(from.to_be_bytes());
    out.extend(to.to_be_bytes());
    out.extend((bytes.len() as u16 + 8).to_be_bytes());
    out.extend([0, 0]);
    out.extend(bytes);
    out
}

fn tcp(from: u16, to: u16, sequence: u32, acknowledged: u32, flags: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(from.to_be_bytes());
    out.extend(to.to_be_bytes());
    out.extend(sequence.to_be_bytes());
    out.extend(if flags & 16 == 0 { 0_u32 } else { acknowledged }.to_be_bytes());
    out.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    out.extend(bytes);
    out
}

fn v4(from: Ipv4Addr, to: Ipv4Addr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x45, 0];
    out.extend((payload.len() as u16 + 20).to_be_bytes());
    out.extend([0, 1, 0x40, 0, 64, protocol, 0, 0]);
    out.extend(from.octets());
    out.extend(to.octets());
    let sum: u32 =
        out.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let sum = (sum & 0xffff) + (sum >> 16);
    let check = !((sum & 0xffff) as u16 + (sum >> 16) as u16);
    out[10..12].copy_from_slice(&check.to_be_bytes());
    out.extend(payload);
    out
}

fn v6(from: Ipv6Addr, to: Ipv6Addr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x60, 0, 0, 0];
    out.extend((payload.len() as u16).to_be_bytes());
    out.extend([protocol, 64]);
    out.extend(from.octets());
    out.extend(to.octets());
    out.extend(payload);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_are_well_formed() {
        let flows = ordinary();
        let bytes = pcap(&flows);
        let (mut at, mut count) = (24, 0);
        while at < bytes.len() {
            let length = u32::from_le_bytes(bytes[at + 8..at + 12].try_into().unwrap()) as usize;
            let packet = &bytes[at + 16..at + 16 + length];
            assert!(packet[0] >> 4 == 4 || packet[0] >> 4 == 6);
            at += 16 + length;
            count += 1;
        }
        assert_eq!(at, bytes.len());
        assert!(count > 20);
        assert_eq!(dns("not a name"), None);
    }
}
