//! Everything that is traced or logged on this thread, at any level.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// Name of the parent span, among the fields of a span.
pub const AROUND: &str = "(around)";

/// Fields of a span, as text.
pub type Fields = BTreeMap<String, String>;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    spans: Vec<(Id, &'static str, Fields)>,
    text: String,
}

pub struct Collector {
    log: Log,
    _guard: DefaultGuard,
}

impl Collector {
    pub fn start() -> Self {
        // Crates that write to `log` are heard too.
        static LOG: Once = Once::new();
        LOG.call_once(|| tracing_log::LogTracer::init().unwrap());
        // While there is a single subscriber, tracing asks only that of the thread where a place in the
        // code is reached first. That may be the thread of another test, which has none.
        static OTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Registry::default()));
        LazyLock::force(&OTHER);
        let log = Log::default();
        let subscriber = Registry::default().with(log.clone());
        let guard = tracing::subscriber::set_default(subscriber);
        Self { log, _guard: guard }
    }

    /// Spans of that name, in the order in which they began.
    pub fn spans(&self, name: &str) -> Vec<Fields> {
        let kept = self.log.kept();
        let spans = kept.spans.iter().filter(|(_, known, _)| *known == name);
        spans.map(|(_, _, fields)| fields.clone()).collect()
    }

    /// All that was recorded, names and values.
    pub fn text(&self) -> String {
        self.log.kept().text.clone()
    }
}

impl Log {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap()
    }

    fn write(&self, metadata: &Metadata<'_>, fields: &Fields) {
        let target = metadata.target();
        writeln!(self.kept().text, "{target} {} {fields:?}", metadata.name()).unwrap();
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::new();
        attributes.record(&mut Texts(&mut fields));
        self.write(attributes.metadata(), &fields);
        if let Some(around) = context.span(id).and_then(|span| span.parent()) {
            fields.insert(AROUND.to_owned(), around.name().to_owned());
        }
        let span = (id.clone(), attributes.metadata().name(), fields);
        self.kept().spans.push(span);
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, _: Context<'_, S>) {
        let mut added = Fields::new();
        record.record(&mut Texts(&mut added));
        let mut kept = self.kept();
        writeln!(kept.text, "{added:?}").unwrap();
        let mut spans = kept.spans.iter_mut().rev();
        if let Some((_, _, fields)) = spans.find(|(known, _, _)| known == id) {
            fields.extend(added);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::new();
        event.record(&mut Texts(&mut fields));
        self.write(event.metadata(), &fields);
    }
}

struct Texts<'a>(&'a mut Fields);

impl Visit for Texts<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}
