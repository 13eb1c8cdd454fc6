//! Numbers and times for people.

use std::time::Duration;

use infimum_lab::sums::Answer;

pub(crate) use infimum_lab::digits::{count, decimals, fixed};

/// A rate with three digits: `812`, `23.4 k`, `1.20 M`.
pub(crate) fn short(x: f64) -> String {
    let (value, unit) = match x {
        x if x >= 1e9 => (x / 1e9, " G"),
        x if x >= 1e6 => (x / 1e6, " M"),
        x if x >= 1e3 => (x / 1e3, " k"),
        x => (x, ""),
    };
    let decimals = if value >= 100.0 || unit.is_empty() {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.decimals$}{unit}")
}

/// A share in percent: `62.5 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A p with two digits: `0.62`, `0.014`, `3.1e-5`.
pub(crate) fn p(p: f64) -> String {
    match p {
        p if p >= 0.1 => format!("{p:.2}"),
        p if p >= 0.01 => format!("{p:.3}"),
        p if p >= 0.001 => format!("{p:.4}"),
        p => format!("{p:.1e}"),
    }
}

/// Bytes: `1.5 MB`.
pub(crate) fn bytes(n: u64) -> String {
    let text = short(n as f64);
    if text.contains(' ') { format!("{text}B") } else { format!("{text} B") }
}

/// A time: `8 s`, `2 min 5 s`, `3 h 12 min`.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A time in seconds in few columns: `0:08`, `2:05`, `3:12:00`.
pub(crate) fn clock(seconds: f64) -> String {
    let Ok(time) = Duration::try_from_secs_f64(seconds) else { return "unknown".into() };
    let (hours, minutes, seconds) = (time.as_secs() / 3600, time.as_secs() / 60 % 60, time.as_secs() % 60);
    if hours == 0 { format!("{minutes}:{seconds:02}") } else { format!("{hours}:{minutes:02}:{seconds:02}") }
}

/// A time in seconds that may be nonsense, such as an infinite forecast.
pub(crate) fn seconds(seconds: f64) -> String {
    Duration::try_from_secs_f64(seconds).map_or("unknown".into(), time)
}

/// What a model answered: a number, or what it wrote in the place of one.
pub(crate) fn answer(answer: &Answer) -> String {
    let tokens = || answer.tokens.iter().map(u16::to_string).collect::<Vec<_>>().join(" ");
    answer.answer.map_or_else(|| format!("no number (tokens {})", tokens()), |number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([5.0, 812.3, 23_400.0, 1_200_000.0, 2.5e9].map(short), ["5", "812", "23.4 k", "1.20 M", "2.50 G"]);
        assert_eq!([12, 1_500_000].map(bytes), ["12 B", "1.50 MB"]);
        assert_eq!(
            [1.24, 59.0, 125.0, 11_520.0, f64::NAN].map(seconds),
            ["1.2 s", "59 s", "2 min 5 s", "3 h 12 min", "unknown"]
        );
        assert_eq!([8.4, 125.0, 11_520.0, f64::NAN].map(clock), ["0:08", "2:05", "3:12:00", "unknown"]);
    }
}
