// A member of a group of a kind that only Kafka's own clients can be in: a share group or a streams group.

package lab;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;

/** Reads so many records from the start, says so, and stays a member until it is told to end. */
public final class GroupMember {
    private GroupMember() {}

    /**
     * Arguments: kind, brokers, group, client, topics (a,b), how many records to read, and the offset below which
     * records are given back.
     */
    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", arguments[1]);
        properties.put("client.id", arguments[3]);
        List<String> topics = Arrays.asList(arguments[4].split(","));
        int records = Integer.parseInt(arguments[5]);
        switch (arguments[0]) {
            case "share" -> share(properties, arguments[2], topics, records, Long.parseLong(arguments[6]));
            case "streams" -> streams(properties, arguments[2], topics, records);
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void share(Properties properties, String group, List<String> topics, int records, long below)
            throws Exception {
        try (Admin admin = Admin.create(properties)) {
            AlterConfigOp earliest =
                    new AlterConfigOp(
                            new ConfigEntry("share.auto.offset.reset", "earliest"), AlterConfigOp.OpType.SET);
            ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
            admin.incrementalAlterConfigs(Map.of(resource, List.of(earliest))).all().get();
        }
        properties.put("group.id", group);
        properties.put("share.acknowledgement.mode", "explicit");
        // It does not poll any more when it has its records.
        properties.put("max.poll.interval.ms", Integer.MAX_VALUE);
        ByteArrayDeserializer bytes = new ByteArrayDeserializer();
        try (KafkaShareConsumer<byte[], byte[]> consumer = new KafkaShareConsumer<>(properties, bytes, bytes)) {
            consumer.subscribe(topics);
            Set<String> seen = new HashSet<>();
            while (seen.size() < records) {
                int before = seen.size();
                ConsumerRecords<byte[], byte[]> polled = consumer.poll(Duration.ofMillis(200));
                for (ConsumerRecord<byte[], byte[]> read : polled) {
                    consumer.acknowledge(
                            read, read.offset() < below ? AcknowledgeType.RELEASE : AcknowledgeType.ACCEPT);
                    seen.add(read.topic() + " " + read.partition() + " " + read.offset());
                }
                // At once: what is left for the next poll to send waits for ever if that is the last one.
                for (Optional<KafkaException> failure : consumer.commitSync().values()) {
                    if (failure.isPresent()) {
                        throw failure.get();
                    }
                }
                if (!polled.isEmpty() && seen.size() == before) {
                    // Only what was given back, which Kafka delivers five times in all.
                    Thread.sleep(2000);
                }
            }
            stay();
        }
    }

    private static void streams(Properties properties, String group, List<String> topics, int records) {
        properties.put("application.id", group);
        properties.put("group.protocol", "streams");
        properties.put("commit.interval.ms", "100");
        properties.put("state.dir", "state");
        properties.put("default.key.serde", Serdes.ByteArraySerde.class);
        properties.put("default.value.serde", Serdes.ByteArraySerde.class);
        AtomicInteger seen = new AtomicInteger();
        StreamsBuilder builder = new StreamsBuilder();
        // Each by itself: of topics read together it would want as many partitions as the largest has.
        for (String topic : topics) {
            builder.<byte[], byte[]>stream(topic).foreach((key, value) -> seen.incrementAndGet());
        }
        try (KafkaStreams streams = new KafkaStreams(builder.build(), properties)) {
            streams.start();
            while (seen.get() < records) {
                pause();
            }
            stay();
        }
    }

    /** Until a signal ends this JVM, which then waits for the group to be left. */
    private static void stay() {
        Thread member = Thread.currentThread();
        Thread leave =
                new Thread(
                        () -> {
                            member.interrupt();
                            try {
                                member.join();
                            } catch (InterruptedException ended) {
                                Thread.currentThread().interrupt();
                            }
                        });
        Runtime.getRuntime().addShutdownHook(leave);
        System.out.println("read all");
        while (!Thread.interrupted()) {
            pause();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }
}
