//! The page for browsers.

use crate::support::{Kfp, plain};
use compute_kfp_sandbox::{Fault, Sandbox};
use reqwest::Method;
use serde_json::json;

const COMPUTE: &str = include_str!("../../specs/compute.openapi.json");
const KFP: &str = include_str!("../../specs/kfp.swagger.json");

async fn page(sandbox: &Sandbox) -> String {
    let response = plain(sandbox, Method::GET, "/").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    response.text().await.unwrap()
}

#[tokio::test]
async fn the_page_has_every_operation_with_its_method_path_and_summary() {
    let sandbox = Sandbox::start().await.unwrap();
    let page = page(&sandbox).await;
    let compute = compute_api_client::operations::OPERATIONS.iter();
    let kfp = kfp_api_client::operations::OPERATIONS;
    for operation in compute.chain(kfp) {
        let place = format!("<code>{} {}</code>", operation.method, operation.path);
        assert!(page.contains(&place), "{place}");
        assert!(page.contains(&format!(">{}</a>: ", operation.name)));
    }
    assert_eq!(page.matches("<details ").count(), 137);
    assert!(!page.contains("<script"));
}

#[tokio::test]
async fn the_page_shows_the_data_the_clock_and_the_faults() {
    let sandbox = Sandbox::builder().empty().start().await.unwrap();
    for name in ["first", "second"] {
        let experiment = json!({ "display_name": name });
        let created = Kfp(&sandbox).post("/experiments", experiment).await;
        created.expect(200);
    }
    sandbox
        .fail(Fault::status(503).on("list_runs").times(2))
        .unwrap();
    let page = page(&sandbox).await;
    assert!(
        page.contains("<td>experiments<td>3<td>second, first, Default\n"),
        "{page}"
    );
    assert!(
        page.contains("<p>Clock: 2025-01-07T09:00:02.500Z\n"),
        "{page}"
    );
    assert!(page.contains("<code>list_runs:status=503,times=2</code>"));
}

#[tokio::test]
async fn untrusted_strings_are_escaped() {
    let sandbox = Sandbox::builder().empty().start().await.unwrap();
    let experiment = json!({ "display_name": "<script>alert('\"&')</script>" });
    let created = Kfp(&sandbox).post("/experiments", experiment).await;
    created.expect(200);
    let page = page(&sandbox).await;
    assert!(!page.contains("<script"));
    assert!(page.contains("&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;"));
}

#[tokio::test]
async fn the_page_shows_no_credentials() {
    let builder = Sandbox::builder()
        .compute_token("s3cret-a")
        .compute_api_key("s3cret-b");
    let sandbox = builder.kfp_token("s3cret-c").start().await.unwrap();
    assert!(!page(&sandbox).await.contains("s3cret"));
}

#[tokio::test]
async fn the_specs_are_served_unchanged() {
    let sandbox = Sandbox::start().await.unwrap();
    let get = async |path: &str| {
        let response = plain(&sandbox, Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        response.text().await.unwrap()
    };
    let index: serde_json::Value = serde_json::from_str(&get("/openapi/").await).unwrap();
    for (api, text) in [("compute", COMPUTE), ("kfp", KFP)] {
        let served = get(index[api]["path"].as_str().unwrap()).await;
        assert!(served == text, "{api}");
        let description: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(index[api]["version"], description["info"]["version"]);
    }
}

#[tokio::test]
async fn documents_are_read_only() {
    let sandbox = Sandbox::start().await.unwrap();
    for path in ["/", "/openapi/kfp.json"] {
        let head = plain(&sandbox, Method::HEAD, path).send().await.unwrap();
        assert_eq!(head.status(), 200);
        let post = plain(&sandbox, Method::POST, path).send().await.unwrap();
        assert_eq!(post.status(), 404);
    }
}
