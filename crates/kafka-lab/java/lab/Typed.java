// An MXBean: the JVM turns its attributes into open types.

package lab;

import java.beans.ConstructorProperties;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

final class Typed {
    private Typed() {}

    public interface BeanMXBean {
        Map<String, Long> getCounts();

        Map<Integer, Usage> getUsages();

        Map<String, Map<String, Double>> getMaps();

        Usage getUsage();

        List<Usage> getList();

        TimeUnit getUnit();

        Date getSince();

        Character getLetter();

        Long getNothing();
    }

    public static final class Usage {
        private final long used;
        private final float share;

        @ConstructorProperties({"used", "share"})
        public Usage(long used, float share) {
            this.used = used;
            this.share = share;
        }

        public long getUsed() {
            return used;
        }

        public float getShare() {
            return share;
        }
    }

    public static final class Bean implements BeanMXBean {
        @Override
        public Map<String, Long> getCounts() {
            return new TreeMap<>(Map.of("a", 1L, "b", 2L));
        }

        @Override
        public Map<Integer, Usage> getUsages() {
            return new TreeMap<>(Map.of(7, new Usage(3, 0.1f)));
        }

        @Override
        public Map<String, Map<String, Double>> getMaps() {
            return Map.of("outer", Map.of("inner", 0.5));
        }

        @Override
        public Usage getUsage() {
            return new Usage(4, 0.7f);
        }

        @Override
        public List<Usage> getList() {
            return List.of(new Usage(5, 0.2f));
        }

        @Override
        public TimeUnit getUnit() {
            return TimeUnit.MINUTES;
        }

        @Override
        public Date getSince() {
            return new Date(1_700_000_000_500L);
        }

        @Override
        public Character getLetter() {
            return 'm';
        }

        @Override
        public Long getNothing() {
            return null;
        }
    }
}
