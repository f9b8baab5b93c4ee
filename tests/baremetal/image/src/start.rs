//! From reset to `run`, and out by semihosting: the image's only unsafe code.

// A Cortex-M loads both words at reset: the stack pointer and where to begin.
#[cfg(target_arch = "arm")]
core::arch::global_asm!(".section .start,\"a\"", ".word _stack_top", ".word _start");

#[cfg(target_arch = "riscv32")]
core::arch::global_asm!(
    ".section .start,\"ax\"",
    ".global _start",
    "_start:",
    "la sp, _stack_top",
    "j begin"
);

// SAFETY: nothing else has this name; the reset jumps here, once, with a stack.
#[cfg_attr(target_arch = "arm", unsafe(export_name = "_start"))]
#[cfg_attr(target_arch = "riscv32", unsafe(export_name = "begin"))]
extern "C" fn begin() -> ! {
    semihosting::process::exit(crate::run())
}

/// What the check has to find: an index that no compiler can know.
#[cfg(feature = "panics")]
#[inline(never)]
pub fn panic_on_purpose() {
    let bytes = core::hint::black_box([0u8; 4]);
    core::hint::black_box(bytes[core::hint::black_box(3)]);
}

/// For the image that does hold panicking code, so that a test can see that it finds it.
#[cfg(feature = "links-anyway")]
#[panic_handler]
fn panicked(_: &core::panic::PanicInfo<'_>) -> ! {
    semihosting::process::exit(101)
}
