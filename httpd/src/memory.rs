//! What becomes of memory that is not needed any more.
//!
//! With `contract::map` one of the two places in Coax where `unsafe` is allowed.

/// Lets blocks of memory go back to the system as soon as they are freed, if they are large. To be called once, before there
/// are threads.
///
/// What is freed is kept by glibc otherwise: whenever a block is freed that it had of the system by itself, it takes blocks
/// of that size for usual ones, and keeps up to twice as much for each thread. A password that is hashed once, in 19 MB, is
/// enough for that (mallopt(3): "dynamic mmap threshold"). Other allocators are left as they are.
pub fn return_memory() {
    #[cfg(target_env = "gnu")]
    {
        /// A block of as many bytes is had of the system by itself: lists that are compressed, passwords that are hashed.
        const LARGE: i32 = 256 * 1024;
        /// As much is kept at the end of a heap, for pieces of answers.
        const KEPT: i32 = 1024 * 1024;
        // SAFETY: mallopt takes two numbers, touches nothing but the allocator's own settings, and may be called whenever
        // no other thread allocates. It knows both of these; had it refused one, that would be as without the call.
        #[allow(unsafe_code)]
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
            libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
        }
    }
}
