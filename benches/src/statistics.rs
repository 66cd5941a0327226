//! The middle of repeated measurements, and how far they lie apart.

/// Repeated measurements of one thing.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    pub fn push(&mut self, sample: f64) {
        self.0.push(sample);
        self.0.sort_by(f64::total_cmp);
    }

    /// The one in the middle, or between the two in the middle; 0 where there is none.
    pub fn median(&self) -> f64 {
        let (lower, upper) = (self.0.len().saturating_sub(1) / 2, self.0.len() / 2);
        match (self.0.get(lower), self.0.get(upper)) {
            (Some(lower), Some(upper)) => f64::midpoint(*lower, *upper),
            _ => 0.0,
        }
    }

    pub fn least(&self) -> f64 {
        self.0.first().copied().unwrap_or_default()
    }

    pub fn greatest(&self) -> f64 {
        self.0.last().copied().unwrap_or_default()
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(samples: I) -> Self {
        let mut all = Self::default();
        samples.into_iter().for_each(|sample| all.push(sample));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlier_does_not_move_the_median() {
        let samples: Samples = [3.0, 900.0, 1.0, 2.0, 4.0].into_iter().collect();
        assert_eq!(samples.median(), 3.0);
        assert_eq!((samples.least(), samples.greatest()), (1.0, 900.0));
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_two() {
        let samples: Samples = [4.0, 1.0, 2.0, 3.0].into_iter().collect();
        assert_eq!(samples.median(), 2.5);
    }

    #[test]
    fn nothing_measured_is_zero() {
        assert_eq!(Samples::default().median(), 0.0);
    }
}
