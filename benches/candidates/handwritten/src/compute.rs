//! A page of jobs of Quantum Inspire Compute.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PageJob {
    pub items: Vec<Job>,
    pub total: i64,
    pub page: i64,
    pub size: i64,
    pub pages: i64,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Job {
    pub id: i64,
    pub created_on: DateTime<Utc>,
    pub file_id: i64,
    pub algorithm_type: AlgorithmType,
    pub status: JobStatus,
    pub batch_job_id: i64,
    pub queued_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub number_of_shots: Option<i64>,
    pub raw_data_enabled: bool,
    pub session_id: String,
    pub trace_id: String,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AlgorithmType {
    Hybrid,
    Quantum,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    Planned,
    Running,
    Completed,
    Cancelled,
    Failed,
}
