//! Values on their way to PostgreSQL and back, in its binary form.

use postgres::types::private::BytesMut;
use postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};
use rusqlite::types::Value;

/// Stands for a NUL, which PostgreSQL takes in no text: a noncharacter, so that it comes back as
/// what it was.
const NUL: char = '\u{FDD2}';

type Failure = Box<dyn std::error::Error + Sync + Send>;

/// A value that is sent.
#[derive(Debug)]
pub(super) struct Sent(pub(super) Value);

/// A column of values that is sent as one array.
#[derive(Debug)]
pub(super) struct Column(pub(super) Vec<Value>);

fn put(value: &Value, of: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
    let unfit = || Failure::from(format!("{value:?} is no {of}"));
    match value {
        Value::Null => return Ok(IsNull::Yes),
        Value::Integer(n) => match *of {
            Type::INT8 => out.extend_from_slice(&n.to_be_bytes()),
            Type::INT4 => out.extend_from_slice(&i32::try_from(*n)?.to_be_bytes()),
            Type::INT2 => out.extend_from_slice(&i16::try_from(*n)?.to_be_bytes()),
            Type::BOOL => out.extend_from_slice(&[u8::from(*n != 0)]),
            Type::FLOAT8 => out.extend_from_slice(&(*n as f64).to_be_bytes()),
            Type::TEXT | Type::VARCHAR => out.extend_from_slice(n.to_string().as_bytes()),
            _ => return Err(unfit()),
        },
        Value::Real(x) => match *of {
            Type::FLOAT8 => out.extend_from_slice(&x.to_be_bytes()),
            Type::FLOAT4 => out.extend_from_slice(&(*x as f32).to_be_bytes()),
            // A date's number that was carried as a key of a page.
            Type::INT8 if x.fract() == 0.0 => out.extend_from_slice(&(*x as i64).to_be_bytes()),
            _ => return Err(unfit()),
        },
        Value::Text(text) => match *of {
            Type::BYTEA => out.extend_from_slice(text.as_bytes()),
            _ if text.contains('\0') => {
                out.extend_from_slice(text.replace('\0', NUL.encode_utf8(&mut [0; 4])).as_bytes());
            }
            _ => out.extend_from_slice(text.as_bytes()),
        },
        Value::Blob(bytes) => match *of {
            Type::BYTEA => out.extend_from_slice(bytes),
            _ => return Err(unfit()),
        },
    }
    Ok(IsNull::No)
}

impl ToSql for Sent {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        put(&self.0, of, out)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl ToSql for Column {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        let Kind::Array(member) = of.kind() else {
            return Err(format!("{of} is no array").into());
        };
        let length = i32::try_from(self.0.len())?;
        out.extend_from_slice(&i32::from(length > 0).to_be_bytes());
        out.extend_from_slice(&1_i32.to_be_bytes()); // some may be NULL
        out.extend_from_slice(&member.oid().to_be_bytes());
        if length > 0 {
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(&1_i32.to_be_bytes());
        }
        for value in &self.0 {
            let at = out.len();
            out.extend_from_slice(&(-1_i32).to_be_bytes());
            if let IsNull::No = put(value, member, out)? {
                let size = i32::try_from(out.len() - at - 4)?;
                out[at..at + 4].copy_from_slice(&size.to_be_bytes());
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(of: &Type) -> bool {
        matches!(of.kind(), Kind::Array(_))
    }

    to_sql_checked!();
}

/// A value that came, in SQLite's five types.
#[derive(Debug)]
pub(super) enum Came<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a str),
    Owned(String),
    Blob(&'a [u8]),
}

impl<'a> FromSql<'a> for Came<'a> {
    fn from_sql(of: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(match *of {
            Type::INT8 => Self::Integer(i64::from_be_bytes(raw.try_into()?)),
            Type::INT4 => Self::Integer(i32::from_be_bytes(raw.try_into()?).into()),
            Type::INT2 => Self::Integer(i16::from_be_bytes(raw.try_into()?).into()),
            Type::BOOL => Self::Integer(i64::from(raw.first() == Some(&1))),
            Type::OID => Self::Integer(u32::from_be_bytes(raw.try_into()?).into()),
            Type::FLOAT8 => Self::Real(f64::from_be_bytes(raw.try_into()?)),
            Type::FLOAT4 => Self::Real(f32::from_be_bytes(raw.try_into()?).into()),
            Type::NUMERIC => numeric(raw)?,
            Type::BYTEA => Self::Blob(raw),
            Type::VOID => Self::Null,
            _ => {
                let text = std::str::from_utf8(raw)?;
                if text.contains(NUL) {
                    Self::Owned(text.replace(NUL, "\0"))
                } else {
                    Self::Text(text)
                }
            }
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failure> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A number of any size: sums come so. A whole one is an integer, as in SQLite.
fn numeric<'a>(raw: &[u8]) -> Result<Came<'a>, Failure> {
    let words: Vec<i16> =
        raw.chunks_exact(2).map(|pair| i16::from_be_bytes([pair[0], pair[1]])).collect();
    let [count, weight, sign, scale, digits @ ..] = words.as_slice() else {
        return Err("a number that ends too early".into());
    };
    let negative = *sign == 0x4000;
    if !(*sign == 0 || negative) || digits.len() < usize::try_from(*count)? {
        return Err("a number that is none".into());
    }
    let mut whole: i128 = 0;
    let mut real = 0.0_f64;
    let places = digits.iter().copied().chain(std::iter::repeat(0));
    for digit in places.take(usize::try_from(*weight + 1).unwrap_or(0)) {
        whole = whole.saturating_mul(10_000).saturating_add(digit.into());
    }
    let after = usize::try_from(*weight + 1).unwrap_or(0);
    let mut unit = 10_000_f64.powi(if *weight < -1 { i32::from(*weight) + 1 } else { 0 });
    for digit in digits.iter().skip(after) {
        unit /= 10_000.0;
        real += f64::from(*digit) * unit;
    }
    let minus = if negative { -1 } else { 1 };
    if *scale == 0 {
        return Ok(Came::Integer(i64::try_from(whole * minus)?));
    }
    Ok(Came::Real((whole as f64 + real) * minus as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(words: &[i16]) -> Came<'static> {
        let raw: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        numeric(&raw).unwrap()
    }

    #[test]
    fn sums_are_integers_and_fractions_are_not() {
        assert!(matches!(number(&[0, 0, 0, 0]), Came::Integer(0)));
        assert!(matches!(number(&[2, 1, 0, 0, 12, 345]), Came::Integer(120_345)));
        assert!(matches!(number(&[1, 1, 0x4000, 0, 3]), Came::Integer(-30_000)));
        let Came::Real(half) = number(&[1, -1, 0, 1, 5000]) else { panic!("a fraction") };
        assert!((half - 0.5).abs() < 1e-12);
        let Came::Real(small) = number(&[1, -2, 0, 8, 1]) else { panic!("a fraction") };
        assert!((small - 1e-8).abs() < 1e-15);
        let Came::Real(more) = number(&[2, 0, 0, 2, 7, 2500]) else { panic!("a fraction") };
        assert!((more - 7.25).abs() < 1e-12);
        assert!(numeric(&[0, 1]).is_err());
    }

    #[test]
    fn a_nul_in_a_text_comes_back() {
        let mut out = BytesMut::new();
        put(&Value::Text("a\0b".into()), &Type::TEXT, &mut out).unwrap();
        assert!(!out.contains(&0));
        let Came::Owned(text) = Came::from_sql(&Type::TEXT, &out).unwrap() else { panic!("text") };
        assert_eq!(text, "a\0b");
    }
}
