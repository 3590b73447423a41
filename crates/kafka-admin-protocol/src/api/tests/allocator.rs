//! Counts what one thread allocates, in the test binary only.

#![allow(unsafe_code, reason = "an allocator is unsafe by its trait; this one passes everything on to the system's")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static NOW: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(bytes: isize) {
    // A thread that ends may free after its cells are gone.
    let _ = NOW.try_with(|now| {
        now.set(now.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(now.get())));
    });
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller's promise is the system allocator's condition.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: the caller's promise is the system allocator's condition.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// The most bytes that this thread held at a time while it did `work`, beyond those that it held before.
pub(super) fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.get();
    PEAK.set(before);
    let value = work();
    (value, (PEAK.get() - before).max(0).cast_unsigned())
}

#[test]
fn the_peak_counts_what_was_freed_again() {
    let (length, bytes) = peak(|| vec![0u8; 5000].len() + Vec::<u8>::with_capacity(100).len());
    assert_eq!((length, bytes), (5000, 5100));
    assert_eq!(peak(|| ()).1, 0);
}
