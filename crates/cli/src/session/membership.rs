//! The choice of the membership that a user works as.

use std::io::{self, IsTerminal, Write};

use compute_kfp::Error;
use compute_kfp::compute::types::Member;
use compute_kfp::compute::{self, Login};

use super::whoami::if_visible;
use crate::client::ApiClient;
use crate::failure::{Failure, say, warn};
use crate::printable::printable;

/// Stores a membership that the server knows.
pub async fn set(configured: &ApiClient, login: &Login, id: i64) -> Result<(), Error> {
    let client = compute::Client::from(configured.transport.clone());
    client.read_member(id).send().await?;
    login.set_team_member_id(id).await
}

/// Asks the user if there is a choice and a terminal to ask on.
pub async fn choose(
    configured: &ApiClient,
    login: &Login,
    members: &[Member],
) -> Result<(), Failure> {
    let client = compute::Client::from(configured.transport.clone());
    match members {
        [] => {
            warn("you are not a member of any team, so you cannot create projects");
            return Ok(());
        }
        // The SDK has stored it.
        [_] if login.team_member_id()?.is_some() => return Ok(()),
        _ => {}
    }
    let lines = lines(&client, members).await?;
    let unselected = || {
        Failure::Usage(format!(
            "you are logged in but belong to several teams; select a membership with \
             `compute-kfp login --team-member ID`, which keeps the login:\n{}",
            lines.join("\n")
        ))
    };
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(unselected());
    }
    say("You are a member of several teams:");
    for (number, line) in (1..).zip(&lines) {
        say(&format!("{number:3}  {line}"));
    }
    let id = loop {
        let most = members.len();
        let _ = write!(
            io::stderr(),
            "Which one do you want to work as? [1-{most}] "
        );
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        if read.map_err(|error| Failure::io("cannot read the terminal", &error))? == 0 {
            return Err(unselected());
        }
        let number = line.trim().parse::<usize>().ok();
        match number.and_then(|number| members.get(number.checked_sub(1)?)) {
            Some(member) => break member.id,
            None => say("Enter the number of a team."),
        }
    };
    Ok(login.set_team_member_id(id).await?)
}

async fn lines(client: &compute::Client, members: &[Member]) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::with_capacity(members.len());
    for member in members {
        let team = if_visible(client.read_team(member.team_id).send().await)?;
        let team = team.map_or_else(|| format!("team {}", member.team_id), |team| team.name);
        let inactive = match member.is_active {
            true => "",
            false => ", not active",
        };
        let line = format!(
            "{team} (membership {}, {}{inactive})",
            member.id, member.role
        );
        lines.push(printable(&line));
    }
    Ok(lines)
}
