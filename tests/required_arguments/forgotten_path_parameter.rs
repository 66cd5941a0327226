fn call(kfp: &compute_kfp::kfp::Client) {
    drop(kfp.get_run());
}

fn main() {}
