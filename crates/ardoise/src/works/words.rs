//! Counting words as a reader would, in any script, through text that comes in pieces.

/// Characters after which a run without a space counts as one more word. Some scripts (Thai,
/// Khmer) part words without spaces, and a file pasted as text would be one word otherwise.
const LONGEST_WORD_CHARS: usize = 40;

/// A count that goes on from one piece of text to the next: `extra` and `ordinary` in two pieces
/// are one word.
#[derive(Debug, Default)]
pub struct Words {
    count: usize,
    /// Characters of the word that the last piece ended in; 0 between words.
    word_chars: usize,
}

impl Words {
    /// How many words were read so far.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Ends the word that is being read, if any.
    pub fn pause(&mut self) {
        self.word_chars = 0;
    }

    /// Reads a piece of text.
    pub fn read(&mut self, text: &str) {
        self.read_up_to(text, usize::MAX);
    }

    /// Reads a piece of text, unless a word beyond the first `allowed` begins in it: then says how
    /// many bytes stand before that word.
    pub fn read_up_to(&mut self, text: &str, allowed: usize) -> Option<usize> {
        let mut run_start = 0;
        for (at, c) in text.char_indices() {
            if c.is_whitespace() {
                self.pause();
                run_start = at + c.len_utf8();
            } else if self.begins_word(c) {
                if self.count == allowed {
                    // An opening quotation mark goes with its word.
                    return Some(if self.word_chars == 0 { run_start } else { at });
                }
                self.count += 1;
                self.word_chars = 1;
            } else if self.word_chars > 0 {
                self.word_chars += 1;
            }
        }
        None
    }

    fn begins_word(&self, c: char) -> bool {
        // A dash or a quotation mark that stands alone is not a word.
        if self.word_chars == 0 {
            return c.is_alphanumeric();
        }
        self.word_chars >= LONGEST_WORD_CHARS || is_ideograph(c)
    }
}

/// Chinese characters and Japanese syllables, each counted as a word.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
        || matches!(c, '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> usize {
        let mut words = Words::default();
        words.read(text);
        words.count()
    }

    #[test]
    fn words_are_counted_in_any_script() {
        assert_eq!(count(""), 0);
        assert_eq!(count("  Mettez-le sur\nl'ardoise ! "), 3);
        assert_eq!(count("« one » – \"two\" (three)"), 3);
        assert_eq!(count("石板に書く"), 5);
        assert_eq!(count(&"x".repeat(100)), 3);
    }

    #[test]
    fn a_word_may_come_in_two_pieces() {
        let mut words = Words::default();
        words.read("extra");
        words.read("ordinary story");
        words.pause();
        words.read("end");
        assert_eq!(words.count(), 3);
    }

    #[test]
    fn reading_stops_before_the_first_word_too_many() {
        let mut words = Words::default();
        assert_eq!(words.read_up_to("one two", 2), None);
        assert_eq!(words.read_up_to("s, (three)", 2), Some(3));
        assert_eq!(words.count(), 2);
    }
}
