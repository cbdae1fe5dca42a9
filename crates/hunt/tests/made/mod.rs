//! Binary logs of our own making: event logs and Parquet.

use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

const CHUNK: usize = 64 << 10;

/// A chunk of an event log: Sysmon's events 3, one for each number, to one address.
pub fn chunk(numbers: std::ops::RangeInclusive<u64>, address: &str) -> Vec<u8> {
    let mut data = vec![0u8; 512];
    let (first, last) = (*numbers.start(), *numbers.end());
    let mut last_at = 0;
    for number in numbers {
        last_at = data.len();
        record(&mut data, number, address);
    }
    let free = data.len() as u32;
    data[..8].copy_from_slice(b"ElfChnk\0");
    for (at, number) in [(8, first), (16, last), (24, first), (32, last)] {
        data[at..at + 8].copy_from_slice(&number.to_le_bytes());
    }
    for (at, number) in [(40, 128), (44, last_at as u32), (48, free)] {
        data[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
    data.resize(CHUNK, 0);
    data
}

/// The header that stands before the chunks of a file.
pub fn header() -> Vec<u8> {
    let mut header = vec![0u8; 4096];
    header[..8].copy_from_slice(b"ElfFile\0");
    header
}

fn record(data: &mut Vec<u8>, number: u64, address: &str) {
    let start = data.len();
    data.extend_from_slice(b"\x2a\x2a\0\0\0\0\0\0");
    data.extend_from_slice(&number.to_le_bytes());
    // 2021-03-03T01:00:00Z in steps of 100 ns since 1601.
    data.extend_from_slice(&132_592_068_000_000_000u64.to_le_bytes());
    data.extend_from_slice(&[0x0f, 1, 1, 0]);
    open(data, "Event", None);
    open(data, "System", None);
    open(data, "Provider", Some(("Name", "Microsoft-Windows-Sysmon")));
    data.push(4);
    leaf(data, "EventID", None, "3");
    open(data, "TimeCreated", Some(("SystemTime", "2021-03-03T01:00:00.000000Z")));
    data.push(4);
    leaf(data, "EventRecordID", None, &number.to_string());
    leaf(data, "Channel", None, "Microsoft-Windows-Sysmon/Operational");
    data.push(4);
    open(data, "EventData", None);
    leaf(data, "Data", Some(("Name", "DestinationIp")), address);
    data.extend_from_slice(&[4, 4, 0]);
    // The size stands at both ends.
    let size = (data.len() - start + 4) as u32;
    data[start + 4..start + 8].copy_from_slice(&size.to_le_bytes());
    data.extend_from_slice(&size.to_le_bytes());
}

fn open(data: &mut Vec<u8>, element: &str, attribute: Option<(&str, &str)>) {
    data.push(if attribute.is_some() { 0x41 } else { 1 });
    data.extend_from_slice(&[0; 4]);
    name(data, element);
    if let Some((key, value)) = attribute {
        data.extend_from_slice(&[0; 4]);
        data.push(6);
        name(data, key);
        text(data, value);
    }
    data.push(2);
}

fn leaf(data: &mut Vec<u8>, element: &str, attribute: Option<(&str, &str)>, value: &str) {
    open(data, element, attribute);
    text(data, value);
    data.push(4);
}

/// A name that stands where it is used first.
fn name(data: &mut Vec<u8>, name: &str) {
    let at = data.len() as u32 + 4;
    data.extend_from_slice(&at.to_le_bytes());
    data.extend_from_slice(&[0; 6]);
    data.extend_from_slice(&(name.len() as u16).to_le_bytes());
    data.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
    data.extend_from_slice(&[0; 2]);
}

fn text(data: &mut Vec<u8>, value: &str) {
    data.extend_from_slice(&[5, 1]);
    data.extend_from_slice(&(value.len() as u16).to_le_bytes());
    data.extend(value.encode_utf16().flat_map(u16::to_le_bytes));
}

/// A table of two connections, one column of it nested, in two row groups.
pub fn parquet() -> Vec<u8> {
    let schema = "message connections {
        REQUIRED INT64 time (TIMESTAMP(MILLIS, true));
        REQUIRED BYTE_ARRAY src_ip (UTF8);
        REQUIRED group dst { OPTIONAL BYTE_ARRAY ip (UTF8); }
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut file = Vec::new();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(&mut file, schema, properties).unwrap();
    for (time, from, to) in [
        (1_614_733_200_000, "10.0.0.5", "192.0.2.66"),
        (1_614_733_201_000, "10.0.0.5", "203.0.113.7"),
    ] {
        let mut group = writer.next_row_group().unwrap();
        let mut number = 0;
        while let Some(mut column) = group.next_column().unwrap() {
            let bytes = [ByteArray::from(if number == 1 { from } else { to })];
            let levels = (number == 2).then_some(&[1i16][..]);
            if number == 0 {
                column.typed::<Int64Type>().write_batch(&[time], None, None).unwrap();
            } else {
                column.typed::<ByteArrayType>().write_batch(&bytes, levels, None).unwrap();
            }
            column.close().unwrap();
            number += 1;
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
    file
}
