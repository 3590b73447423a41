// Values of JMX's open types, from plain Java objects.

package lab;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Date;
import java.util.Map;
import java.util.TreeMap;
import javax.management.openmbean.CompositeData;
import javax.management.openmbean.CompositeDataSupport;
import javax.management.openmbean.CompositeType;
import javax.management.openmbean.OpenDataException;
import javax.management.openmbean.OpenType;
import javax.management.openmbean.SimpleType;
import javax.management.openmbean.TabularData;
import javax.management.openmbean.TabularDataSupport;
import javax.management.openmbean.TabularType;

final class Open {
    private static final Map<Class<?>, SimpleType<?>> SIMPLE = Map.of(Long.class, SimpleType.LONG, Integer.class,
            SimpleType.INTEGER, Double.class, SimpleType.DOUBLE, Float.class, SimpleType.FLOAT, Boolean.class,
            SimpleType.BOOLEAN, String.class, SimpleType.STRING, Date.class, SimpleType.DATE, BigInteger.class,
            SimpleType.BIGINTEGER, BigDecimal.class, SimpleType.BIGDECIMAL);

    private Open() {}

    /** CompositeData of alternating names and values. */
    static CompositeData row(String name, Object... items) throws OpenDataException {
        Map<String, Object> values = new TreeMap<>();
        for (int at = 0; at < items.length; at += 2) {
            values.put((String) items[at], items[at + 1]);
        }
        String[] names = values.keySet().toArray(new String[0]);
        OpenType<?>[] types = values.values().stream().map(Open::type).toArray(OpenType<?>[]::new);
        return new CompositeDataSupport(new CompositeType(name, "a " + name, names, names, types), values);
    }

    /** TabularData of rows of one type. Without rows it has a column {@code key} and a column {@code value}. */
    static TabularData table(String name, String[] index, CompositeData... rows) throws OpenDataException {
        CompositeType type = (rows.length > 0 ? rows[0] : row("R", "key", "", "value", 0L)).getCompositeType();
        TabularData table = new TabularDataSupport(new TabularType(name, "a " + name, type, index));
        table.putAll(rows);
        return table;
    }

    private static OpenType<?> type(Object value) {
        if (value instanceof CompositeData) {
            return ((CompositeData) value).getCompositeType();
        }
        if (value instanceof TabularData) {
            return ((TabularData) value).getTabularType();
        }
        return SIMPLE.get(value.getClass());
    }
}
