//! Variants of the arguments of a call.

/// The arguments that a call has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Every parameter and every property.
    All,
    /// Only the required parameters and properties.
    Required,
    /// Every parameter, with the largest numbers, strings that must be encoded, empty lists, nulls.
    Edge,
}

/// The three variants.
pub const VARIANTS: [Variant; 3] = [Variant::All, Variant::Required, Variant::Edge];
