/// Returns a number as an integer, if it is one. So are `1.0` and `1e3`. Beyond 2^53 a float is
/// ambiguous.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn whole(float: f64) -> Option<i64> {
    const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
    (float.fract() == 0.0 && float.abs() <= LARGEST_EXACT).then_some(float as i64)
}
