use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use compute_kfp_runtime::operation::Operation;
use compute_kfp_sandbox::{BACKEND_ID, NAMESPACE, Sandbox};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::support::{Compute, Kfp, encoded, plain, send, spec};

pub static PIPELINE: LazyLock<Value> = LazyLock::new(|| {
    let mut spec = spec(&["one"]);
    let fail = json!({ "parameterType": "BOOLEAN", "isOptional": true });
    spec["root"]["inputDefinitions"] = json!({ "parameters": { "fail": fail } });
    spec
});

/// One of everything that an operation may need, in a suitable state.
pub struct World<'a> {
    pub sandbox: &'a Sandbox,
    ids: BTreeMap<&'static str, Value>,
    /// A client that keeps its connections, unlike the shared one.
    client: Client,
}

impl<'a> World<'a> {
    pub async fn create(sandbox: &'a Sandbox) -> Self {
        let mut world = Self {
            sandbox,
            ids: BTreeMap::new(),
            client: Client::new(),
        };
        world.create_kfp().await;
        world.create_compute().await;
        world.start_run().await;
        world
    }

    /// Returns this world in another sandbox with the same data.
    pub fn again<'b>(&self, sandbox: &'b Sandbox) -> World<'b> {
        World {
            sandbox,
            ids: self.ids.clone(),
            client: self.client.clone(),
        }
    }

    pub fn plain(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.sandbox.url());
        self.client.request(method, url)
    }

    async fn create_compute(&mut self) {
        let (compute, sandbox) = (Compute(self.sandbox), self.sandbox);
        let as_backend = |method: Method, path: &str| {
            plain(sandbox, method, path).header("authorization", sandbox.compute_api_key())
        };
        self.ids.extend([
            ("backend_id", json!(BACKEND_ID)),
            ("backend_type_id", json!(BACKEND_ID)),
            ("user_id", json!(1)),
            ("owner_id", json!(1)),
        ]);
        let body = json!({ "owner_id": 1, "name": "p", "description": "", "starred": false });
        let project = compute.post("/projects", body).await.expect(201);
        let body = json!({
            "project_id": project["id"], "type": "hybrid", "shared": "private", "name": "a",
        });
        let algorithm = compute.post("/algorithms", body).await.expect(201);
        let body = json!({ "description": "", "algorithm_id": algorithm["id"] });
        let commit = compute.post("/commits", body).await.expect(201);
        let body = json!({
            "commit_id": commit["id"], "content": "version 3", "language_id": 1,
            "compile_stage": "none", "compile_properties": {},
        });
        let file = compute.post("/files", body).await.expect(201);
        let mut batches = Vec::new();
        let mut jobs = Vec::new();
        for _ in 0..4 {
            let body = json!({ "backend_type_id": BACKEND_ID });
            let batch = compute.post("/batch_jobs", body).await.expect(201);
            let body = json!({ "file_id": file["id"], "batch_job_id": batch["id"] });
            jobs.push(compute.post("/jobs", body).await.expect(201)["id"].clone());
            batches.push(batch["id"].clone());
        }
        let enqueue = |id: &Value| format!("/batch_jobs/{id}/enqueue");
        let run = enqueue(&batches[0]);
        compute.patch(&run, json!({})).await.expect(200);
        sandbox.advance(Duration::from_secs(60));
        for batch in &batches[1..3] {
            compute.patch(&enqueue(batch), json!({})).await.expect(200);
        }
        send(as_backend(Method::PATCH, "/batch_jobs/pop"))
            .await
            .expect(200);
        let body = json!({
            "member_id": 1, "start_time": "2025-01-08T09:00:00Z",
            "end_time": "2025-01-08T10:00:00Z", "backend_type_id": BACKEND_ID,
        });
        compute.post("/reservations", body).await.expect(201);
        self.ids.extend([
            ("project_id", project["id"].clone()),
            ("algorithm_id", algorithm["id"].clone()),
            ("commit_id", commit["id"].clone()),
            ("file_id", file["id"].clone()),
            ("finished_batch_job", batches[0].clone()),
            ("reserved_batch_job", batches[1].clone()),
            ("batch_job_id", batches[3].clone()),
            ("finished_job", jobs[0].clone()),
            ("job_id", jobs[0].clone()),
            ("unfinished_job", jobs[3].clone()),
        ]);
    }

    async fn create_kfp(&mut self) {
        let kfp = Kfp(self.sandbox);
        let create = async |path: &str, body: Value| kfp.post(path, body).await.expect(200);
        let experiment = create("/experiments", json!({ "display_name": "e" })).await;
        let version = json!({
            "display_name": "v", "package_url": { "pipeline_url": "https://example.com/p.yaml" },
        });
        let body = json!({ "pipeline": { "display_name": "p" }, "pipeline_version": version });
        let pipeline = create("/pipelines/create", body).await;
        let id = pipeline["pipeline_id"].as_str().unwrap();
        let versions = kfp
            .get(&format!("/pipelines/{id}/versions"))
            .await
            .expect(200);
        let run = json!({
            "display_name": "r",
            "pipeline_spec": *PIPELINE,
            "runtime_config": { "parameters": { "fail": true } },
        });
        let failed = create("/runs", run).await;
        self.sandbox.advance(Duration::from_secs(60));
        let failed_id = failed["run_id"].as_str().unwrap();
        let tasks = kfp
            .get(&format!("/runs/{failed_id}/tasks"))
            .await
            .expect(200);
        let recurring = create("/recurringruns", self.recurring_run()).await;
        let task = tasks["tasks"][0]["task_id"].clone();
        let artifact = json!({
            "artifact": { "name": "a", "type": "Model", "namespace": NAMESPACE },
            "run_id": failed_id, "task_id": task, "producer_key": "k",
        });
        let artifact = create("/artifacts", artifact).await;
        let metric = json!({ "metric": { "task_id": task, "name": "accuracy", "value": 0.5 } });
        create("/metrics", metric).await;
        self.ids.extend([
            ("experiment_id", experiment["experiment_id"].clone()),
            ("pipeline_id", pipeline["pipeline_id"].clone()),
            (
                "pipeline_version_id",
                versions["pipeline_versions"][0]["pipeline_version_id"].clone(),
            ),
            ("run_id", failed["run_id"].clone()),
            ("task_id", task),
            ("recurring_run_id", recurring["recurring_run_id"].clone()),
            ("artifact_id", artifact["artifact_id"].clone()),
            ("name", json!("accuracy")),
            ("namespace", json!(NAMESPACE)),
        ]);
    }

    /// Starts a run. The clock must not advance after this.
    async fn start_run(&mut self) {
        let run = json!({ "display_name": "r", "pipeline_spec": *PIPELINE });
        let run = Kfp(self.sandbox).post("/runs", run).await.expect(200);
        self.ids.insert("run_under_way", run["run_id"].clone());
    }

    pub fn id_of(&self, field: &str) -> Option<Value> {
        let id = self.ids.get(field).filter(|_| field.ends_with("_id"));
        id.cloned()
            .or_else(|| field.ends_with("_id").then(|| json!(1)))
    }

    fn text(&self, name: &str) -> String {
        match &self.ids[name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// Adds the credential that the operation requires.
    pub fn authorised(&self, request: RequestBuilder, operation: &Operation) -> RequestBuilder {
        let first = operation.security.first().and_then(|any| any.first());
        match first.map(|scheme| scheme.name) {
            None => request,
            Some("backend") => request.header("authorization", self.sandbox.compute_api_key()),
            Some("user_bearer") => request.bearer_auth(self.sandbox.compute_token()),
            Some(_) => request.bearer_auth(self.sandbox.kfp_token()),
        }
    }

    pub fn path(&self, operation: &Operation) -> String {
        self.filled(operation, |name| encoded(&self.path_value(operation, name)))
    }

    pub fn path_with(&self, operation: &Operation, value: &str) -> String {
        self.filled(operation, |_| value.to_owned())
    }

    fn filled(&self, operation: &Operation, value: impl Fn(&str) -> String) -> String {
        let pieces = operation.path_pieces();
        pieces
            .map(|(text, name)| format!("{text}{}", name.map(&value).unwrap_or_default()))
            .collect()
    }

    pub fn path_value(&self, operation: &Operation, name: &str) -> String {
        let name = name.rsplit('.').next().unwrap();
        match (operation.id, name) {
            ("RunService_TerminateRun", "run_id") => self.text("run_under_way"),
            ("PipelineService_GetPipelineByName", "name") => "p".to_owned(),
            ("finish_batch_job_batch_jobs__id__finish_patch", _) => self.text("finished_batch_job"),
            ("unpop_batch_job_batch_jobs__id__unpop_patch", _) => self.text("reserved_batch_job"),
            ("update_job_status_jobs__id__patch", _) => self.text("unfinished_job"),
            (_, "id") => {
                let resource = operation.path.split('/').nth(1).unwrap();
                let field = format!("{}_id", resource.trim_end_matches('s'));
                self.ids
                    .get(field.as_str())
                    .map_or("1".to_owned(), Value::to_string)
            }
            (_, name) => self.text(name),
        }
    }

    pub fn query(&self, operation: &Operation) -> Vec<(&'static str, String)> {
        match operation.id {
            "list_artifact_tasks" => vec![("run_ids", self.text("run_id"))],
            "AuthService_Authorize" => vec![
                ("namespace", NAMESPACE.to_owned()),
                ("resources", "VIEWERS".to_owned()),
                ("verb", "GET".to_owned()),
            ],
            "PipelineService_DeletePipeline" => vec![("cascade", "true".to_owned())],
            "UploadPipelineVersion" => vec![("pipelineid", self.text("pipeline_id"))],
            _ => Vec::new(),
        }
    }

    fn recurring_run(&self) -> Value {
        json!({
            "display_name": "nightly",
            "pipeline_spec": *PIPELINE,
            "max_concurrency": "1",
            "mode": "ENABLE",
            "trigger": { "periodic_schedule": { "interval_second": "3600" } },
        })
    }

    /// Returns bodies whose requirements are not in their schema. KFP's schemas declare none.
    pub fn body(&self, operation: &Operation) -> Option<Value> {
        let id = |name: &str| self.ids[name].clone();
        let artifact = json!({
            "artifact": { "name": "new", "type": "Model", "namespace": NAMESPACE },
            "run_id": id("run_id"), "task_id": id("task_id"), "producer_key": "new",
        });
        let link = json!({
            "artifact_id": id("artifact_id"), "run_id": id("run_id"), "task_id": id("task_id"),
            "type": "TASK_OUTPUT_INPUT", "key": operation.id, "producer": { "task_name": "one" },
        });
        let url = json!({ "pipeline_url": "https://example.com/p.yaml" });
        let workflow = json!({ "metadata": { "name": "w", "namespace": "n", "uid": "u" } });
        Some(match operation.id {
            "create_artifact" => artifact,
            "batch_create_artifacts" => json!({ "artifacts": [artifact] }),
            "update_artifact" => json!({ "name": "renamed" }),
            "create_artifact_task" => json!({ "artifact_task": link }),
            "batch_create_artifact_tasks" => json!({ "artifact_tasks": [link] }),
            "log_metric" => json!({
                "metric": { "task_id": id("task_id"), "name": "loss", "value": 0.1 },
            }),
            "ExperimentService_CreateExperiment" => json!({ "display_name": "new" }),
            "PipelineService_CreatePipeline" => json!({ "display_name": "new" }),
            "PipelineService_CreatePipelineAndVersion" => json!({
                "pipeline": { "display_name": "new" },
                "pipeline_version": { "display_name": "v", "package_url": url },
            }),
            "PipelineService_UpdatePipeline" | "PipelineService_UpdatePipelineVersion" => {
                json!({ "description": "new" })
            }
            "PipelineService_CreatePipelineVersion" => json!({
                "pipeline_id": id("pipeline_id"), "display_name": "new", "package_url": url,
            }),
            "RecurringRunService_CreateRecurringRun" => self.recurring_run(),
            "ReportService_ReportWorkflow" | "ReportService_ReportScheduledWorkflow" => {
                json!(workflow.to_string())
            }
            "RunService_CreateRun" => json!({ "display_name": "r", "pipeline_spec": *PIPELINE }),
            "create_task" | "update_task" => json!({ "display_name": "renamed" }),
            "batch_update_tasks" => json!({ "tasks": {
                self.text("task_id"): { "display_name": "renamed" },
            } }),
            "find_cached_task" => json!({ "cache_fingerprint": "f" }),
            "VisualizationService_CreateVisualizationV1" => json!({ "source": "s3://data" }),
            "create_metadata_self_metadata_post" => json!({ "data": {} }),
            "create_member_members_post" => json!({ "team_id": 1, "user_id": 1, "role": "admin" }),
            _ => return None,
        })
    }
}
