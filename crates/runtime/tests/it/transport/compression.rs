//! Compressed answers, as the features of this crate let the transport read them.

use serde_json::Value;

use crate::item::{ServerTransport as _, get};
use compute_kfp_test_server::{Response, TestServer};

const ENCODED: [(&str, bool, &[u8]); 4] = [
    (
        "gzip",
        cfg!(feature = "gzip"),
        b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xabV\xcaK\xccMU\xb2RP*JMLQ\xaa\x05\0\x9e\xed\x81I\x10\0\0\0",
    ),
    (
        "deflate",
        cfg!(feature = "deflate"),
        b"x\x9c\xabV\xcaK\xccMU\xb2RP*JMLQ\xaa\x05\0+\x84\x05\x18",
    ),
    (
        "br",
        cfg!(feature = "brotli"),
        b"\x8b\x07\x80{\"name\": \"read\"}\x03",
    ),
    (
        "zstd",
        cfg!(feature = "zstd"),
        b"(\xb5/\xfd \x10\x81\0\0{\"name\": \"read\"}",
    ),
];

#[tokio::test]
async fn what_is_asked_for_can_be_read_and_nothing_else_is_asked_for() {
    for (encoding, is_on, body) in ENCODED {
        let header = format!("content-encoding: {encoding}\ncontent-type: application/json");
        let server = TestServer::playing([Response::new(200, &header, body)]);
        let outcome = server.transport().send_json::<Value>(get()).await;
        let request = server.requests().swap_remove(0);
        let accepted = request.header("accept-encoding").unwrap_or_default();
        let asked = accepted.split(',').any(|name| name.trim() == encoding);
        assert_eq!(asked, is_on, "{encoding} in {accepted}");
        assert_eq!(outcome.is_ok(), is_on, "{encoding}");
        if let Ok(value) = outcome {
            assert_eq!(value["name"], "read");
        }
    }
}
