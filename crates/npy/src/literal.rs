//! Literals of Python, as `ast.literal_eval` reads them: the header of a .npy file is one.
//!
//! Separate because it knows nothing of arrays. It is no crate of others: those for Python literals lack what headers have
//! (prefixes, implicit concatenation, Python 2's `3L`) or take time exponential in the nesting; this one takes linear time,
//! and its recursion is bounded. What literals have and no array's header needs is refused: names of characters (`\N{...}`)
//! and sums (`1+2j`).

use core::ops::Range;

mod text;

/// Python itself takes fewer than 200.
const DEEPEST: usize = 100;

/// What a literal stands for.
#[derive(Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    /// Bytes, and whether there are none.
    Bytes {
        empty: bool,
    },
    Bool(bool),
    /// A whole number, if it is one that a `usize` holds.
    Integer {
        size: Option<usize>,
        signed: bool,
    },
    /// A number that is not whole.
    Number {
        signed: bool,
    },
    /// `None` and `...`.
    Singleton,
    Tuple(Vec<Value>),
    List(Vec<Value>),
    Set,
    Dict(Vec<Entry>),
}

/// A key, its value, and where the value is in the text.
#[derive(Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: Value,
    pub(crate) value: Value,
    pub(crate) place: Range<usize>,
}

impl Value {
    /// Reads a text that is one literal. `long`: `L` after a number is left aside, as Python 2 wrote it.
    pub(crate) fn parse(text: &str, long: bool) -> Option<Self> {
        // No text of Python has these, in comments neither.
        if text.contains('\0') {
            return None;
        }
        let mut parser = Parser {
            text,
            at: 0,
            depth: 0,
            long,
        };
        parser.begin()?;
        let value = parser.value()?;
        parser.space()?;
        (parser.at == text.len()).then_some(value)
    }

    /// Whether it can be a key, or in a set.
    fn is_hashable(&self) -> bool {
        match self {
            Self::List(_) | Self::Set | Self::Dict(_) => false,
            Self::Tuple(values) => values.iter().all(Self::is_hashable),
            _ => true,
        }
    }
}

/// The text, whose line breaks are all `\n`, and how much of it is read.
struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    long: bool,
}

/// What is between the brackets after the first value.
enum Rest {
    Nothing,
    Comma(Vec<Value>),
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Goes past this text, if it is next.
    fn take(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        self.at += if found { expected.len() } else { 0 };
        found
    }

    fn take_while(&mut self, condition: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !condition(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// What comes before the first value: lines without any, then one that is not indented.
    fn begin(&mut self) -> Option<()> {
        self.take_while(|c| matches!(c, ' ' | '\t'));
        loop {
            let start = self.at;
            self.blanks()?;
            // A form feed begins the line anew.
            let blank = self.text[start..self.at].rsplit('\x0c').next();
            let indented = blank.is_some_and(|blank| blank.contains([' ', '\t']));
            if self.peek() == Some('#') {
                self.take_while(|c| c != '\n');
            }
            if !self.take("\n") {
                return (!indented).then_some(());
            }
        }
    }

    /// White space within a line, and ends of lines that are no ends, after a backslash.
    fn blanks(&mut self) -> Option<()> {
        loop {
            self.take_while(|c| matches!(c, ' ' | '\t' | '\x0c'));
            if !self.take("\\") {
                return Some(());
            }
            if !self.take("\n") || self.rest().is_empty() {
                return None;
            }
        }
    }

    /// White space, ends of lines and comments.
    fn space(&mut self) -> Option<()> {
        loop {
            self.blanks()?;
            if self.peek() == Some('#') {
                self.take_while(|c| c != '\n');
            }
            if !self.take("\n") {
                return Some(());
            }
        }
    }

    fn value(&mut self) -> Option<Value> {
        self.space()?;
        match self.peek()? {
            '+' => self.signed(|size| size),
            '-' => self.signed(|size| size.filter(|size| *size == 0)),
            '(' => self.bracket(Self::parenthesis),
            '[' => self.bracket(|parser| parser.values(']').map(Value::List)),
            '{' => self.bracket(Self::curly),
            '0'..='9' => self.number(),
            '.' if self.take("...") => Some(Value::Singleton),
            '.' => self.number(),
            _ => self.word(),
        }
    }

    /// What begins with a bracket: one level further down.
    fn bracket(&mut self, inside: impl Fn(&mut Self) -> Option<Value>) -> Option<Value> {
        self.next()?;
        self.depth += 1;
        let value = (self.depth <= DEEPEST).then(|| inside(self))??;
        self.depth -= 1;
        Some(value)
    }

    /// A number with a sign; not with two.
    fn signed(&mut self, size_of: impl Fn(Option<usize>) -> Option<usize>) -> Option<Value> {
        self.next()?;
        self.space()?;
        // Seen here, so that nothing but brackets goes further down.
        if matches!(self.peek(), Some('+' | '-')) {
            return None;
        }
        match self.value()? {
            Value::Integer {
                size,
                signed: false,
            } => Some(Value::Integer {
                size: size_of(size),
                signed: true,
            }),
            Value::Number { signed: false } => Some(Value::Number { signed: true }),
            _ => None,
        }
    }

    /// A value in parentheses, or a tuple.
    fn parenthesis(&mut self) -> Option<Value> {
        self.space()?;
        if self.take(")") {
            return Some(Value::Tuple(Vec::new()));
        }
        let first = self.value()?;
        match self.others(')')? {
            Rest::Nothing => Some(first),
            Rest::Comma(others) => {
                let values = core::iter::once(first).chain(others);
                Some(Value::Tuple(values.collect()))
            }
        }
    }

    /// What follows a first value, to the closing bracket.
    fn others(&mut self, close: char) -> Option<Rest> {
        self.space()?;
        match self.next()? {
            ',' => self.values(close).map(Rest::Comma),
            next => (next == close).then_some(Rest::Nothing),
        }
    }

    /// Values between commas, to the closing bracket.
    fn values(&mut self, close: char) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        loop {
            self.space()?;
            if self.peek()? == close {
                self.next();
                return Some(values);
            }
            values.push(self.value()?);
            self.space()?;
            if self.peek()? != close && !self.take(",") {
                return None;
            }
        }
    }

    /// A dictionary or a set.
    fn curly(&mut self) -> Option<Value> {
        let mut entries = Vec::new();
        loop {
            self.space()?;
            if self.take("}") {
                return Some(Value::Dict(entries));
            }
            let key = self.value().filter(Value::is_hashable)?;
            self.space()?;
            if entries.is_empty() && !self.rest().starts_with(':') {
                let hashable = match self.others('}')? {
                    Rest::Nothing => true,
                    Rest::Comma(others) => others.iter().all(Value::is_hashable),
                };
                return hashable.then_some(Value::Set);
            }
            if !self.take(":") {
                return None;
            }
            self.space()?;
            let start = self.at;
            let value = self.value()?;
            let place = start..self.at;
            entries.push(Entry { key, value, place });
            self.space()?;
            if self.peek()? != '}' && !self.take(",") {
                return None;
            }
        }
    }

    fn number(&mut self) -> Option<Value> {
        let rest = self.rest();
        let radix = match rest.get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("0x") => 16,
            Some("0o") => 8,
            Some("0b") => 2,
            _ => 10,
        };
        if radix != 10 {
            self.at += 2;
            self.take("_");
        }
        let digits = self.digits(radix)?;
        let fraction = radix == 10 && self.fraction()?;
        if fraction {
            self.end_of_number()?;
            return Some(Value::Number { signed: false });
        }
        let leading_zero = digits.starts_with('0') && digits.bytes().any(|b| b != b'0');
        if digits.is_empty() || radix == 10 && leading_zero {
            return None;
        }
        self.end_of_number()?;
        let size = usize::from_str_radix(&digits, radix).ok();
        let signed = false;
        Some(Value::Integer { size, signed })
    }

    /// Digits, and single underscores between them, which are left out.
    fn digits(&mut self, radix: u32) -> Option<String> {
        let found = self.take_while(|c| c.is_ascii_alphanumeric() && c.is_digit(radix) || c == '_');
        let wrong = found.starts_with('_') || found.ends_with('_') || found.contains("__");
        (!wrong).then(|| found.replace('_', ""))
    }

    /// What makes a number no integer: `.5`, `e5`, `j`.
    fn fraction(&mut self) -> Option<bool> {
        let start = self.at;
        if self.take(".") {
            self.digits(10)?;
            // A point alone is no number.
            if self.at == start + 1 && !self.text[..start].ends_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
        }
        if self.take("e") || self.take("E") {
            let _ = self.take("+") || self.take("-");
            self.digits(10).filter(|digits| !digits.is_empty())?;
        }
        let _ = self.take("j") || self.take("J");
        Some(self.at > start)
    }

    /// No letter comes after a number; but `L`, once or more, where Python 2 may have written it.
    fn end_of_number(&mut self) -> Option<()> {
        while self.long {
            let before = self.at;
            self.blanks()?;
            if self.take_while(is_of_word) != "L" {
                self.at = before;
                break;
            }
        }
        (!self.peek().is_some_and(is_of_word)).then_some(())
    }

    /// A string, `True`, `False` or `None`.
    fn word(&mut self) -> Option<Value> {
        let start = self.at;
        let word = self.take_while(is_of_word);
        if matches!(self.peek(), Some('\'' | '"')) {
            self.at = start;
            return self.strings();
        }
        match word {
            "True" => Some(Value::Bool(true)),
            "False" => Some(Value::Bool(false)),
            "None" => Some(Value::Singleton),
            _ => None,
        }
    }
}

/// Whether a name, a number or a prefix goes on with this character.
fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}
