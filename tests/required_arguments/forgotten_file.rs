fn call(kfp: &compute_kfp::kfp::Client) {
    drop(kfp.upload_pipeline());
}

fn main() {}
