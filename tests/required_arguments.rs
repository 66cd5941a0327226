//! Forgetting what an operation requires does not compile.

#[test]
fn what_is_required_is_asked_for_by_the_compiler() {
    trybuild::TestCases::new().compile_fail("tests/required_arguments/*.rs");
}
