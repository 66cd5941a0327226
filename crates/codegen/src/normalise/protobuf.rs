//! Documents that grpc-gateway generated from protobuf messages.
//!
//! Their JSON omits zero values, even for required properties.

use serde_json::Value;

use crate::lifted::Lifted;
use crate::part::METHODS;
use crate::read::Dialect;

/// Messages that grpc-gateway and protobuf add, without their package.
const MESSAGES: [&str; 5] = [
    "rpcstatus",
    "protobufany",
    "protobufnullvalue",
    "runtimeerror",
    "runtimestreamerror",
];

/// Returns whether a Swagger 2.0 document defines one of these messages, or names every operation
/// after the service in its tag.
pub(super) fn is_from_grpc_gateway(lifted: &Lifted) -> bool {
    if lifted.dialect != Dialect::Swagger20 {
        return false;
    }
    let object = |pointer: &str| lifted.document.pointer(pointer).and_then(Value::as_object);
    let schemas = object("/components/schemas").into_iter().flatten();
    let mut names = schemas.map(|(name, _)| name.to_ascii_lowercase());
    if names.any(|name| MESSAGES.iter().any(|message| name.ends_with(message))) {
        return true;
    }
    let items = object("/paths").into_iter().flatten();
    let mut operations = items
        .flat_map(|(_, item)| METHODS.iter().filter_map(|method| item.get(method)))
        .peekable();
    operations.peek().is_some() && operations.all(is_of_its_service)
}

fn is_of_its_service(operation: &Value) -> bool {
    let id = operation.get("operationId").and_then(Value::as_str);
    let tag = operation.pointer("/tags/0").and_then(Value::as_str);
    let (Some(id), Some(tag)) = (id, tag) else {
        return false;
    };
    tag.ends_with("Service") && id.strip_prefix(tag).is_some_and(|it| it.starts_with('_'))
}
