//! The grammar that all text formats share: lines, words and numbers.
//!
//! A line ends with `\n`, `\r\n` or a lone `\r`. White space separates words. A word that is read as a number is
//! decimal: a sign, digits with or without a point (`2.`, `.5`), an exponent (`1e+003`), or one of the ways in which
//! programs write NaN and infinity. Nothing here knows what a word means in a format.

use anyhow::{Context, Result, bail, ensure};

/// The byte order mark with which some editors begin every text in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The text behind its byte order mark, if it has one.
pub(crate) fn unmarked(file: &[u8]) -> &[u8] {
    file.strip_prefix(MARK).unwrap_or(file)
}

/// Refuses UTF-16, which some shells write and which looks like a damaged text.
pub(crate) fn check_encoding(file: &[u8]) -> Result<()> {
    let utf16 = file.starts_with(b"\xff\xfe") || file.starts_with(b"\xfe\xff");
    ensure!(!utf16, "text in UTF-16, expected ASCII or UTF-8");
    Ok(())
}

/// What separates words: the white space of C.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The lines of a text, and the number of the last one that was taken, from 1.
#[derive(Clone, Debug)]
pub(crate) struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
    /// Lines end with a lone `\r`: a `\n` behind one belongs to what follows.
    lone_returns: bool,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self {
            rest: text,
            number: 0,
            lone_returns: false,
        }
    }

    /// Lines that end as most of those before the last one do, with bytes behind it that may be no text.
    pub(crate) fn of_header(file: &'a [u8], is_last: impl Fn(&[u8]) -> bool) -> Self {
        let mut lines = Self::new(file);
        let (mut lone, mut pairs) = (0_usize, 0_usize);
        let mut before = file;
        while let Some(line) = lines.next().filter(|line| !is_last(line)) {
            match before[line.len()..before.len() - lines.rest.len()] {
                [b'\r'] => lone += 1,
                [b'\r', b'\n'] => pairs += 1,
                _ => {}
            }
            before = lines.rest;
        }
        Self {
            lone_returns: lone > pairs,
            ..Self::new(file)
        }
    }

    /// The number of the line that was taken last.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// What no line that was taken contains.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        let Some(end) = memchr::memchr2(b'\n', b'\r', self.rest) else {
            return Some(std::mem::take(&mut self.rest));
        };
        let (line, rest) = self.rest.split_at(end);
        let len = if rest.starts_with(b"\r\n") && !self.lone_returns {
            2
        } else {
            1
        };
        self.rest = &rest[len..];
        Some(line)
    }
}

/// The words of a line.
#[derive(Clone, Debug)]
pub(crate) struct Words<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.0.iter().position(|&byte| !is_space(byte))?;
        let text = &self.0[start..];
        let end = text.iter().position(|&byte| is_space(byte));
        let (word, rest) = text.split_at(end.unwrap_or(text.len()));
        self.0 = rest;
        Some(word)
    }
}

/// A type of coordinates.
pub(crate) trait Float: std::str::FromStr {
    const NAN: Self;
    const INFINITY: Self;
}

impl Float for f32 {
    const NAN: Self = Self::NAN;
    const INFINITY: Self = Self::INFINITY;
}

impl Float for f64 {
    const NAN: Self = Self::NAN;
    const INFINITY: Self = Self::INFINITY;
}

/// A word as the nearest number of the type, rounded once.
///
/// NaN and infinity are accepted. A number that is too large for the type becomes infinity.
pub(crate) fn number<T: Float>(word: &[u8]) -> Result<T> {
    let parsed = str::from_utf8(word).ok().and_then(|word| word.parse().ok());
    let found = parsed.or_else(|| not_finite(word));
    found.with_context(|| format!("'{}', expected a number", shown(word)))
}

/// What the C libraries of this world print for a number that is none: `nan(ind)`, `-1.#IND`, `1.#QNAN0`, `1.#INF`.
fn not_finite<T: Float>(word: &[u8]) -> Option<T> {
    let word = word
        .strip_prefix(b"-")
        .or(word.strip_prefix(b"+"))
        .unwrap_or(word);
    let is = |prefix: &[u8]| {
        let start = word.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let nan = is(b"nan(") && word.ends_with(b")");
    let old_nan = is(b"1.#QNAN") || is(b"1.#SNAN") || is(b"1.#IND");
    if nan || old_nan || is_rounded(word) {
        Some(T::NAN)
    } else {
        is(b"1.#INF").then_some(T::INFINITY)
    }
}

/// Whether it is what an older C library of Windows printed of those with few decimal places: it rounded the letters as
/// if they were digits, so that `1.#INF` and `1.#IND` are `1.#J` with two. Whether it was infinite nobody knows.
fn is_rounded(word: &[u8]) -> bool {
    let mantissa = word.split(|byte| matches!(byte, b'e' | b'E')).next();
    mantissa.is_some_and(|mantissa| ROUNDED.contains(&mantissa))
}

/// `1.#INF` or `1.#IND`, `1.#QNAN` and `1.#SNAN`, rounded to one decimal place and more.
const ROUNDED: [&[u8]; 9] = [
    b"1.$", b"1.#J", b"1.#IO", b"1.#R", b"1.#QO", b"1.#QNB", b"1.#T", b"1.#SO", b"1.#SNB",
];

/// A word as a whole number, which may be written as one with a point or an exponent.
pub(crate) fn integer(word: &[u8]) -> Result<i64> {
    if let Some(value) = str::from_utf8(word).ok().and_then(|word| word.parse().ok()) {
        return Ok(value);
    }
    match number::<f64>(word).ok().and_then(whole) {
        Some(value) => Ok(value),
        None => bail!("'{}', expected a whole number", shown(word)),
    }
}

/// The number as an integer, if it is a whole one of which all neighbours are numbers, too.
pub(crate) fn whole(value: f64) -> Option<i64> {
    let exact = value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0;
    exact.then_some(value as i64)
}

/// How many there are of what is called so if there is one, and so if there are several.
pub(crate) fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// A word for a message, which nobody wants to be long.
pub(crate) fn shown(word: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&word[..word.len().min(40)]);
    format!("{shown}{}", if word.len() > 40 { "..." } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_of_line_ends_one_line() {
        for (text, expected) in [
            (&b"a\nb\n\nc"[..], &["a", "b", "", "c"][..]),
            (b"a\r\nb\r\n\r\nc\r\n", &["a", "b", "", "c"]),
            (b"a\rb\r\rc\r", &["a", "b", "", "c"]),
            (b"a\nb\rc\r\nd", &["a", "b", "c", "d"]),
            (b"a\r\nb\rc\nd", &["a", "b", "c", "d"]),
            (b"a\r\n", &["a"]),
            (b"a\rb\r\nc", &["a", "b", "c"]),
            (b"", &[]),
        ] {
            let lines: Vec<_> = Lines::new(text).map(String::from_utf8_lossy).collect();
            assert_eq!(lines, expected, "{text:?}");
        }
        for (text, expected) in [
            (&b"a\rb\r\nc"[..], &b"\nc"[..]),
            (b"a\nb\r\nc", b"c"),
            (b"a\r\nb\r\n\nc", b"\nc"),
            (b"a\na\ra\rb\r\nc", b"\nc"),
            (b"a\r\na\ra\rb\r\nc", b"\nc"),
            (b"a\r\na\r\na\rb\r\nc", b"c"),
            (b"a\r\nb\rc\rc\rc", b"c\rc\rc"),
        ] {
            let mut lines = Lines::of_header(text, |line| line == b"b");
            assert!(lines.any(|line| line == b"b"), "{text:?}");
            assert_eq!(lines.rest(), expected, "{text:?}");
        }
    }

    #[test]
    fn words_are_separated_by_white_space_of_c() {
        let words: Vec<_> = Words(b"\x0b a\tb  c\x0c\rd\n").collect();
        assert_eq!(words, [b"a", b"b", b"c", b"d"], "words");
    }

    #[test]
    fn numbers_are_rounded_once_to_the_type() {
        for (word, expected) in [
            ("2.", 2.0),
            (".5", 0.5),
            ("-.5e1", -5.0),
            ("+1", 1.0),
            ("1e+003", 1000.0),
            ("1E-2", 0.01),
            ("000123", 123.0),
        ] {
            let got: f64 = number(word.as_bytes()).expect(word);
            assert_eq!(got, expected, "{word}");
        }
        // A little above half way between 1 and its neighbour: by way of f64 it would become even, 1.
        let single: f32 = number(b"1.00000005960464477540").expect("a number");
        assert_eq!(single, 1.0 + f32::EPSILON, "one rounding");
    }

    #[test]
    fn what_is_not_finite_has_many_names() {
        for word in [
            "nan",
            "NaN",
            "-nan",
            "+NAN",
            "nan(ind)",
            "-nan(snan)",
            "1.#QNAN",
            "-1.#IND00",
            "1.#J",
            "-1.#IO",
            "-1.$",
            "1.#R",
            "1.#QO",
            "1.#QNB",
            "+1.#Je+000",
        ] {
            let got: f64 = number(word.as_bytes()).expect(word);
            assert!(got.is_nan(), "{word}");
        }
        for word in [
            "inf",
            "-Inf",
            "INFINITY",
            "1.#INF",
            "-1.#INF00",
            "1e999",
            "-1e999",
        ] {
            let got: f32 = number(word.as_bytes()).expect(word);
            assert!(got.is_infinite(), "{word}");
        }
    }

    #[test]
    fn what_is_no_number_is_named() {
        for word in [
            "x", "1d0", "0x10", "1_000", "1,5", ".", "e5", "1e", "--1", "1.#", "1.#K", "1.#J0",
            "1.$0", "nano", "", "1.0.0", "+", "\u{663}",
        ] {
            let error = number::<f64>(word.as_bytes()).expect_err(word);
            assert!(
                error.to_string().starts_with(&format!("'{word}'")),
                "{error}"
            );
        }
        let error = number::<f64>(&[0xff; 99]).expect_err("no text");
        assert!(error.to_string().len() < 200, "{error}");
    }

    #[test]
    fn integers_may_have_a_point() {
        for (word, expected) in [
            ("12", 12),
            ("-1", -1),
            ("+3", 3),
            ("2.", 2),
            ("1e+003", 1000),
            ("-0.0", 0),
        ] {
            assert_eq!(integer(word.as_bytes()).expect(word), expected, "{word}");
        }
        for word in [
            "1.5",
            "nan",
            "inf",
            "1e300",
            "x",
            "9223372036854775808",
            "1e16",
        ] {
            let error = integer(word.as_bytes()).expect_err(word);
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}
