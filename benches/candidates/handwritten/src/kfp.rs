//! A page of runs of Kubeflow Pipelines, and all that is in it.

#![allow(
    clippy::enum_variant_names,
    reason = "the states are named as in the API"
)]

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::int64_text;
use crate::int64_text::list as int64_texts;

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ListRunsResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs: Option<Vec<Run>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_size: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Run {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experiment_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_state: Option<RunStorageState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline_version_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline_spec: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline_version_reference: Option<PipelineVersionReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_config: Option<RuntimeConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<RuntimeState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<GoogleRpcStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_details: Option<RunDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recurring_run_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_history: Option<Vec<RuntimeStatus>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugins_input: Option<BTreeMap<String, Map<String, Value>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugins_output: Option<BTreeMap<String, PluginOutput>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline_reference: Option<PipelineVersionReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_count: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks: Option<Vec<PipelineTask>>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunStorageState {
    StorageStateUnspecified,
    Available,
    Archived,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PipelineVersionReference {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline_version_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RuntimeConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline_root: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RuntimeState {
    RuntimeStateUnspecified,
    Pending,
    Running,
    Succeeded,
    Skipped,
    Failed,
    Canceling,
    Canceled,
    Paused,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct GoogleRpcStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Vec<ProtobufAny>>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RunDetails {
    #[serde(default, with = "int64_text", skip_serializing_if = "Option::is_none")]
    pub pipeline_context_id: Option<i64>,
    #[serde(default, with = "int64_text", skip_serializing_if = "Option::is_none")]
    pub pipeline_run_context_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_details: Option<Vec<PipelineTaskDetail>>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RuntimeStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_time: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<RuntimeState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<GoogleRpcStatus>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PluginOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<BTreeMap<String, MetadataValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<PluginState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_message: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PipelineTask {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods: Option<Vec<PipelineTaskTaskPod>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_time: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<PipelineTaskTaskState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_metadata: Option<PipelineTaskStatusMetadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_history: Option<Vec<PipelineTaskTaskStatus>>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<PipelineTaskTaskType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_attributes: Option<PipelineTaskTypeAttributes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_task_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child_tasks: Option<Vec<PipelineTaskChildTask>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<PipelineTaskInputOutputs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outputs: Option<PipelineTaskInputOutputs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope_path: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ProtobufAny {
    #[serde(rename = "@type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_url: Option<String>,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PipelineTaskDetail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_time: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executor_detail: Option<PipelineTaskExecutorDetail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<RuntimeState>,
    #[serde(default, with = "int64_text", skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<GoogleRpcStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<BTreeMap<String, ArtifactList>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outputs: Option<BTreeMap<String, ArtifactList>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_task_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_history: Option<Vec<RuntimeStatus>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child_tasks: Option<Vec<PipelineTaskDetailChildTask>>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct MetadataValue {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub render_type: Option<MetadataValueRenderType>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PluginState {
    PluginStateUnspecified,
    PluginRunning,
    PluginSucceeded,
    PluginFailed,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PipelineTaskTaskPod {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<PipelineTaskTaskPodType>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PipelineTaskTaskState {
    RuntimeStateUnspecified,
    Running,
    Succeeded,
    Skipped,
    Failed,
    Cached,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PipelineTaskStatusMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_properties: Option<Map<String, Value>>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PipelineTaskTaskStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_time: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<PipelineTaskTaskState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<GoogleRpcStatus>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PipelineTaskTaskType {
    TaskTypeUnspecified,
    Root,
    Runtime,
    ConditionBranch,
    Condition,
    Loop,
    ExitHandler,
    Importer,
    Dag,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PipelineTaskTypeAttributes {
    #[serde(default, with = "int64_text", skip_serializing_if = "Option::is_none")]
    pub iteration_index: Option<i64>,
    #[serde(default, with = "int64_text", skip_serializing_if = "Option::is_none")]
    pub iteration_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download_to_workspace: Option<bool>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PipelineTaskChildTask {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PipelineTaskInputOutputs {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Vec<InputOutputsIoParameter>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifacts: Option<Vec<InputOutputsIoArtifact>>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PipelineTaskExecutorDetail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main_job: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_caching_check_job: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_main_jobs: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_pre_caching_check_jobs: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ArtifactList {
    #[serde(default, with = "int64_texts", skip_serializing_if = "Option::is_none")]
    pub artifact_ids: Option<Vec<i64>>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PipelineTaskDetailChildTask {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_name: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MetadataValueRenderType {
    Unspecified,
    Url,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PipelineTaskTaskPodType {
    Unspecified,
    Driver,
    Executor,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct InputOutputsIoParameter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<IoType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub producer: Option<IoProducer>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct InputOutputsIoArtifact {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifacts: Option<Vec<Artifact>>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<IoType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub producer: Option<IoProducer>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IoType {
    Unspecified,
    ComponentDefaultInput,
    TaskOutputInput,
    ComponentInput,
    RuntimeValueInput,
    CollectedInputs,
    IteratorInput,
    IteratorInputRaw,
    IteratorOutput,
    Output,
    OneOfOutput,
    TaskFinalStatusOutput,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct IoProducer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_name: Option<String>,
    #[serde(default, with = "int64_text", skip_serializing_if = "Option::is_none")]
    pub iteration: Option<i64>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Artifact {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<ArtifactArtifactType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub enum ArtifactArtifactType {
    Artifact,
    Model,
    Dataset,
    #[serde(rename = "HTML")]
    Html,
    Markdown,
    #[serde(rename = "TYPE_UNSPECIFIED")]
    TypeUnspecified,
    Metric,
    ClassificationMetric,
    SlicedClassificationMetric,
}
