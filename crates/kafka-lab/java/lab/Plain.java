// A standard MBean: its attributes declare Java's own classes.

package lab;

import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

final class Plain {
    private Plain() {}

    public interface BeanMBean {
        long getCount();

        float getRatio();

        boolean isUp();

        String getState();

        char getLetter();

        TimeUnit getUnit();

        Date getSince();

        Optional<Long> getMaybe();

        Map<String, Long> getMap();

        List<String> getList();

        AtomicLong getCounter();

        Object getAnything();

        long getBroken();
    }

    public static final class Bean implements BeanMBean {
        private final AtomicLong counter = new AtomicLong(48);

        @Override
        public long getCount() {
            return 1;
        }

        @Override
        public float getRatio() {
            return 0.1f;
        }

        @Override
        public boolean isUp() {
            return true;
        }

        @Override
        public String getState() {
            return "Running: yes";
        }

        @Override
        public char getLetter() {
            return 'c';
        }

        @Override
        public TimeUnit getUnit() {
            return TimeUnit.DAYS;
        }

        @Override
        public Date getSince() {
            return new Date(1_700_000_000_000L);
        }

        @Override
        public Optional<Long> getMaybe() {
            return Optional.of(2L);
        }

        @Override
        public Map<String, Long> getMap() {
            return new HashMap<>(Map.of("a", 3L));
        }

        @Override
        public List<String> getList() {
            return List.of("a");
        }

        @Override
        public AtomicLong getCounter() {
            return counter;
        }

        @Override
        public Object getAnything() {
            return 4L;
        }

        @Override
        public long getBroken() {
            throw new IllegalStateException("broken");
        }
    }
}
