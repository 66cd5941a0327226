//! Calling one operation.

use clap::{ArgMatches, Args};
use compute_kfp::dynamic::{self, Call, ValuePage};
use compute_kfp::kfp;
use compute_kfp::operation::{Operation, ResponseKind};
use compute_kfp::paging::{ListPage, NextPage};
use serde_json::Value;

use crate::api::Api;
use crate::arguments::{self, Files};
use crate::client::ApiClient;
use crate::dry_run::{Taken, preview};
use crate::failure::{Failure, say, warn};
use crate::operation_command::{ALL, MAX_ITEMS, OperationCommand, PAGE_SIZE};
use crate::options::{Options, with};
use crate::output::{self, Format};
use crate::settings::Settings;

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
        send_or_preview(options, self.api, operation, arguments, files, None).await
    }
}

pub async fn run(options: &Options, api: Api, command: &OperationCommand) -> Result<(), Failure> {
    let operation = dynamic::find(api.operations(), &command.name)?;
    let matches = &command.matches;
    let (arguments, files) = arguments::of(operation, matches)?;
    let list = operation.paging.map(|_| matches);
    send_or_preview(options, api, operation, arguments, files, list).await
}

/// Sends or previews a call. `list` has the options of a list.
async fn send_or_preview(
    options: &Options,
    api: Api,
    operation: &'static Operation,
    mut arguments: Value,
    files: Files,
    list: Option<&ArgMatches>,
) -> Result<(), Failure> {
    if operation.deprecated {
        warn(&format!("`{}` is deprecated", operation.name));
    }
    let settings = Settings::read(options)?;
    let taken = Taken::default();
    let client = ApiClient::of(&settings, api, |transport| match options.dry_run {
        true => {
            let taken = taken.clone();
            transport.dry_run(move |request| _ = taken.set(request.clone()))
        }
        false => transport,
    })?;
    add_namespace(&client, operation, &mut arguments);
    let transport = client.transport.clone();
    let mut call = Call::new(transport, api.operations(), operation.name, arguments)?;
    for (name, path) in &files {
        call = call.file(name, path.as_path());
    }
    // A parameter may have the name of the option for the size of a page.
    let page_size = list.and_then(|list| list.try_get_one(PAGE_SIZE).ok()?);
    let call = with(call, page_size.copied(), Call::page_size);
    let max_items: Option<u64> = list.and_then(|list| list.get_one(MAX_ITEMS)).copied();
    let call = with(call, max_items, Call::max_items);
    let all = list.is_some_and(|list| list.get_flag(ALL));
    let output = options.format();
    let ended = match all || max_items.is_some() {
        true => write_all(call, max_items, output).await,
        false => send(call, operation, output).await,
    };
    match (taken.get(), ended) {
        (Some(request), _) => output.text(&preview(&client, &settings.of(api), request, &files)),
        (None, Err(Failure::Api { error, .. })) if api == Api::Kfp => {
            let client = kfp::Client::from(client.transport);
            Err(client.with_release(error).await.into())
        }
        (None, ended) => ended,
    }
}

async fn send(call: Call, operation: &'static Operation, output: Format) -> Result<(), Failure> {
    match operation.response {
        None => {
            call.send().await?;
        }
        Some(ResponseKind::Json | ResponseKind::OptionalJson) => {
            let response = call.send().await?.into_inner();
            let items = operation.paging.map(|paging| paging.items());
            output.response(&response, items)?;
            let is_list = output == Format::Table && items.is_some();
            if is_list && is_continued(operation, response) {
                say("more pages follow; --all reads all of them");
            }
        }
        // Also streams of JSON and of events, whose lines are printed as they arrive.
        Some(_) => {
            let mut response = call.send_bytes().await?.into_inner();
            while let Some(bytes) = response.next().await {
                output::bytes(&bytes?)?;
            }
        }
    }
    Ok(())
}

/// Returns whether another page follows. JSON output shows this by itself.
fn is_continued(operation: &'static Operation, response: Value) -> bool {
    let page = serde_json::from_value::<ValuePage>(response).ok();
    let page = page.and_then(|page| page.of(operation).ok());
    page.is_some_and(|page| match page.next_page() {
        NextPage::Token(next) => next.is_some(),
        NextPage::Time(next) => next.is_some(),
        NextPage::Number { page, pages } => page < pages,
    })
}

/// Writes items page by page, so that at most one page is held in memory.
async fn write_all(call: Call, max_items: Option<u64>, output: Format) -> Result<(), Failure> {
    let mut left = usize::try_from(max_items.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
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
fn add_namespace(client: &ApiClient, operation: &Operation, arguments: &mut Value) {
    const NAMESPACE: &str = "namespace";
    if let (Some(namespace), Some(given)) = (client.namespace(), arguments.as_object_mut())
        && operation.parameter(NAMESPACE).is_some()
    {
        given.entry(NAMESPACE).or_insert_with(|| namespace.into());
    }
}
