//! JVM and process metrics of a node, under the names of both generations of jmx_exporter: those of its 0.x agents
//! (`jvm_memory_bytes_used`) and of its 1.x agents (`jvm_memory_used_bytes`); most names are common to both.

use super::Metric;
use crate::metrics::MetricType;

const MEMORY: &str = "java.lang:type=Memory HeapMemoryUsage, NonHeapMemoryUsage";
const POOL: &str = "java.lang:type=MemoryPool,name=* Usage";
const COLLECTION: &str = "java.lang:type=MemoryPool,name=* CollectionUsage";
const BUFFER: &str = "java.nio:type=BufferPool,name=*";
const CLASSES: &str = "java.lang:type=ClassLoading";
const THREADS: &str = "java.lang:type=Threading";
const SYSTEM: &str = "java.lang:type=OperatingSystem";

const fn gauge(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
    source: &'static str,
) -> Metric {
    Metric { name, kind: MetricType::Gauge, labels, help, source }
}

const fn counter(name: &'static str, help: &'static str, source: &'static str) -> Metric {
    Metric { name, kind: MetricType::Counter, labels: &[], help, source }
}

const USED: &str = "Bytes in use.";
const COMMITTED: &str = "Bytes that the operating system has given to the JVM for it.";
const MAX: &str = "Largest size in bytes; -1 when there is no limit.";
const INIT: &str = "Size in bytes at the start of the JVM.";

/// Memory by area, names of the 0.x agents; items used, committed, max, init.
pub const MEMORY_OLD: [Metric; 4] = [
    gauge("jvm_memory_bytes_used", &["area"], USED, MEMORY),
    gauge("jvm_memory_bytes_committed", &["area"], COMMITTED, MEMORY),
    gauge("jvm_memory_bytes_max", &["area"], MAX, MEMORY),
    gauge("jvm_memory_bytes_init", &["area"], INIT, MEMORY),
];
/// Memory by area, names of the 1.x agents; items as before.
pub const MEMORY_NEW: [Metric; 4] = [
    gauge("jvm_memory_used_bytes", &["area"], USED, MEMORY),
    gauge("jvm_memory_committed_bytes", &["area"], COMMITTED, MEMORY),
    gauge("jvm_memory_max_bytes", &["area"], MAX, MEMORY),
    gauge("jvm_memory_init_bytes", &["area"], INIT, MEMORY),
];
/// Memory by pool, names of the 0.x agents; items as before.
pub const POOL_OLD: [Metric; 4] = [
    gauge("jvm_memory_pool_bytes_used", &["pool"], USED, POOL),
    gauge("jvm_memory_pool_bytes_committed", &["pool"], COMMITTED, POOL),
    gauge("jvm_memory_pool_bytes_max", &["pool"], MAX, POOL),
    gauge("jvm_memory_pool_bytes_init", &["pool"], INIT, POOL),
];
/// Memory by pool, names of the 1.x agents; items as before.
pub const POOL_NEW: [Metric; 4] = [
    gauge("jvm_memory_pool_used_bytes", &["pool"], USED, POOL),
    gauge("jvm_memory_pool_committed_bytes", &["pool"], COMMITTED, POOL),
    gauge("jvm_memory_pool_max_bytes", &["pool"], MAX, POOL),
    gauge("jvm_memory_pool_init_bytes", &["pool"], INIT, POOL),
];
/// Memory by pool after the last collection, absent for pools that are not collected; items as before.
pub const POOL_COLLECTION: [Metric; 4] = [
    gauge("jvm_memory_pool_collection_used_bytes", &["pool"], "Bytes in use after the last collection.", COLLECTION),
    gauge(
        "jvm_memory_pool_collection_committed_bytes",
        &["pool"],
        "Bytes committed after the last collection.",
        COLLECTION,
    ),
    gauge(
        "jvm_memory_pool_collection_max_bytes",
        &["pool"],
        "Largest size in bytes after the last collection; -1 without limit.",
        COLLECTION,
    ),
    gauge("jvm_memory_pool_collection_init_bytes", &["pool"], INIT, COLLECTION),
];
/// Buffer pools; attributes MemoryUsed, TotalCapacity, Count.
pub const BUFFER_POOL: [Metric; 3] = [
    gauge("jvm_buffer_pool_used_bytes", &["pool"], "Bytes in use by the buffers.", BUFFER),
    gauge("jvm_buffer_pool_capacity_bytes", &["pool"], "Capacity of the buffers in bytes.", BUFFER),
    gauge("jvm_buffer_pool_used_buffers", &["pool"], "Buffers in the pool.", BUFFER),
];
/// Objects waiting for their finalizer.
pub const PENDING_FINALIZATION: Metric = gauge(
    "jvm_memory_objects_pending_finalization",
    &[],
    "Objects that wait for their finalizer.",
    "java.lang:type=Memory ObjectPendingFinalizationCount",
);
/// Garbage collections.
pub const GC: Metric = Metric {
    name: "jvm_gc_collection_seconds",
    kind: MetricType::Summary,
    labels: &["gc"],
    help: "Garbage collections since the JVM's start: their number and the seconds spent in them.",
    source: "java.lang:type=GarbageCollector,name=* CollectionCount, CollectionTime",
};
/// Classes loaded now.
pub const CLASSES_CURRENT: Metric =
    gauge("jvm_classes_currently_loaded", &[], "Classes loaded now.", "java.lang:type=ClassLoading LoadedClassCount");
/// Classes ever loaded.
pub const CLASSES_LOADED: Metric =
    counter("jvm_classes_loaded_total", "Classes loaded since the JVM's start.", CLASSES);
/// Classes unloaded.
pub const CLASSES_UNLOADED: Metric =
    counter("jvm_classes_unloaded_total", "Classes unloaded since the JVM's start.", CLASSES);
/// Just-in-time compilation.
pub const COMPILATION: Metric = counter(
    "jvm_compilation_time_seconds_total",
    "Seconds spent in compilation since the JVM's start.",
    "java.lang:type=Compilation TotalCompilationTime",
);
/// Live threads.
pub const THREADS_CURRENT: Metric = gauge("jvm_threads_current", &[], "Live threads.", THREADS);
/// Daemon threads.
pub const THREADS_DAEMON: Metric = gauge("jvm_threads_daemon", &[], "Live daemon threads.", THREADS);
/// Peak of live threads.
pub const THREADS_PEAK: Metric =
    gauge("jvm_threads_peak", &[], "Most live threads at a time since the JVM's start.", THREADS);
/// Threads started.
pub const THREADS_STARTED: Metric =
    counter("jvm_threads_started_total", "Threads started since the JVM's start.", THREADS);
/// CPU time.
pub const CPU: Metric = counter("process_cpu_seconds_total", "CPU seconds used by the JVM's process.", SYSTEM);
/// Start time.
pub const START_TIME: Metric = gauge(
    "process_start_time_seconds",
    &[],
    "Start of the JVM in seconds since the epoch.",
    "java.lang:type=Runtime StartTime",
);
/// Open files.
pub const OPEN_FDS: Metric = gauge("process_open_fds", &[], "Open file descriptors of the JVM's process.", SYSTEM);
/// Open files allowed.
pub const MAX_FDS: Metric = gauge("process_max_fds", &[], "File descriptors that the JVM's process may open.", SYSTEM);
/// Virtual memory.
pub const VIRTUAL_MEMORY: Metric = gauge(
    "process_virtual_memory_bytes",
    &[],
    "Virtual memory of the JVM's process in bytes.",
    "java.lang:type=OperatingSystem CommittedVirtualMemorySize",
);
/// The runtime's version, name of the 0.x agents.
pub const INFO_OLD: Metric = gauge("jvm_info", &["runtime", "vendor", "version"], "The Java runtime; always 1.", INFO);
/// The runtime's version, name of the 1.x agents.
pub const INFO_NEW: Metric =
    gauge("jvm_runtime_info", &["runtime", "vendor", "version"], "The Java runtime; always 1.", INFO);
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
