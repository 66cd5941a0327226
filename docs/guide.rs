//! Compiles and runs the examples of the README and of the guide: rustdoc takes them for examples of
//! these modules. A test checks that no page is missing here.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
#[cfg(doctest)]
#[doc = include_str!("errors-and-retries.md")]
mod errors_and_retries {}
#[cfg(doctest)]
#[doc = include_str!("from-python.md")]
mod from_python {}
#[cfg(doctest)]
#[doc = include_str!("generate-a-client.md")]
mod generate_a_client {}
#[cfg(doctest)]
#[doc = include_str!("kubeflow-pipelines.md")]
mod kubeflow_pipelines {}
#[cfg(doctest)]
#[doc = include_str!("lists-and-waiting.md")]
mod lists_and_waiting {}
#[cfg(doctest)]
#[doc = include_str!("quantum-inspire.md")]
mod quantum_inspire {}
#[cfg(doctest)]
#[doc = include_str!("testing.md")]
mod testing {}
