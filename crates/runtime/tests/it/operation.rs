//! The path, bodies and credentials of the entry of an operation.

use compute_kfp_runtime::operation::{Body, BodyKind, Operation, SchemeKind, SecurityScheme};

const STOP: Operation = Operation::new("stop_run", "stop_run", "POST", "/runs/{run_id}:stop");

#[test]
fn a_path_has_pieces_of_text_and_parameters() {
    let pieces: Vec<_> = STOP.path_pieces().collect();
    assert_eq!(pieces, [("/runs/", Some("run_id")), (":stop", None)]);
}

#[test]
fn a_path_that_matches_has_values_without_slashes() {
    let values = STOP.path_values("/runs/a%2Fb:stop");
    assert_eq!(values, Some(vec![("run_id", "a%2Fb")]));
    for other in ["/runs/a/b:stop", "/runs/:stop", "/runs/a", "/runs/a:stop/"] {
        assert_eq!(STOP.path_values(other), None, "{other}");
    }
}

#[test]
fn the_first_alternative_that_is_held_authorises() {
    static USER: SecurityScheme = SecurityScheme::new("user", SchemeKind::Bearer);
    static TEAM: SecurityScheme = SecurityScheme::new("team", SchemeKind::Bearer);
    static LIST: Operation =
        Operation::new("list", "list", "GET", "/items").security(&[&[&USER, &TEAM], &[&USER]]);
    assert_eq!(LIST.schemes(|_| true), Some(&[&USER, &TEAM][..]));
    let of_user = LIST.schemes(|scheme| scheme.name == "user");
    assert_eq!(of_user, Some(&[&USER][..]));
    assert_eq!(LIST.schemes(|_| false), None);
}

#[test]
fn the_preferred_body_comes_before_the_others() {
    static PATCH: Operation = Operation::new("patch", "patch", "PATCH", "/item").bodies(&[
        Body::new("body", BodyKind::Json).media("application/merge-patch+json"),
        Body::new("body_xml", BodyKind::Raw("application/xml")),
    ]);
    let preferred = PATCH.body().map(|body| body.media);
    assert_eq!(preferred, Some("application/merge-patch+json"));
    assert_eq!(PATCH.bodies[1].media, "application/xml");
}
