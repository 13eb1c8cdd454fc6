//! Numbers as people read them, in tables and reports.

const MOST_DECIMALS: usize = 7;

/// A number with `decimals` decimals; `-` for none.
pub fn fixed(value: Option<f64>, decimals: usize) -> String {
    value.map_or("-".into(), |value| format!("{value:.decimals$}"))
}

/// Decimals that show an interval of this width with two significant digits: 4 to 7; 4 where it is 0.
pub fn decimals(width: f64) -> usize {
    let (mut decimals, mut size) = (4, width.abs() * 1e3);
    while size > 0.0 && size < 1.0 && decimals < MOST_DECIMALS {
        (decimals, size) = (decimals + 1, size * 10.0);
    }
    decimals
}

/// A count with commas: `1,280,000`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1000, 1_280_000].map(count), ["0", "999", "1,000", "1,280,000"]);
        assert_eq!([0.0, 1.0, 0.002, 0.00012, 1e-9].map(decimals), [4, 4, 4, 5, 7]);
        assert_eq!([fixed(None, 2), fixed(Some(1.005), 1)], ["-", "1.0"]);
    }
}
