//! The recordings in the documentation, of real runs in a terminal.

use std::path::Path;

use crate::program::Program;
use crate::program::terminal::{Seen, Terminal};
use crate::program::world::{BEGIN, BELL, END, PACKAGE, World};
use anstyle_svg::Term;

const COLUMNS: u16 = 100;

fn start(program: &Program, line: &str) -> Terminal {
    let words = line.split(' ').skip(1);
    Terminal::start(COLUMNS, program.command(words))
}

/// Returns what a terminal shows of a run: the command line and its output.
fn interaction(line: &str, seen: &Seen) -> String {
    let prompt = "\u{1b}[1m$\u{1b}[m";
    format!("{prompt} {line}\n{}", seen.styled())
}

/// Compares a recording with the file that is checked in, or updates the file.
#[track_caller]
fn is_recorded(name: &str, interactions: &[String]) {
    let recording = Term::new().render_svg(interactions.concat().trim_end());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let path = path.join(name).with_extension("svg");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        return std::fs::write(path, recording).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == recording,
        "recordings/{name}.svg differs from the output, which is\n{}\n\nif that is right, run\n  \
         UPDATE_DOCS=1 cargo test -p compute-kfp-cli --test it recordings",
        interactions.concat()
    );
}

#[test]
fn lists_are_tables_and_mistakes_are_reported_with_the_nearest_names() {
    let world = World::new();
    for name in ["calibrate", "readout"] {
        let package = PACKAGE.replace("name: calibrate", &format!("name: {name}"));
        let file = world.program.file(&format!("{name}.yaml"), package);
        world.program.run(["kfp", "upload", &file]).json();
    }
    let recorded = [
        "compute-kfp kfp list-pipelines",
        "compute-kfp kfp list-piplines",
    ]
    .map(|line| interaction(line, &start(&world.program, line).end()));
    is_recorded("table", &recorded);
}

#[test]
fn a_circuit_ends_with_a_histogram() {
    let world = World::new();
    world.program.file("bell.cq", BELL);
    let line = "compute-kfp circuit run bell.cq --backend-type Spin-2 --shots 1024";
    let mut terminal = start(&world.program, line);
    terminal.shows("is planned");
    world.sandbox.advance(BEGIN);
    terminal.shows("is running");
    world.sandbox.advance(END);
    is_recorded("circuit", &[interaction(line, &terminal.end())]);
}

#[test]
fn the_doctor_lists_settings_and_their_sources() {
    let program = Program::alone().variable("KFP_TOKEN", "t");
    let line = "compute-kfp doctor kfp --dry-run --endpoint https://kfp.example.org";
    is_recorded("doctor", &[interaction(line, &start(&program, line).end())]);
}
