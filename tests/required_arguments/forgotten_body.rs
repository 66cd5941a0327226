fn call(compute: &compute_kfp::compute::Client) {
    drop(compute.update_job_status(7));
}

fn main() {}
