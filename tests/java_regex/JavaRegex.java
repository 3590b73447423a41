// What Java's own engine says. A line in: a pattern and texts; a line out: `E` and the message if the pattern is refused,
// else an answer for each text: `!` no match, `!!` given up, else the groups. Fields are parted by tabs, groups by
// commas, all are URL-encoded; `~` is a group that took no part.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

import static java.nio.charset.StandardCharsets.UTF_8;

public class JavaRegex {
    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        PrintStream out = new PrintStream(System.out, false, "UTF-8");
        String line;
        while ((line = in.readLine()) != null) {
            out.print(answer(line.split("\t", -1)) + "\n");
            out.flush();
        }
    }

    static String answer(String[] fields) {
        Pattern pattern;
        try {
            pattern = Pattern.compile("^.*(?:" + URLDecoder.decode(fields[0], UTF_8) + ").*$");
        } catch (PatternSyntaxException e) {
            return "E\t" + URLEncoder.encode(e.getDescription(), UTF_8);
        } catch (RuntimeException | Error e) {
            return "E\t" + URLEncoder.encode(e.toString(), UTF_8);
        }
        StringBuilder answer = new StringBuilder();
        for (int i = 1; i < fields.length; i++) {
            answer.append(i == 1 ? "" : "\t").append(match(pattern, URLDecoder.decode(fields[i], UTF_8)));
        }
        return answer.toString();
    }

    static String match(Pattern pattern, String text) {
        try {
            Matcher matcher = pattern.matcher(new Counted(text));
            if (!matcher.matches()) {
                return "!";
            }
            StringBuilder groups = new StringBuilder();
            for (int group = 0; group <= matcher.groupCount(); group++) {
                int start = matcher.start(group);
                String found = start < 0 ? "~" : URLEncoder.encode(text.substring(start, matcher.end(group)), UTF_8);
                groups.append(group == 0 ? "" : ",").append(found);
            }
            return groups.toString();
        } catch (RuntimeException | StackOverflowError e) {
            return "!!";
        }
    }

    static class GivenUp extends RuntimeException {
    }

    /** A text that is read a limited number of times. */
    static class Counted implements CharSequence {
        final String text;
        int reads;

        Counted(String text) {
            this.text = text;
        }

        public char charAt(int index) {
            if (++reads > 2_000_000) {
                throw new GivenUp();
            }
            return text.charAt(index);
        }

        public int length() {
            return text.length();
        }

        public CharSequence subSequence(int start, int end) {
            return text.substring(start, end);
        }

        public String toString() {
            return text;
        }
    }
}
