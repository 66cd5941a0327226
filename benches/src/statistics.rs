//! Median and range of repeated measurements.

/// Repeated measurements of one thing, in the order of their turns.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    pub fn push(&mut self, sample: f64) {
        self.0.push(sample);
    }

    /// Returns the median, or 0 without samples.
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let (lower, upper) = (sorted.len().saturating_sub(1) / 2, sorted.len() / 2);
        match (sorted.get(lower), sorted.get(upper)) {
            (Some(lower), Some(upper)) => f64::midpoint(*lower, *upper),
            _ => 0.0,
        }
    }

    /// Returns the ratio to other samples, or `None` if one of them is zero.
    ///
    /// It is the median of the ratios of each turn, so that a slow period of the machine affects both. If
    /// one had several turns in each of the other's, their median is used.
    pub fn beside(&self, other: &Self) -> Option<f64> {
        if other.0.is_empty() || other.0.iter().any(|sample| *sample <= 0.0) {
            return None;
        }
        let rounds = self.0.len().min(other.0.len());
        let (Some(samples), Some(others)) = (self.in_rounds(rounds), other.in_rounds(rounds))
        else {
            return Some(self.median() / other.median());
        };
        let pairs = samples.0.iter().zip(&others.0);
        let ratios: Self = pairs.map(|(sample, other)| sample / other).collect();
        Some(ratios.median())
    }

    /// Returns the median of each round, or `None` if the numbers of turns differ.
    fn in_rounds(&self, rounds: usize) -> Option<Self> {
        let turns = self.0.len().checked_div(rounds)?;
        let medians = self
            .0
            .chunks(turns)
            .map(|round| Self(round.to_vec()).median());
        (turns * rounds == self.0.len()).then(|| medians.collect())
    }

    pub fn least(&self) -> f64 {
        self.0.iter().copied().reduce(f64::min).unwrap_or_default()
    }

    pub fn greatest(&self) -> f64 {
        self.0.iter().copied().reduce(f64::max).unwrap_or_default()
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
    fn what_slows_some_turns_down_does_not_move_the_ratio() {
        let other: Samples = [10.0, 40.0, 20.0].into_iter().collect();
        let samples: Samples = [11.0, 44.0, 22.0].into_iter().collect();
        assert!((samples.beside(&other).unwrap_or_default() - 1.1).abs() < 1e-9);
        let once: Samples = [30.0].into_iter().collect();
        assert_eq!(once.beside(&other), Some(1.5));
        assert_eq!(once.beside(&Samples::default()), None);
    }

    #[test]
    fn several_turns_are_compared_with_the_one_of_their_round() {
        let slow_at_the_end: Samples = [10.0, 12.0, 11.0, 40.0, 44.0, 48.0].into_iter().collect();
        let python: Samples = [110.0, 440.0].into_iter().collect();
        assert_eq!(python.beside(&slow_at_the_end), Some(10.0));
        let uneven: Samples = [1.0, 1.0, 1.0].into_iter().collect();
        assert_eq!(python.beside(&uneven), Some(275.0));
        assert_eq!(Samples::default().beside(&python), Some(0.0));
    }

    #[test]
    fn nothing_measured_is_zero() {
        assert_eq!(Samples::default().median(), 0.0);
    }
}
