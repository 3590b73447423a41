// A Java agent that registers MBeans of every shape that JMX allows and Kafka does not have. All values stand still.

package lab;

import java.lang.instrument.Instrumentation;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;
import javax.management.openmbean.CompositeDataSupport;
import javax.management.openmbean.CompositeType;
import javax.management.openmbean.OpenType;
import javax.management.openmbean.TabularData;

/** Registers the beans. */
public final class HandMadeBeans {
    private static final MBeanServer SERVER = ManagementFactory.getPlatformMBeanServer();

    private HandMadeBeans() {}

    /** Runs in the JVM before its main method. */
    public static void premain(String options, Instrumentation instrumentation) throws Exception {
        names();
        numbers();
        objects();
        strings();
        composites();
        tables();
        failures();
        like("kafka.lab");
        like("lab.sensors");
        like("kafka.server");
        register("lab:type=Standard", new Plain.Bean());
        register("lab:type=MX", new Typed.Bean());
    }

    private static void register(String name, Object bean) throws Exception {
        SERVER.registerMBean(bean, new ObjectName(name));
    }

    private static Attributes one() {
        return new Attributes().with("Value", "long", 1L);
    }

    private static void names() throws Exception {
        register("lab:zz=1,aa=2,type=Order", one());
        register("lab:type=Order,zz=1,aa=3", one());
        register("9lab:type=a,name=b", one());
        register("lab.dom-ain:type=9digit,name=x y/z", one());
        register("lab:type=Quoted,name=" + ObjectName.quote("CN=foo,OU=x"), one());
        register("lab:type=Quoted,name=" + ObjectName.quote("star*mark?\"back\\slash\nline"), one());
        register("lab:type=" + ObjectName.quote("a,b=c:d"), one());
        register("lab:type=Unicode,name=grün 日本 \uD83D\uDE00", one());
        register("läb:type=Unicode,nämé=é", one());
        register("lab:type=Empty,name=", one());
        register("lab:type=Colon,name=" + ObjectName.quote("left: right"), one());
        register("lab:type=Slash!,name=a/b!c\\d", one());
        register("lab:type=Broker,broker=7,instance=i,__name__=n", one());
        register("lab:type=Attributes",
                new Attributes().with("with space", "long", 1L).with("dotted.name", "long", 2L)
                        .with("grün", "long", 3L).with("value", "long", 4L).with("99th", "long", 5L)
                        .with("a__b", "long", 6L).with("slash/bang!", "long", 7L).with("HTTPStatusCode", "long", 8L)
                        .with("colon: x", "long", 9L));
    }

    private static void numbers() throws Exception {
        for (String domain : new String[] {"lab", "kafka.lab"}) {
            Attributes bean = new Attributes();
            for (String type : new String[] {"double", "java.lang.Double", "java.lang.Object", "java.lang.Number"}) {
                String name = type.substring(type.lastIndexOf('.') + 1);
                bean.with("Nan_" + name, type, Double.NaN);
                bean.with("Infinity_" + name, type, Double.POSITIVE_INFINITY);
                bean.with("MinusInfinity_" + name, type, Double.NEGATIVE_INFINITY);
            }
            bean.with("NanFloat", "float", Float.NaN).with("InfinityFloat", "float", Float.POSITIVE_INFINITY);
            bean.with("NanFloatObject", "java.lang.Object", Float.NaN);
            bean.with("NullDouble", "java.lang.Double", null).with("NullLong", "java.lang.Long", null);
            bean.with("NullObject", "java.lang.Object", null).with("NullString", "java.lang.String", null);
            register(domain + ":type=NaN", bean);
            register(domain + ":type=Numbers",
                    new Attributes().with("Max", "long", Long.MAX_VALUE).with("Min", "long", Long.MIN_VALUE)
                            .with("Beyond53Bits", "java.lang.Object", (1L << 53) + 1).with("Int", "int", 7)
                            .with("Short", "short", (short) 3).with("Byte", "byte", (byte) -1)
                            .with("Char", "char", 'x').with("CharDigit", "java.lang.Character", '5')
                            .with("True", "boolean", true).with("False", "java.lang.Boolean", false)
                            .with("Float", "float", 0.1f).with("FloatObject", "java.lang.Object", 0.1f)
                            .with("FloatBoxed", "java.lang.Float", 16777216.5f)
                            .with("Double", "double", 0.1).with("Whole", "double", 100.0)
                            .with("Large", "double", 1.0e10).with("Small", "double", 1.0e-7)
                            .with("MinusZero", "double", -0.0).with("MaxDouble", "double", Double.MAX_VALUE)
                            .with("MinDouble", "double", Double.MIN_VALUE)
                            .with("BigInteger", "java.math.BigInteger", BigInteger.TWO.pow(70))
                            .with("BigIntegerSmall", "java.math.BigInteger", BigInteger.TEN)
                            .with("BigIntegerObject", "java.lang.Object", BigInteger.TWO.pow(70))
                            .with("BigDecimal", "java.math.BigDecimal", new BigDecimal("12345678901234567890.125"))
                            .with("BigDecimalObject", "java.lang.Object", new BigDecimal("0.10")));
        }
        register("lab:type=Atomic",
                new Attributes().with("Long", "java.util.concurrent.atomic.AtomicLong", new AtomicLong(42))
                        .with("Integer", "java.util.concurrent.atomic.AtomicInteger", new AtomicInteger(43))
                        .with("Adder", "java.util.concurrent.atomic.LongAdder", adder(44)).with("After", "long", 1L)
                        .with("Number", "java.lang.Number", 45L));
        register("lab:type=AtomicHidden",
                new Attributes().with("Object", "java.lang.Object", new AtomicLong(46))
                        .with("Number", "java.lang.Number", new AtomicLong(47))
                        .with("Boolean", "java.util.concurrent.atomic.AtomicBoolean", new AtomicBoolean(true)));
    }

    private static LongAdder adder(long start) {
        LongAdder adder = new LongAdder();
        adder.add(start);
        return adder;
    }

    private static void objects() throws Exception {
        Date date = new Date(1_700_000_000_123L);
        Map<String, Object> map = new LinkedHashMap<>(Map.of("a", 1, "b", 2));
        register("lab:type=Objects",
                new Attributes().with("Date", "java.util.Date", date).with("DateObject", "java.lang.Object", date)
                        .with("Enum", "java.util.concurrent.TimeUnit", TimeUnit.SECONDS)
                        .with("EnumObject", "java.lang.Object", TimeUnit.HOURS)
                        .with("Optional", "java.util.Optional", Optional.of(5L))
                        .with("OptionalDouble", "java.util.Optional", Optional.of(0.5))
                        .with("OptionalObject", "java.lang.Object", Optional.of(6L))
                        .with("OptionalText", "java.util.Optional", Optional.of("seven"))
                        .with("OptionalEmpty", "java.util.Optional", Optional.empty())
                        .with("OptionalLong", "java.util.OptionalLong", OptionalLong.of(8))
                        .with("Map", "java.util.Map", map).with("MapObject", "java.lang.Object", map)
                        .with("HashMap", "java.util.LinkedHashMap", map).with("List", "java.util.List", List.of(1, 2))
                        .with("Set", "java.util.Set", Set.of(1)).with("ListObject", "java.lang.Object", List.of(1))
                        .with("Longs", "[J", new long[] {1, 2})
                        .with("Strings", "[Ljava.lang.String;", new String[] {"a"})
                        .with("Composites", "[Ljavax.management.openmbean.CompositeData;", new CompositeData[0])
                        .with("ObjectName", "javax.management.ObjectName", new ObjectName("a:b=c"))
                        .with("ObjectNameObject", "java.lang.Object", new ObjectName("a:b=c"))
                        .with("Duration", "java.time.Duration", Duration.ofSeconds(90))
                        .with("Class", "java.lang.Class", String.class)
                        .with("Bean", "lab.HandMadeBeans$Point", new Point()).with("BeanObject", "java.lang.Object", new Point())
                        .with("Unknown", "no.such.Type", new Point()).with("UnknownNumber", "no.such.Type", 9L)
                        .with("Runnable", "java.lang.Runnable", (Runnable) () -> {})
                        .with("Loop", "lab.HandMadeBeans$Loop", new Loop())
                        .with("Thrower", "lab.HandMadeBeans$Thrower", new Thrower()));
    }

    /** A bean as Java understands it: not serialisable, and no open type. */
    public static final class Point {
        public int getX() {
            return 1;
        }

        public int getY() {
            return 2;
        }
    }

    /** Refers to itself. */
    public static final class Loop {
        public Loop getSelf() {
            return this;
        }
    }

    /** Its only getter fails. */
    public static final class Thrower {
        public int getX() {
            throw new IllegalStateException("no x");
        }
    }

    private static void strings() throws Exception {
        register("lab:type=Strings",
                new Attributes().with("Plain", "java.lang.String", "running").with("Number", "java.lang.String", "12.5")
                        .with("Padded", "java.lang.String", " 12 ").with("Hex", "java.lang.String", "0x1p3")
                        .with("Suffix", "java.lang.String", "3d").with("Empty", "java.lang.String", "")
                        .with("Lines", "java.lang.String", "one\ntwo\r\nthree").with("Colon", "java.lang.String", "a: b: 7")
                        .with("Unicode", "java.lang.String", "grün 日本 \uD83D\uDE00\u2028x")
                        .with("Quotes", "java.lang.String", "\"a\\b\"").with("Control", "java.lang.String", "a\u0000b\u001f")
                        .with("Error", "java.lang.String", "ERROR: not one (class java.lang.Exception)")
                        .with("ErrorObject", "java.lang.Object", "ERROR: not one (class java.lang.Exception)")
                        .with("LikeDate", "java.lang.String", "2023-11-14T22:13:20Z")
                        .with("LikeDateObject", "java.lang.Object", "2023-11-14T22:13:20Z")
                        .with("Object", "java.lang.Object", "text"));
    }

    private static void composites() throws Exception {
        CompositeData inner = Open.row("Inner", "alpha", 1L, "Zulu", 2.5, "beta", 0.25f);
        CompositeData outer = Open.row("Outer", "in", inner, "flag", true, "text", "deep", "value", 3L, "nan", Double.NaN,
                "infinite", Double.POSITIVE_INFINITY, "date", new Date(1_700_000_000_123L), "big", BigInteger.TWO.pow(70));
        register("lab:type=Comp,name=c1",
                new Attributes().with("Nest", CompositeData.class.getName(), outer).open("Open", outer.getCompositeType(), outer)
                        .with("Object", "java.lang.Object", inner).with("Value", CompositeData.class.getName(), inner));
        // In Jolokia's JSON these look like something else.
        register("lab:type=Comp,name=disguised",
                new Attributes().with("Optional", CompositeData.class.getName(), Open.row("P", "present", true, "x", 1L))
                        .with("Name", CompositeData.class.getName(), Open.row("N", "objectName", "x", "y", 1L))
                        .with("Atomic", CompositeData.class.getName(), Open.row("A", "andIncrement", 1L))
                        .with("Index", CompositeData.class.getName(), Open.row("I", "indexNames", 1L, "values", 2L))
                        .with("Big", CompositeData.class.getName(), Open.row("B", "bigint", "12"))
                        .with("Error", CompositeData.class.getName(), Open.row("E", "error_type", "x", "y", 1L)));
    }

    private static void tables() throws Exception {
        TabularData simple = Open.table("Simple", new String[] {"key"}, Open.row("R", "key", "k1", "value", 1L),
                Open.row("R", "key", "k2", "value", 2L));
        TabularData multi = Open.table("Multi", new String[] {"host", "port"},
                Open.row("R", "host", "h1", "port", 80, "hits", 3L), Open.row("R", "host", "h1", "port", 81, "hits", 4L),
                Open.row("R", "host", "h2", "port", 80, "hits", 5L));
        // Declared order of the index is not the alphabetical one.
        TabularData order = Open.table("Order", new String[] {"zone", "area"},
                Open.row("R", "zone", "z", "area", "a", "size", 6L, "weight", 0.5));
        TabularData single = Open.table("Single", new String[] {"id"}, Open.row("R", "id", 7, "x", 8L, "y", 9L, "text", "t"));
        TabularData inner = Open.table("InnerTable", new String[] {"key"}, Open.row("R", "key", "k1", "value", 10L));
        TabularData nested = Open.table("Nested", new String[] {"key"}, Open.row("N", "key", "outer1", "value", inner));
        TabularData composite = Open.table("ValComp", new String[] {"key"},
                Open.row("V", "key", "kk", "value", Open.row("C", "alpha", 11L, "beta", 0.5f)));
        TabularData compositeIndex = Open.table("CompKey", new String[] {"key"},
                Open.row("K", "key", Open.row("I", "str", "hello", "zeta", 1L, "alpha", 2.5), "value", 12L));
        TabularData property = Open.table("Property", new String[] {"name"}, Open.row("R", "name", "n", "Value", 13L));
        // Index columns by which the rows cannot be told from the JSON: all columns are index.
        TabularData all = Open.table("All", new String[] {"a", "b"}, Open.row("R", "a", "1", "b", "2"));
        TabularData keyOnly = Open.table("KeyFirst", new String[] {"value"}, Open.row("R", "key", 14L, "value", "v"));
        TabularData typed = Open.table("Typed", new String[] {"float", "flag"},
                Open.row("R", "float", 0.1f, "flag", true, "count", 15L));
        TabularData empty = Open.table("Empty", new String[] {"key"});
        for (boolean open : new boolean[] {false, true}) {
            Attributes bean = new Attributes();
            Map<String, TabularData> tables = new LinkedHashMap<>();
            tables.put("Simple", simple);
            tables.put("Multi", multi);
            tables.put("Order", order);
            tables.put("Single", single);
            tables.put("Nested", nested);
            tables.put("ValComp", composite);
            tables.put("CompKey", compositeIndex);
            tables.put("Property", property);
            tables.put("All", all);
            tables.put("KeyFirst", keyOnly);
            tables.put("Typed", typed);
            tables.put("Empty", empty);
            for (Map.Entry<String, TabularData> table : tables.entrySet()) {
                if (open) {
                    bean.open(table.getKey(), table.getValue().getTabularType(), table.getValue());
                } else {
                    bean.with(table.getKey(), TabularData.class.getName(), table.getValue());
                }
            }
            bean.with("Object", "java.lang.Object", single);
            register("lab:type=Tab,name=" + (open ? "open" : "closed"), bean);
        }
        // A table within a composite.
        CompositeType type = new CompositeType("Holder", "holds", new String[] {"table"}, new String[] {"t"},
                new OpenType<?>[] {simple.getTabularType()});
        CompositeData holder = new CompositeDataSupport(type, Map.of("table", simple));
        register("lab:type=Tab,name=held",
                new Attributes().open("Held", type, holder).with("Closed", CompositeData.class.getName(), holder));
        register("kafka.lab:type=Tab",
                new Attributes().open("Simple", simple.getTabularType(), simple).with("Map", "java.util.Map", Map.of("a", 1)));
    }

    private static void failures() throws Exception {
        register("lab:type=Failing",
                new Attributes().with("Before", "long", 1L).failing("Failing", "long")
                        .failing("FailingText", "java.lang.String").with("Zafter", "long", 2L));
        register("lab:type=Unserialisable",
                new Attributes().with("Lambda", "java.lang.Object", (Runnable) () -> {})
                        .with("Number", "java.lang.Object", 3L).with("Plain", "long", 4L)
                        .with("Since", "java.util.Date", new Date(1_700_000_000_000L)));
        register("lab:type=AllFailing", new Attributes().failing("Failing", "long"));
        register("lab:type=NoAttributes", new Attributes());
    }

    /** As Kafka's sensors and gauges declare their attributes. */
    private static void like(String domain) throws Exception {
        register(domain + ":type=sensor,client-id=" + ObjectName.quote("c 1"),
                new Attributes().with("rate", "double", 0.25).with("avg", "double", Double.NaN)
                        .with("count", "double", 3L).with("version", "double", "1.2.3").with("int", "double", 4));
        register(domain + ":type=gauge,name=text", new Attributes().with("Value", "java.lang.Object", "text"));
        register(domain + ":type=gauge,name=long", new Attributes().with("Value", "java.lang.Object", 5L));
        register(domain + ":type=gauge,name=nan", new Attributes().with("Value", "java.lang.Object", Double.NaN));
        register(domain + ":type=gauge,name=null", new Attributes().with("Value", "java.lang.Object", null));
        register(domain + ":type=gauge,name=list", new Attributes().with("Value", "java.lang.Object", List.of(1L)));
        register(domain + ":type=gauge,name=map", new Attributes().with("Value", "java.lang.Object", Map.of("a", 1L)));
    }
}
