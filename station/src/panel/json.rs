//! JSON the way panels write it, straight into the buffer that is sent.

use crate::settings::Dialect;

/// Writes one document, or a piece of one. Commas come by themselves.
pub(crate) struct Json<'a> {
    pub(crate) out: &'a mut Vec<u8>,
    pub(crate) dialect: Dialect,
}

impl Json<'_> {
    pub(crate) fn classic(&self) -> bool {
        self.dialect == Dialect::Classic
    }

    fn comma(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':' | b',')) {
            self.out.push(b',');
        }
    }

    /// `{` or `[`, as a value.
    pub(crate) fn open(&mut self, bracket: u8) -> &mut Self {
        self.comma();
        self.out.push(bracket);
        self
    }

    /// `}` or `]`.
    pub(crate) fn close(&mut self, bracket: u8) -> &mut Self {
        self.out.push(bracket);
        self
    }

    pub(crate) fn key(&mut self, key: &str) -> &mut Self {
        self.string(key);
        self.out.push(b':');
        self
    }

    /// A value that is JSON already.
    pub(crate) fn raw(&mut self, value: &str) -> &mut Self {
        self.comma();
        self.out.extend_from_slice(value.as_bytes());
        self
    }

    pub(crate) fn string(&mut self, text: &str) -> &mut Self {
        self.comma();
        self.out.push(b'"');
        let php = self.classic();
        for c in text.chars() {
            match c {
                '"' | '\\' => self.out.extend([b'\\', c as u8]),
                // PHP's json_encode escapes slashes and everything beyond ASCII unless it is told otherwise.
                '/' if php => self.out.extend(b"\\/"),
                ' '..='~' => self.out.push(c as u8),
                c if php || c < ' ' => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        self.out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                    }
                }
                c => self.out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        self.out.push(b'"');
        self
    }

    pub(crate) fn number(&mut self, number: impl Into<i64>) -> &mut Self {
        self.comma();
        self.decimal(number.into());
        self
    }

    fn decimal(&mut self, number: i64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = number.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if number < 0 {
            self.out.push(b'-');
        }
        self.out.extend_from_slice(&digits[at..]);
    }

    /// `"key":"text"`
    pub(crate) fn text(&mut self, key: &str, text: &str) -> &mut Self {
        self.key(key).string(text)
    }

    /// `"key":5`
    pub(crate) fn int(&mut self, key: &str, number: impl Into<i64>) -> &mut Self {
        self.key(key).number(number)
    }

    /// `"key":"5"`
    pub(crate) fn digits(&mut self, key: &str, number: impl Into<i64>) -> &mut Self {
        self.key(key).out.push(b'"');
        self.decimal(number.into());
        self.out.push(b'"');
        self
    }

    /// A string of digits in classic panels, a number in XUI.
    pub(crate) fn either(&mut self, key: &str, number: impl Into<i64>) -> &mut Self {
        if self.classic() { self.digits(key, number) } else { self.int(key, number) }
    }

    /// `""` in classic panels, null in XUI.
    pub(crate) fn nothing(&mut self, key: &str) -> &mut Self {
        if self.classic() { self.text(key, "") } else { self.key(key).raw("null") }
    }

    /// Tenths as a decimal number.
    pub(crate) fn tenths(&mut self, tenths: u32) -> &mut Self {
        self.raw(&decimal(tenths))
    }

    /// The two category members: one category in classic panels, all of them in XUI.
    pub(crate) fn categories(&mut self, first: u32, second: Option<u32>) -> &mut Self {
        self.digits("category_id", first);
        if !self.classic() {
            self.key("category_ids").open(b'[').number(first);
            if let Some(second) = second {
                self.number(second);
            }
            self.close(b']');
        }
        self
    }
}

/// Tenths as PHP prints them: `7.3`, `7`.
pub(crate) fn decimal(tenths: u32) -> String {
    if tenths.is_multiple_of(10) {
        (tenths / 10).to_string()
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_dialects_say_the_same_and_spell_it_differently() {
        let name = "Süd / \"Кино\" 📻\n";
        let mut written = Vec::new();
        for dialect in [Dialect::Classic, Dialect::Xui] {
            let mut out = Vec::new();
            let mut json = Json { out: &mut out, dialect };
            json.open(b'{').text("a", name).either("b", -5).digits("c", 7).nothing("d");
            json.key("e").open(b'[').number(1).number(2).close(b']').close(b'}');
            let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(value["a"], name);
            assert_eq!(value["c"], "7");
            written.push(String::from_utf8(out).unwrap());
        }
        assert!(written[0].is_ascii() && written[0].contains("\\/") && written[0].contains("\"b\":\"-5\""));
        assert!(
            written[1].contains("Кино")
                && written[1].contains("\"b\":-5")
                && written[1].contains("\"d\":null")
        );
    }
}
