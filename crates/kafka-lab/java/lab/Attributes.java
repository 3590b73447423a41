// A dynamic MBean made of attributes that declare what they like.

package lab;

import java.util.LinkedHashMap;
import java.util.Map;
import javax.management.Attribute;
import javax.management.AttributeList;
import javax.management.AttributeNotFoundException;
import javax.management.DynamicMBean;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanException;
import javax.management.MBeanInfo;
import javax.management.openmbean.OpenMBeanAttributeInfoSupport;
import javax.management.openmbean.OpenType;

/** Attributes by name, in the order in which they were added. */
final class Attributes implements DynamicMBean {
    private final Map<String, MBeanAttributeInfo> infos = new LinkedHashMap<>();
    private final Map<String, Object> values = new LinkedHashMap<>();

    /** An attribute that declares {@code type} and has {@code value}, of that type or not. */
    Attributes with(String name, String type, Object value) {
        infos.put(name, new MBeanAttributeInfo(name, type, "about " + name, true, false, false));
        values.put(name, value);
        return this;
    }

    /** An attribute that declares an open type in full. */
    Attributes open(String name, OpenType<?> type, Object value) {
        infos.put(name, new OpenMBeanAttributeInfoSupport(name, "about " + name, type, true, false, false));
        values.put(name, value);
        return this;
    }

    /** An attribute whose getter throws. */
    Attributes failing(String name, String type) {
        infos.put(name, new MBeanAttributeInfo(name, type, "about " + name, true, false, false));
        return this;
    }

    @Override
    public Object getAttribute(String name) throws AttributeNotFoundException, MBeanException {
        if (values.containsKey(name)) {
            return values.get(name);
        }
        if (infos.containsKey(name)) {
            throw new MBeanException(new IllegalStateException("no " + name), "getter failed");
        }
        throw new AttributeNotFoundException(name);
    }

    @Override
    public AttributeList getAttributes(String[] names) {
        AttributeList list = new AttributeList();
        for (String name : names) {
            if (values.containsKey(name)) {
                list.add(new Attribute(name, values.get(name)));
            }
        }
        return list;
    }

    @Override
    public MBeanInfo getMBeanInfo() {
        return new MBeanInfo(Attributes.class.getName(), "hand-made", infos.values().toArray(new MBeanAttributeInfo[0]), null,
                null, null);
    }

    @Override
    public void setAttribute(Attribute attribute) {
        throw new UnsupportedOperationException("read only");
    }

    @Override
    public AttributeList setAttributes(AttributeList attributes) {
        throw new UnsupportedOperationException("read only");
    }

    @Override
    public Object invoke(String name, Object[] arguments, String[] signature) {
        throw new UnsupportedOperationException("no operations");
    }
}
