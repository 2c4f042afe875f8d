//! What people are asked.

/// What a control asks people.
#[derive(Clone, Copy, Debug)]
pub struct Asks {
    /// The most clusters one answer may speak for.
    pub widest: Widest,
    /// The oldest answer that counts, in days.
    pub days: u32,
    /// Whether an answer needs a link to what it rests on.
    pub evidence: bool,
    /// The questions: the first one is what a single word answers.
    pub questions: &'static [Question],
}

/// The most clusters one answer may speak for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Widest {
    /// One.
    Cluster,
    /// Those of one environment.
    Environment,
    /// All of them.
    Fleet,
}

/// A question that no API answers.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Its name in a file of answers.
    pub name: &'static str,
    /// The question, as it is asked.
    pub asks: &'static str,
    /// What an answer to it is.
    pub kind: AnswerKind,
}

/// What an answer to a question is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// `yes`, `no` or `partly`.
    Choice,
    /// The day on which something was last done, or `never`.
    Day {
        /// The longest ago that counts, in days.
        within_days: u32,
    },
    /// A whole number.
    Number {
        /// Of what.
        unit: &'static str,
        /// The least that makes sense.
        least: u32,
        /// The most that makes sense.
        most: u32,
        /// Which numbers are good.
        enough: Enough,
    },
}

/// Which numbers are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enough {
    /// Every one: it is said, and that is what was asked for.
    Any,
    /// None at all; anything else is bad.
    Zero,
    /// Everything; nothing is bad, and what is between is partly good.
    Hundred,
}

impl Asks {
    /// The question of a name.
    pub fn question(&self, name: &str) -> Option<&'static Question> {
        self.questions.iter().find(|question| question.name == name)
    }
}
