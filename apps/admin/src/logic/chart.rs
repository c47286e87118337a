//! Geometry of the dashboard's charts: round axes, points in per cent of the plot, paths.

use std::fmt::Write as _;

/// A vertical axis from zero: the value at the top and the distance between lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Value of the highest line; at least as high as every value.
    pub top: i64,
    /// Distance between two lines.
    pub step: i64,
}

impl Axis {
    /// The axis with about `lines` steps of 1, 2 or 5 times a power of ten. Values below zero count as zero.
    pub fn for_values(values: impl IntoIterator<Item = i64>, lines: i64) -> Self {
        let max = values.into_iter().max().unwrap_or(0).max(1);
        let lines = lines.max(1);
        let rough = (max + lines - 1) / lines;
        let mut power = 1_i64;
        while power.saturating_mul(10) <= rough {
            power = power.saturating_mul(10);
        }
        let step = [1, 2, 5, 10]
            .into_iter()
            .map(|times| power.saturating_mul(times))
            .find(|step| *step >= rough)
            .unwrap_or(rough);
        let steps = max / step + i64::from(max % step != 0);
        Self { top: step.saturating_mul(steps), step }
    }

    /// The values of the lines, highest first, down to zero.
    pub fn lines(&self) -> Vec<i64> {
        (0..=self.top / self.step).rev().map(|line| line * self.step).collect()
    }

    /// Distance of a value from the top of the plot, in per cent; 0 is the top, 100 the base.
    pub fn y(&self, value: i64) -> f64 {
        let share = value.clamp(0, self.top) as f64 / self.top as f64;
        100.0 - share * 100.0
    }
}

/// Middle of column `index` of `count`, in per cent of the plot's width.
pub fn x(index: usize, count: usize) -> f64 {
    if count == 0 { 0.0 } else { (index as f64 + 0.5) * 100.0 / count as f64 }
}

/// A line through the middles of the columns, as SVG path data for a 100 by 100 box.
pub fn line(values: &[i64], axis: Axis) -> String {
    let mut path = String::new();
    for (index, value) in values.iter().enumerate() {
        let command = if index == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{command}{:.2} {:.2}", x(index, values.len()), axis.y(*value));
    }
    path
}

/// The surface under that line.
pub fn area(values: &[i64], axis: Axis) -> String {
    if values.is_empty() {
        return String::new();
    }
    let (from, to) = (x(0, values.len()), x(values.len() - 1, values.len()));
    format!("{}L{to:.2} 100L{from:.2} 100Z", line(values, axis))
}

/// Which columns get a label so that about `wanted` of them stand evenly, the last one always.
pub fn labelled(count: usize, wanted: usize) -> Vec<usize> {
    if count == 0 {
        return Vec::new();
    }
    let wanted = wanted.clamp(1, count);
    let mut columns: Vec<usize> =
        (0..wanted).map(|n| if wanted == 1 { count - 1 } else { n * (count - 1) / (wanted - 1) }).collect();
    columns.dedup();
    columns
}

/// A short figure for an axis: `0`, `950`, `1.5k`, `20k`, `3M`.
pub fn short(value: i64, exponent: u32) -> String {
    let unit = 10_f64.powi(exponent as i32);
    let value = value as f64 / unit;
    let (scaled, suffix) = match value.abs() {
        v if v >= 1e9 => (value / 1e9, "B"),
        v if v >= 1e6 => (value / 1e6, "M"),
        v if v >= 1e3 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let text = format!("{scaled:.2}");
    format!("{}{suffix}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Change against an earlier figure in tenths of a per cent; nothing when there is no earlier figure.
pub fn change(now: i64, earlier: i64) -> Option<i64> {
    (earlier > 0).then(|| {
        let scaled = i128::from(now - earlier) * 1000;
        (scaled / i128::from(earlier)) as i64
    })
}

/// Tenths of a per cent in words: `18.4 %`, without a sign.
pub fn per_cent(tenths: i64) -> String {
    let tenths = tenths.unsigned_abs();
    if tenths.is_multiple_of(10) || tenths >= 1000 {
        format!("{} %", tenths / 10)
    } else {
        format!("{}.{} %", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_the_axis_up() {
        assert_eq!(Axis::for_values([373_135, 408_972], 5), Axis { top: 500_000, step: 100_000 });
        assert_eq!(Axis::for_values([7], 4), Axis { top: 8, step: 2 });
        assert_eq!(Axis::for_values([100], 4), Axis { top: 100, step: 50 });
        assert_eq!(Axis::for_values([], 4), Axis { top: 1, step: 1 });
        assert_eq!(Axis::for_values([0, 0], 4), Axis { top: 1, step: 1 });
        assert_eq!(Axis::for_values([-5], 4).lines(), vec![1, 0]);
    }

    #[test]
    fn holds_every_value() {
        for max in [1, 2, 3, 9, 10, 11, 99, 101, 12_345, 999_999, i64::MAX / 4] {
            let axis = Axis::for_values([max], 5);
            assert!(axis.top >= max, "{max}");
            assert!(axis.lines().len() <= 7, "{max}");
            assert_eq!(axis.lines().last(), Some(&0));
        }
    }

    #[test]
    fn places_points_inside_the_plot() {
        let axis = Axis { top: 200, step: 100 };
        assert_eq!(line(&[0, 100, 200, 100], axis), "M12.50 100.00L37.50 50.00L62.50 0.00L87.50 50.00");
        assert_eq!(area(&[200], axis), "M50.00 0.00L50.00 100L50.00 100Z");
        assert_eq!(area(&[], axis), "");
        assert_eq!(axis.y(-10), 100.0);
        assert_eq!(axis.y(900), 0.0);
    }

    #[test]
    fn labels_evenly_and_the_last() {
        assert_eq!(labelled(30, 6), vec![0, 5, 11, 17, 23, 29]);
        assert_eq!(labelled(3, 6), vec![0, 1, 2]);
        assert_eq!(labelled(1, 6), vec![0]);
        assert_eq!(labelled(0, 6), Vec::<usize>::new());
        assert_eq!(labelled(7, 1), vec![6]);
    }

    #[test]
    fn shortens_figures() {
        assert_eq!(short(0, 2), "0");
        assert_eq!(short(95_000, 2), "950");
        assert_eq!(short(150_000, 2), "1.5k");
        assert_eq!(short(2_000_000, 2), "20k");
        assert_eq!(short(3_000_000, 0), "3M");
        assert_eq!(short(25, 2), "0.25");
    }

    #[test]
    fn compares_with_an_earlier_figure() {
        assert_eq!(change(1184, 1000), Some(184));
        assert_eq!(change(500, 1000), Some(-500));
        assert_eq!(change(500, 0), None);
        assert_eq!(per_cent(184), "18.4 %");
        assert_eq!(per_cent(-500), "50 %");
        assert_eq!(per_cent(1234), "123 %");
    }
}
