// SPDX-License-Identifier: MIT
//! Compiles the library in C, without a crate for it.

use std::{env, process::Command};

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().expect(program);
    assert!(status.success(), "{program} {arguments:?}: {status}");
}

fn main() {
    let folder = env::var("OUT_DIR").unwrap();
    let (object, archive) = (format!("{folder}/store.o"), format!("{folder}/libstore.a"));
    run("cc", &["-g", "-fPIC", "-pthread", "-c", "../store/store.c", "-o", &object]);
    run("ar", &["rcs", &archive, &object]);
    println!("cargo:rustc-link-search=native={folder}");
    println!("cargo:rustc-link-lib=static=store");
    println!("cargo:rerun-if-changed=../store/store.c");
}
