//! Charts drawn on the server as SVG, coloured by CSS classes alone; the readable table stands
//! behind each.

use std::fmt::Write;

use askama::Template;
use ledger::Money;

use super::{Locale, format};

/// One bar of a chart and one row of its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// What stands under the bar, short: « lu », "18".
    pub label: String,
    /// What the table calls it, in full: « lundi 16 novembre ».
    pub name: String,
    /// Its height.
    pub value: Money,
    /// Gold: today, or the hour that runs.
    pub now: bool,
}

/// A bar chart with its table: put `{{ chart.show()|safe }}` into a template.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/chart.html")]
pub struct BarChart {
    /// For amounts.
    pub locale: Locale,
    /// What is shown, for the drawing's title and the table's caption.
    pub title: String,
    /// Heading of the names' column.
    pub name_heading: String,
    /// Heading of the amounts' column.
    pub value_heading: String,
    /// From the oldest to now.
    pub bars: Vec<Bar>,
}

/// The drawing's size in its own units.
const WIDTH: i64 = 336;
const TOP: i64 = 8;
const FOOT: i64 = 92;
/// Labels that fit side by side.
const MOST_LABELS: usize = 8;

impl BarChart {
    /// The chart and its table as HTML. A template over strings and amounts has nothing that can
    /// fail.
    pub fn show(&self) -> String {
        self.render().unwrap_or_default()
    }

    fn earned(&self, amount: &Money) -> String {
        format::earned(self.locale, *amount)
    }

    fn highest(&self) -> i64 {
        self.bars.iter().map(|bar| bar.value.micros()).max().unwrap_or(0).max(1)
    }

    fn drawing(&self) -> String {
        let count = i64::try_from(self.bars.len()).unwrap_or(i64::MAX).max(1);
        let step = WIDTH * 10 / count;
        let every = self.bars.len().div_ceil(MOST_LABELS).max(1);
        let mut drawing = String::new();
        let lefts = (0_i64..).map(|index| index * step);
        for ((place, bar), left) in self.bars.iter().enumerate().zip(lefts) {
            // Counted from the newest, so that today always has its label.
            let labelled = (self.bars.len() - 1 - place).is_multiple_of(every);
            self.draw(&mut drawing, bar, Slot { left, step, labelled });
        }
        drawing
    }

    fn draw(&self, drawing: &mut String, bar: &Bar, slot: Slot) {
        let room = i128::from(FOOT - TOP);
        let share = i128::from(bar.value.micros()) * room / i128::from(self.highest());
        // The smallest gain is still seen; nothing is nothing.
        let least = i64::from(!bar.value.is_zero()) * 2;
        let height = i64::try_from(share).unwrap_or(0).max(least);
        let gap = (slot.step / 7).clamp(10, 60);
        let (x, width) = (tenths(slot.left + gap / 2), tenths((slot.step - gap).max(5)));
        let class = if bar.now { "now" } else { "past" };
        // Writing to a String cannot fail.
        let _ = write!(
            drawing,
            r#"<rect class="{class}" x="{x}" y="{}" width="{width}" height="{height}" rx="2"/>"#,
            FOOT - height
        );
        if slot.labelled {
            let middle = tenths(slot.left + slot.step / 2);
            let label = escape(&bar.label);
            let _ = write!(drawing, r#"<text x="{middle}" y="108">{label}</text>"#);
        }
    }
}

/// Where a bar stands, in tenths of the drawing's units.
struct Slot {
    left: i64,
    step: i64,
    labelled: bool,
}

/// A line without axes for a table's cell, 96 by 24; `title` is its text equivalent.
pub fn sparkline(title: &str, values: &[Money]) -> String {
    let highest = values.iter().map(|value| value.micros()).max().unwrap_or(0).max(1);
    let last = i64::try_from(values.len()).unwrap_or(i64::MAX).saturating_sub(1).max(1);
    let mut points = String::new();
    for (index, value) in (0_i64..).zip(values) {
        let rise = i128::from(value.micros()) * 200 / i128::from(highest);
        let y = 220 - i64::try_from(rise).unwrap_or(0);
        let _ = write!(points, "{},{} ", tenths(20 + index * 920 / last), tenths(y));
    }
    format!(
        r#"<svg class="spark" viewBox="0 0 96 24" width="96" height="24" role="img"><title>{}</title><polyline points="{}"/></svg>"#,
        escape(title),
        points.trim_end()
    )
}

fn tenths(value: i64) -> String {
    match value % 10 {
        0 => (value / 10).to_string(),
        rest => format!("{}.{}", value / 10, rest.abs()),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::Currency;
    use proptest::prelude::*;

    fn chart(values: &[i64]) -> BarChart {
        let bar = |&micros: &i64| Bar {
            label: "<lu>".into(),
            name: "lundi".into(),
            value: Money::from_micros(micros, Currency::Eur).expect("not negative"),
            now: false,
        };
        BarChart {
            locale: Locale::Fr,
            title: "Gains".into(),
            name_heading: "Jour".into(),
            value_heading: "Gains".into(),
            bars: values.iter().map(bar).collect(),
        }
    }

    #[test]
    fn a_label_cannot_open_an_element() {
        assert!(!chart(&[1]).show().contains("<lu>"));
    }

    #[test]
    fn an_empty_chart_is_no_accident() {
        assert!(chart(&[]).show().contains("<svg"));
        assert!(sparkline("none", &[]).contains("<title>none</title>"));
    }

    proptest! {
        #[test]
        fn no_bar_leaves_the_drawing(values in prop::collection::vec(0..=i64::MAX, 0..60)) {
            let drawing = chart(&values).drawing();
            for height in drawing.split("height=\"").skip(1) {
                let height: i64 = height.split('"').next().unwrap().parse().unwrap();
                prop_assert!((0..=FOOT - TOP).contains(&height));
            }
        }
    }
}
