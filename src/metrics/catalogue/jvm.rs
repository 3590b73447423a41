//! JVM and process metrics of a node, under the names of both generations of jmx_exporter: those of its 0.x agents
//! (`jvm_memory_bytes_used`) and of its 1.x agents (`jvm_memory_used_bytes`); most names are common to both.

use super::{Metric, SINCE_0_1_0};
use crate::metrics::MetricType;

const MEMORY: &str = "java.lang:type=Memory HeapMemoryUsage, NonHeapMemoryUsage";
const POOL: &str = "java.lang:type=MemoryPool,name=* Usage";
const COLLECTION: &str = "java.lang:type=MemoryPool,name=* CollectionUsage";
const BUFFER: &str = "java.nio:type=BufferPool,name=*";
const CLASSES: &str = "java.lang:type=ClassLoading";
const THREADS: &str = "java.lang:type=Threading";
const SYSTEM: &str = "java.lang:type=OperatingSystem";

/// A gauge of the JVM as a whole, or of its parts: so many series.
const fn gauge(
    name: &'static str,
    unit: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
    source: &'static str,
    series: &'static str,
) -> Metric {
    Metric { name, kind: MetricType::Gauge, unit, labels, help, source, series, ..SINCE_0_1_0 }
}

const fn counter(name: &'static str, unit: &'static str, help: &'static str, source: &'static str) -> Metric {
    Metric { name, kind: MetricType::Counter, unit, labels: &[], help, source, series: "N", ..SINCE_0_1_0 }
}

/// Bytes by area: heap and nonheap.
const fn area(name: &'static str, help: &'static str) -> Metric {
    gauge(name, "bytes", &["area"], help, MEMORY, "2 N")
}

/// Bytes by memory pool.
const fn pool(name: &'static str, help: &'static str) -> Metric {
    gauge(name, "bytes", &["pool"], help, POOL, "M")
}

/// Bytes by memory pool after a collection.
const fn collected(name: &'static str, help: &'static str) -> Metric {
    gauge(name, "bytes", &["pool"], help, COLLECTION, "≤ M")
}

/// By buffer pool.
const fn buffers(name: &'static str, unit: &'static str, help: &'static str) -> Metric {
    gauge(name, unit, &["pool"], help, BUFFER, "≤ 3 N")
}

/// A gauge of the JVM as a whole.
const fn whole(name: &'static str, unit: &'static str, help: &'static str, source: &'static str) -> Metric {
    gauge(name, unit, &[], help, source, "N")
}

const USED: &str = "Bytes in use.";
const COMMITTED: &str = "Bytes that the operating system has given to the JVM for it.";
const MAX: &str = "Largest size in bytes; -1 when there is no limit.";
const INIT: &str = "Size in bytes at the start of the JVM.";

/// Memory by area, names of the 0.x agents; items used, committed, max, init.
pub const MEMORY_OLD: [Metric; 4] = [
    area("jvm_memory_bytes_used", USED),
    area("jvm_memory_bytes_committed", COMMITTED),
    area("jvm_memory_bytes_max", MAX),
    area("jvm_memory_bytes_init", INIT),
];
/// Memory by area, names of the 1.x agents; items as before.
pub const MEMORY_NEW: [Metric; 4] = [
    area("jvm_memory_used_bytes", USED),
    area("jvm_memory_committed_bytes", COMMITTED),
    area("jvm_memory_max_bytes", MAX),
    area("jvm_memory_init_bytes", INIT),
];
/// Memory by pool, names of the 0.x agents; items as before.
pub const POOL_OLD: [Metric; 4] = [
    pool("jvm_memory_pool_bytes_used", USED),
    pool("jvm_memory_pool_bytes_committed", COMMITTED),
    pool("jvm_memory_pool_bytes_max", MAX),
    pool("jvm_memory_pool_bytes_init", INIT),
];
/// Memory by pool, names of the 1.x agents; items as before.
pub const POOL_NEW: [Metric; 4] = [
    pool("jvm_memory_pool_used_bytes", USED),
    pool("jvm_memory_pool_committed_bytes", COMMITTED),
    pool("jvm_memory_pool_max_bytes", MAX),
    pool("jvm_memory_pool_init_bytes", INIT),
];
/// Memory by pool after the last collection, absent for pools that are not collected; items as before.
pub const POOL_COLLECTION: [Metric; 4] = [
    collected("jvm_memory_pool_collection_used_bytes", "Bytes in use after the last collection."),
    collected("jvm_memory_pool_collection_committed_bytes", "Bytes committed after the last collection."),
    collected(
        "jvm_memory_pool_collection_max_bytes",
        "Largest size in bytes after the last collection; -1 without limit.",
    ),
    collected("jvm_memory_pool_collection_init_bytes", INIT),
];
/// Buffer pools; attributes MemoryUsed, TotalCapacity, Count.
pub const BUFFER_POOL: [Metric; 3] = [
    buffers("jvm_buffer_pool_used_bytes", "bytes", "Bytes in use by the buffers."),
    buffers("jvm_buffer_pool_capacity_bytes", "bytes", "Capacity of the buffers in bytes."),
    buffers("jvm_buffer_pool_used_buffers", "buffers", "Buffers in the pool."),
];
/// Objects waiting for their finalizer.
pub const PENDING_FINALIZATION: Metric = whole(
    "jvm_memory_objects_pending_finalization",
    "objects",
    "Objects that wait for their finalizer.",
    "java.lang:type=Memory ObjectPendingFinalizationCount",
);
/// Garbage collections.
pub const GC: Metric = Metric {
    name: "jvm_gc_collection_seconds",
    kind: MetricType::Summary,
    unit: "seconds",
    labels: &["gc"],
    help: "Garbage collections since the JVM's start: their number and the seconds spent in them.",
    source: "java.lang:type=GarbageCollector,name=* CollectionCount, CollectionTime",
    // Of each collector a count and a sum; G1 has two, from JDK 20 on three.
    series: "≤ 6 N",
    ..SINCE_0_1_0
};
/// Classes loaded now.
pub const CLASSES_CURRENT: Metric = whole(
    "jvm_classes_currently_loaded",
    "classes",
    "Classes loaded now.",
    "java.lang:type=ClassLoading LoadedClassCount",
);
/// Classes ever loaded.
pub const CLASSES_LOADED: Metric =
    counter("jvm_classes_loaded_total", "classes", "Classes loaded since the JVM's start.", CLASSES);
/// Classes unloaded.
pub const CLASSES_UNLOADED: Metric =
    counter("jvm_classes_unloaded_total", "classes", "Classes unloaded since the JVM's start.", CLASSES);
/// Just-in-time compilation.
pub const COMPILATION: Metric = counter(
    "jvm_compilation_time_seconds_total",
    "seconds",
    "Seconds spent in compilation since the JVM's start.",
    "java.lang:type=Compilation TotalCompilationTime",
);
/// Live threads.
pub const THREADS_CURRENT: Metric = whole("jvm_threads_current", "threads", "Live threads.", THREADS);
/// Daemon threads.
pub const THREADS_DAEMON: Metric = whole("jvm_threads_daemon", "threads", "Live daemon threads.", THREADS);
/// Peak of live threads.
pub const THREADS_PEAK: Metric =
    whole("jvm_threads_peak", "threads", "Most live threads at a time since the JVM's start.", THREADS);
/// Threads started.
pub const THREADS_STARTED: Metric =
    counter("jvm_threads_started_total", "threads", "Threads started since the JVM's start.", THREADS);
/// CPU time.
pub const CPU: Metric =
    counter("process_cpu_seconds_total", "seconds", "CPU seconds used by the JVM's process.", SYSTEM);
/// Start time.
pub const START_TIME: Metric = whole(
    "process_start_time_seconds",
    "seconds since the epoch",
    "Start of the JVM in seconds since the epoch.",
    "java.lang:type=Runtime StartTime",
);
/// Open files.
pub const OPEN_FDS: Metric = whole("process_open_fds", "files", "Open file descriptors of the JVM's process.", SYSTEM);
/// Open files allowed.
pub const MAX_FDS: Metric =
    whole("process_max_fds", "files", "File descriptors that the JVM's process may open.", SYSTEM);
/// Virtual memory.
pub const VIRTUAL_MEMORY: Metric = whole(
    "process_virtual_memory_bytes",
    "bytes",
    "Virtual memory of the JVM's process in bytes.",
    "java.lang:type=OperatingSystem CommittedVirtualMemorySize",
);
/// The runtime's version, name of the 0.x agents.
pub const INFO_OLD: Metric =
    gauge("jvm_info", "1", &["runtime", "vendor", "version"], "The Java runtime; always 1.", INFO, "N");
/// The runtime's version, name of the 1.x agents.
pub const INFO_NEW: Metric =
    gauge("jvm_runtime_info", "1", &["runtime", "vendor", "version"], "The Java runtime; always 1.", INFO, "N");
const INFO: &str = "java.lang:type=Runtime SystemProperties";

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    const GROUPS: [&[Metric]; 7] = [
        &MEMORY_OLD,
        &MEMORY_NEW,
        &POOL_OLD,
        &POOL_NEW,
        &POOL_COLLECTION,
        &BUFFER_POOL,
        &[
            PENDING_FINALIZATION,
            GC,
            CLASSES_CURRENT,
            CLASSES_LOADED,
            CLASSES_UNLOADED,
            COMPILATION,
            THREADS_CURRENT,
            THREADS_DAEMON,
            THREADS_PEAK,
            THREADS_STARTED,
            CPU,
            START_TIME,
            OPEN_FDS,
            MAX_FDS,
            VIRTUAL_MEMORY,
            INFO_OLD,
            INFO_NEW,
        ],
    ];
    GROUPS.into_iter().flatten()
}
