//! `login`, `whoami` and `logout`, in a terminal and without one.

mod door;
use compute_kfp_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use self::door::{Door, two_memberships};
use crate::program::terminal::Terminal;
use crate::program::{Program, WRONG_TOKEN, sandbox};

fn logged_in(server: &Sandbox) -> Program {
    let program = Program::alone();
    let ended = program.run(&["login", "--endpoint", server.url()]);
    assert_eq!(ended.status, 0, "{ended:?}");
    program
}

fn stored(program: &Program, url: &str) -> Value {
    let file = std::fs::read(program.path(".quantuminspire/config.json")).unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    file["auths"][url].clone()
}

#[test]
fn a_terminal_shows_the_code_and_waits_until_it_is_confirmed() {
    let door = Door::new(json!({}));
    let program = Program::alone();
    let mut terminal = Terminal::start(120, program.command(&["login", "--endpoint", &door.url]));
    terminal.shows(&format!("{}/?user_code=SAND-BOX", door.url));
    terminal.shows("check that it shows the code SAND-BOX");
    terminal.shows("waiting for you to confirm");
    assert!(!program.path(".quantuminspire/config.json").exists());
    door.confirm();
    let seen = terminal.end();
    let screen = seen.screen();
    assert_eq!(seen.status, 0, "{screen}");
    assert!(
        !screen.contains("waiting"),
        "the spinner is gone:\n{screen}"
    );
    assert!(screen.contains("logged in to"), "{screen}");
    assert!(screen.contains("Sandbox User"), "{screen}");
    assert!(screen.contains("user@example.com"), "{screen}");
    assert_eq!(stored(&program, &door.url)["team_member_id"], 1);
}

#[test]
fn a_person_with_several_memberships_chooses_one_by_its_number() {
    let door = Door::new(two_memberships());
    door.confirm();
    let program = Program::alone();
    let mut terminal = Terminal::start(120, program.command(&["login", "--endpoint", &door.url]));
    terminal.shows("1  sandbox (membership 1, admin)");
    terminal.shows("2  research\u{fffd}[31m (membership 70, member)");
    terminal.shows("[1-2]");
    terminal.enter("3");
    terminal.shows("Enter the number of a team");
    terminal.shows("[1-2]");
    terminal.enter("2");
    let seen = terminal.end();
    let screen = seen.screen();
    assert_eq!(seen.status, 0, "{screen}");
    assert_eq!(stored(&program, &door.url)["team_member_id"], 70);
    let who = program.run(&["whoami"]).json();
    assert_eq!(who["team_member_id"], 70);
    assert_eq!(who["team_id"], 7);
}

#[test]
fn ctrl_c_ends_the_waiting_and_leaves_no_spinner() {
    let door = Door::new(json!({}));
    let program = Program::alone();
    let mut terminal = Terminal::start(120, program.command(&["login", "--endpoint", &door.url]));
    terminal.shows("waiting for you to confirm");
    terminal.press_ctrl_c();
    let seen = terminal.end();
    let screen = seen.screen();
    assert_eq!(seen.status, 130, "{screen}");
    assert!(!screen.contains("waiting"), "{screen}");
}

#[test]
fn no_color_disables_the_spinner_too() {
    let door = Door::new(json!({}));
    let program = Program::alone().variable("NO_COLOR", "1");
    let mut terminal = Terminal::start(120, program.command(&["login", "--endpoint", &door.url]));
    terminal.shows("The code is valid for 10m");
    door.confirm();
    let seen = terminal.end();
    let screen = seen.screen();
    assert_eq!(seen.status, 0, "{screen}");
    assert!(!seen.text.contains("waiting"), "{screen}");
    assert!(!seen.text.contains("\u{1b}"), "{screen}");
}

#[test]
fn without_a_terminal_memberships_are_listed_and_the_login_is_kept() {
    let door = Door::new(two_memberships());
    door.confirm();
    let program = Program::alone().variable("COMPUTE_ENDPOINT", &door.url);
    let undecided = program.run(&["login"]);
    assert_eq!(undecided.status, 2, "{undecided:?}");
    assert!(
        undecided.errors.contains("--team-member ID"),
        "{undecided:?}"
    );
    assert!(undecided.errors.contains("sandbox (membership 1, admin)"));
    let tokens = stored(&program, &door.url)["tokens"].clone();
    assert!(tokens.is_object());

    let who = program.run(&["whoami"]).json();
    assert_eq!(
        who["name"], "Sandbox User",
        "all memberships are of one user"
    );
    assert_eq!(who["team_member_id"], Value::Null);

    let who = program.run(&["login", "--team-member", "70"]).json();
    assert_eq!(who["team_member_id"], 70);
    assert_eq!(who["endpoint_source"], "variable COMPUTE_ENDPOINT");
    let chosen = stored(&program, &door.url);
    assert_eq!(chosen["team_member_id"], 70);
    assert_eq!(chosen["tokens"], tokens, "it is the same login");

    let unknown = program.run(&["login", "--team-member", "71"]);
    assert_eq!(unknown.status, 4, "{unknown:?}");
    assert_eq!(stored(&program, &door.url)["team_member_id"], 70);
}

#[test]
fn a_login_that_nobody_confirms_times_out() {
    let door = Door::new(json!({}));
    let program = Program::alone();
    let ended = program.run(&["login", "--endpoint", &door.url, "--timeout", "0.5"]);
    assert_eq!(ended.status, 5, "{ended:?}");
    assert!(ended.errors.contains("--timeout"), "{ended:?}");
    assert!(
        !ended.errors.contains('\u{1b}'),
        "no colour or spinner: {ended:?}"
    );
}

#[test]
fn whoami_shows_server_user_membership_and_credential() {
    let server = sandbox();
    let program = logged_in(&server);
    let file = program.path(".quantuminspire/config.json");
    let from = format!("login file {}", file.display());
    let who = program.run(&["whoami"]).json();
    assert_eq!(
        who,
        json!({
            "name": "Sandbox User",
            "email": "user@example.com",
            "user_id": 1,
            "team": "sandbox",
            "team_id": 1,
            "role": "admin",
            "team_member_id": 1,
            "endpoint": server.url(),
            "endpoint_source": from,
            "credential": "login",
            "credential_source": from,
        })
    );
    let yaml = program.run(&["whoami", "--output", "yaml"]);
    assert!(yaml.output.contains("name: Sandbox User"), "{yaml:?}");
    let mut terminal = Terminal::start(120, program.command(&["whoami"]));
    terminal.shows("Sandbox User");
    assert_eq!(terminal.end().status, 0);
}

#[test]
fn whoami_shows_the_source_of_the_credential() {
    let server = sandbox();
    let token = server.compute_token();
    let program = Program::alone()
        .variable("COMPUTE_ENDPOINT", server.url())
        .variable("COMPUTE_TOKEN", token);
    let who = program.run(&["whoami"]).json();
    assert_eq!(who["credential"], "token");
    assert_eq!(who["credential_source"], "variable COMPUTE_TOKEN");
    assert_eq!(who["name"], "Sandbox User");

    let program = Program::alone();
    let file = program.file("token", token);
    let options = ["whoami", "--endpoint", server.url(), "--token-file", &file];
    let who = program.run(&options).json();
    assert_eq!(who["credential"], "token file");
    assert_eq!(who["credential_source"], "option --token-file");

    let profile = format!(
        "[profiles.lab.compute]\nendpoint = {:?}\ntoken_file = {file:?}\n",
        server.url()
    );
    program.file(".config/compute-kfp/config.toml", profile);
    let who = program.run(&["whoami", "--profile", "lab"]).json();
    assert_eq!(who["endpoint_source"], "profile lab");
    assert_eq!(who["credential_source"], "profile lab");

    let program = Program::alone()
        .variable("COMPUTE_ENDPOINT", server.url())
        .variable("COMPUTE_API_KEY", server.compute_api_key());
    let who = program.run(&["whoami"]).json();
    assert_eq!(who["credential"], "API key");
    assert_eq!(who["backend"], "Spin-2 in Delft");
}

#[test]
fn whoami_without_a_valid_credential_is_not_authenticated() {
    let nobody = Program::alone().run(&["whoami"]);
    assert_eq!(nobody.status, 3, "{nobody:?}");
    assert!(nobody.errors.contains("`compute-kfp login`"), "{nobody:?}");

    let server = sandbox();
    let program = Program::alone()
        .variable("COMPUTE_ENDPOINT", server.url())
        .variable("COMPUTE_TOKEN", WRONG_TOKEN);
    let refused = program.run(&["whoami", "--output", "json"]);
    assert_eq!(refused.status, 3, "{refused:?}");
    let error: Value = serde_json::from_str(&refused.errors).unwrap();
    assert_eq!(error["kind"], "authentication");
}

#[test]
fn properties_that_the_server_hides_are_left_out() {
    let server = sandbox();
    let program = logged_in(&server);
    server.fail(Fault::status(403).on("read_user")).unwrap();
    let who = program.run(&["whoami"]).json();
    assert_eq!(who["name"], Value::Null);
    assert_eq!(who["user_id"], 1);
    assert_eq!(who["team"], "sandbox");
}

#[test]
fn the_selected_membership_identifies_the_user() {
    let other = json!({ "compute": {
        "members": [{ "id": 70, "team_id": 1, "user_id": 9, "role": "member", "is_active": true }],
    }});
    let server = Sandbox::builder().seed(other).start_blocking().unwrap();
    let token = server.compute_token();
    let program = Program::alone().variable("COMPUTE_ENDPOINT", server.url());
    let program = program.variable("COMPUTE_TOKEN", token);
    let who = program.run(&["whoami"]).json();
    assert_eq!(who["user_id"], Value::Null);

    let program = Program::alone().variable("COMPUTE_ENDPOINT", server.url());
    assert_eq!(program.run(&["login"]).status, 2, "there is a choice");
    let who = program.run(&["login", "--team-member", "1"]).json();
    assert_eq!(who["user_id"], 1);
    let doctor = program.run(&["doctor", "-vv"]);
    assert_eq!(doctor.status, 0, "{doctor:?}");
    assert!(
        doctor.output.contains("Sandbox User <user@example.com>"),
        "{doctor:?}"
    );
}

#[test]
fn whoami_respects_the_timeout() {
    let server = sandbox();
    let program = logged_in(&server);
    server.fail(Fault::hold().on("read_member")).unwrap();
    let late = program.run(&["whoami", "--timeout", "0.3"]);
    assert_eq!(late.status, 5, "{late:?}");
}

#[test]
fn a_login_that_other_settings_hide_is_reported() {
    let server = sandbox();
    let program = Program::alone()
        .variable("COMPUTE_ENDPOINT", server.url())
        .variable("COMPUTE_TOKEN", server.compute_token());
    let ended = program.run(&["login"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert!(
        ended.errors.contains(
            "warning: the token (variable COMPUTE_TOKEN) takes precedence over the login in"
        ),
        "{ended:?}"
    );
}

#[test]
fn logging_out_removes_the_tokens_from_the_file_and_can_be_repeated() {
    let server = sandbox();
    let program = logged_in(&server);
    let before = server.received().len();
    let ended = program.run(&["logout", "--timeout", "30"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert!(
        ended
            .errors
            .contains(&format!("logged out of `{}`", server.url()))
    );
    assert_eq!(stored(&program, server.url())["tokens"], Value::Null);
    assert!(
        server.received().len() > before,
        "the login server was told"
    );

    let again = program.run(&["logout"]);
    assert_eq!(again.status, 0, "{again:?}");
    assert!(again.errors.contains("nothing to do"), "{again:?}");
    assert_eq!(program.run(&["whoami"]).status, 3);

    let never = Program::alone().run(&["logout"]);
    assert_eq!(never.status, 0, "{never:?}");
    assert!(never.errors.contains("there is no login file"), "{never:?}");
}

#[test]
fn nothing_is_sent_or_changed_in_a_dry_run() {
    let server = sandbox();
    let program = logged_in(&server);
    let before = server.received().len();
    for command in ["login", "logout", "whoami"] {
        let ended = program.run(&[command, "--dry-run"]);
        assert_eq!(ended.status, 2, "{ended:?}");
        assert!(ended.errors.contains("--dry-run"), "{ended:?}");
    }
    assert_eq!(server.received().len(), before);
    assert!(stored(&program, server.url())["tokens"].is_object());
}
