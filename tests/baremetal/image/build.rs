//! Gives the linker our script, and the memory of the machine that QEMU runs the image on.

use std::{env, fs, path::Path};

fn main() {
    let variable = |name| env::var(name).expect("cargo sets it");
    let memory = if variable("CARGO_CFG_TARGET_ARCH") == "arm" {
        // lm3s6965evb
        "FLASH : ORIGIN = 0x00000000, LENGTH = 256K  RAM : ORIGIN = 0x20000000, LENGTH = 64K"
    } else {
        // virt; the stack above the code
        "FLASH : ORIGIN = 0x80000000, LENGTH = 256K  RAM : ORIGIN = 0x80040000, LENGTH = 64K"
    };
    let out = variable("OUT_DIR");
    fs::write(Path::new(&out).join("memory.x"), format!("MEMORY {{ {memory} }}\n"))
        .expect("OUT_DIR can be written to");
    let root = variable("CARGO_MANIFEST_DIR");
    println!("cargo:rerun-if-changed=image.x");
    println!("cargo:rustc-link-search={out}");
    println!("cargo:rustc-link-search={root}");
    println!("cargo:rustc-link-arg-bins=-Timage.x");
    println!("cargo:rustc-link-arg-bins=--nmagic");
}
