//! Strings among the literals of Python: prefixes, quotes, escapes, and several that are one.

use super::{Parser, Value, is_of_word};

impl Parser<'_> {
    /// One string or several one after another, which are one.
    pub(super) fn strings(&mut self) -> Option<Value> {
        let (mut all, mut kind) = (String::new(), None);
        loop {
            let prefix = self.take_while(is_of_word).to_ascii_lowercase();
            let (bytes, raw) = match &*prefix {
                "" | "u" => (false, false),
                "r" => (false, true),
                "b" => (true, false),
                "br" | "rb" => (true, true),
                _ => return None,
            };
            let start = self.at;
            all += &self.string(bytes, raw)?;
            let ascii = self.text[start..self.at].is_ascii();
            if bytes && !ascii || kind.is_some_and(|kind| kind != bytes) {
                return None;
            }
            kind = Some(bytes);
            let end = self.at;
            if self.depth == 0 {
                self.blanks()?;
            } else {
                self.space()?;
            }
            let next = self.rest().trim_start_matches(is_of_word);
            if !next.starts_with(['\'', '"']) {
                // The value ends where the last string does.
                self.at = end;
                return Some(if bytes {
                    let empty = all.is_empty();
                    Value::Bytes { empty }
                } else {
                    Value::Text(all)
                });
            }
        }
    }

    /// One string, from its quotes to its quotes.
    fn string(&mut self, bytes: bool, raw: bool) -> Option<String> {
        let quote = if self.take("'''") {
            "'''"
        } else if self.take("\"\"\"") {
            "\"\"\""
        } else if self.take("'") {
            "'"
        } else {
            self.take("\"").then_some("\"")?
        };
        let mut text = String::new();
        while !self.take(quote) {
            match self.next()? {
                '\n' if quote.len() == 1 => return None,
                '\\' if raw => text.extend(['\\', self.next()?]),
                '\\' => self.escape(bytes, &mut text)?,
                other => text.push(other),
            }
        }
        Some(text)
    }

    /// What is after a backslash.
    fn escape(&mut self, bytes: bool, text: &mut String) -> Option<()> {
        let next = self.next()?;
        let character = match next {
            '\n' => return Some(()),
            '\\' | '\'' | '"' => next,
            'a' => '\x07',
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            '0'..='7' => {
                self.at -= 1;
                let octal = self.rest().bytes().take(3);
                let len = octal.take_while(|b| (b'0'..b'8').contains(b)).count();
                self.code(len, 8)?
            }
            'x' => self.code(2, 16)?,
            'u' if !bytes => self.code(4, 16)?,
            'U' if !bytes => self.code(8, 16)?,
            'N' if !bytes => return None,
            other => {
                text.push('\\');
                other
            }
        };
        text.push(character);
        Some(())
    }

    /// The character that these digits stand for; half a pair of surrogates is no text that anything here expects.
    fn code(&mut self, len: usize, radix: u32) -> Option<char> {
        let digits = self.rest().get(..len)?;
        if !digits.bytes().all(|b| char::from(b).is_digit(radix)) {
            return None;
        }
        self.at += len;
        let code = u32::from_str_radix(digits, radix).ok()?;
        let surrogate = (0xd800..0xe000).contains(&code);
        char::from_u32(code).or(surrogate.then_some(char::REPLACEMENT_CHARACTER))
    }
}
