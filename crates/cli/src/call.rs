//! Calling one operation.

use clap::Args;
use compute_kfp::dynamic::{self, Call, ValuePage};
use compute_kfp::operation::{Operation, ResponseKind};
use compute_kfp::paging::{ListPage, NextPage};
use serde_json::{Value, json};

use crate::api::{Api, kebab};
use crate::arguments::{self, Files};
use crate::client::Client;
use crate::dry_run;
use crate::failure::{Failure, say, warn};
use crate::operation_command::{ALL, MAX_ITEMS, OperationCommand, PAGE_SIZE};
use crate::options::Options;
use crate::output::{Format, Output};
use crate::printable::printable;
use crate::settings::Settings;

/// The part of a list that is read.
#[derive(Default)]
struct Extent {
    all: bool,
    max_items: Option<u64>,
    page_size: Option<u32>,
}

/// Call an operation with its arguments as JSON
///
/// The keys are the names of the parameters in the spec, and `body`. For a parameter that is a file,
/// give its path.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// API of the operation
    pub api: Api,
    /// Short or upstream name of the operation
    operation: String,
    /// Arguments such as {"run_id": "…"}; @FILE reads a file and - standard input
    #[arg(value_name = "JSON|@FILE|-", default_value = "{}")]
    arguments: String,
}

impl Arguments {
    pub async fn run(&self, options: &Options) -> Result<(), Failure> {
        let operation = dynamic::find(self.api.operations(), &self.operation)?;
        let arguments = arguments::text_of(&self.arguments)?;
        let (arguments, files) = arguments::of_json(operation, &arguments)?;
        let extent = Extent::default();
        send_or_preview(options, self.api, operation, arguments, files, extent).await
    }
}

/// Runs the command of an operation.
pub async fn run(options: &Options, api: Api, command: &OperationCommand) -> Result<(), Failure> {
    let operation = dynamic::find(api.operations(), &command.name)?;
    let matches = &command.matches;
    let (arguments, files) = arguments::of(operation, matches)?;
    let mut extent = Extent::default();
    if let Some(paging) = operation.paging {
        extent.all = matches.get_flag(ALL);
        extent.max_items = matches.get_one(MAX_ITEMS).copied();
        if kebab(paging.page_size()) != PAGE_SIZE {
            extent.page_size = matches.get_one(PAGE_SIZE).copied();
        }
    }
    send_or_preview(options, api, operation, arguments, files, extent).await
}

async fn send_or_preview(
    options: &Options,
    api: Api,
    operation: &'static Operation,
    mut arguments: Value,
    files: Files,
    extent: Extent,
) -> Result<(), Failure> {
    if operation.deprecated {
        warn(&format!("`{}` is deprecated", operation.name));
    }
    let settings = Settings::read(options)?;
    let mut output = Output::new(options.output);
    if options.dry_run {
        let (client, preview) = dry_run::preview(&settings, api)?;
        add_namespace(&client, operation, &mut arguments);
        let call = call(&client, operation, arguments.clone(), &files, &extent)?;
        let ended = send(call, operation, &extent, &mut output).await;
        return match preview.text(operation, &arguments, &files) {
            Some(text) => {
                output.text(&text)?;
                output.flush()
            }
            None => ended,
        };
    }
    let client = Client::of(&settings, api, |transport| transport)?;
    add_namespace(&client, operation, &mut arguments);
    let call = call(&client, operation, arguments, &files, &extent)?;
    match send(call, operation, &extent, &mut output).await {
        Err(Failure::Api { error, .. }) => Err(client.with_release(error).await.into()),
        ended => ended,
    }
}

async fn send(
    call: Call,
    operation: &'static Operation,
    extent: &Extent,
    output: &mut Output,
) -> Result<(), Failure> {
    if extent.all || extent.max_items.is_some() {
        return list(call, extent.max_items, output).await;
    }
    if operation.response.is_some_and(ResponseKind::is_json_stream) {
        let mut values = call.stream().await?.into_inner();
        while let Some(value) = values.next().await {
            let value = value?;
            output.event(&value, &printable(&value.to_string()))?;
        }
        return Ok(());
    }
    if operation.events && operation.response == Some(ResponseKind::Bytes) {
        let mut events = call.events().await?.into_inner();
        while let Some(event) = events.next().await {
            let event = event?;
            let line = printable(&format!("{}: {}", event.name(), event.data()));
            let data = event.json().unwrap_or_else(|_| json!(event.data()));
            let event = json!({"event": event.name(), "id": event.id(), "data": data});
            output.event(&event, &line)?;
        }
        return Ok(());
    }
    if operation.response == Some(ResponseKind::Bytes) {
        let mut response = call.send_bytes().await?.into_inner();
        while let Some(bytes) = response.next().await {
            let bytes = bytes?;
            output.bytes(&bytes)?;
        }
        return output.flush();
    }
    let response = call.send().await?.into_inner();
    match operation.response {
        None => Ok(()),
        Some(_) => {
            output.response(&response, operation.paging.map(|paging| paging.items()))?;
            if output.format() == Format::Table && is_continued(operation, response) {
                say("more pages follow; --all reads all of them");
            }
            Ok(())
        }
    }
}

/// Returns whether another page follows. JSON output shows this by itself.
fn is_continued(operation: &'static Operation, response: Value) -> bool {
    let page = match operation
        .paging
        .map(|_| serde_json::from_value::<ValuePage>(response))
    {
        Some(Ok(page)) => page.of(operation),
        Some(Err(_)) | None => return false,
    };
    match page.as_ref().map(ListPage::next_page) {
        Ok(NextPage::Token(next)) => next.is_some(),
        Ok(NextPage::Time(next)) => next.is_some(),
        Ok(NextPage::Number { page, pages }) => page < pages,
        Err(_) => false,
    }
}

fn call(
    client: &Client,
    operation: &Operation,
    arguments: Value,
    files: &Files,
    extent: &Extent,
) -> Result<Call, Failure> {
    let mut call = client.call(operation.name, arguments)?;
    for (name, path) in files {
        call = call.file(name, path.as_path());
    }
    if let Some(items) = extent.page_size {
        call = call.page_size(items);
    }
    if let Some(items) = extent.max_items {
        call = call.max_items(items);
    }
    Ok(call)
}

/// Writes items page by page, so that at most one page is held in memory.
async fn list(call: Call, max_items: Option<u64>, output: &mut Output) -> Result<(), Failure> {
    let mut left = max_items.map_or(usize::MAX, |most| {
        usize::try_from(most).unwrap_or(usize::MAX)
    });
    let mut pages = call.pages();
    while let Some(page) = pages.next().await {
        let page = page?;
        let wanted = page.items().len().min(left);
        output.items(&page.items()[..wanted])?;
        left -= wanted;
    }
    Ok(())
}

/// Adds the configured namespace if the operation takes one and none is given.
fn add_namespace(client: &Client, operation: &Operation, arguments: &mut Value) {
    const NAMESPACE: &str = "namespace";
    if let (Some(namespace), Some(given)) = (&client.namespace, arguments.as_object_mut())
        && operation.parameter(NAMESPACE).is_some()
    {
        given
            .entry(NAMESPACE)
            .or_insert_with(|| namespace.as_str().into());
    }
}
