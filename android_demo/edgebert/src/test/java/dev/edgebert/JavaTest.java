package dev.edgebert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.edgebert.tokenizer.Encoding;
import dev.edgebert.tokenizer.Tokenizer;
import dev.edgebert.tokenizer.TokenizerOptions;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every task from Java, as an app without Kotlin calls it. */
class JavaTest {
    private static final String QUESTION = "Where is my card?";

    @Test
    void aLabel() {
        try (EdgebertModel model = open("classify")) {
            Reply<Classification> reply = model.classify(QUESTION);
            Map<String, Float> scores = reply.getValue().getScores();
            assertEquals(model.getLabels(), List.copyOf(scores.keySet()));
            assertEquals(reply.getValue().getScore(), scores.get(reply.getValue().getLabel()));
            assertFalse(reply.getTruncated());
            assertTrue(reply.getTiming().getTotalNanos() > 0);
            assertEquals(reply.getValue(), model.classify(QUESTION, null, Truncate.LONGEST, LongText.MEAN).getValue());
            assertTrue(model.selfTest().getPassed());
            assertEquals(reply.getValue().getLabel(), reply.getValue().top(1).get(0).getLabel());
        }
    }

    @Test
    void aValueAndAVector() {
        try (EdgebertModel model = open("regress")) {
            float value = model.regress(QUESTION, "On its way.").getValue();
            assertEquals(value, model.regress(QUESTION, "On its way.", Truncate.FIRST).getValue());
        }
        try (EdgebertModel model = open("embed"); EdgebertModel encoder = open("encode")) {
            assertEquals(32, model.embed(QUESTION).getValue().length);
            float[][] states = encoder.encode(QUESTION).getValue();
            assertEquals(32, states[0].length);
        }
    }

    @Test
    void spansAnswersAndFills() {
        try (EdgebertModel model = open("tag")) {
            String text = "My card is in Berlin.";
            for (Span span : model.tag(text, Strategy.AVERAGE, LongTagging.WINDOWS).getValue()) {
                assertEquals(span.getText(), text.substring(span.getStart(), span.getEnd()));
            }
        }
        try (EdgebertModel model = open("answer")) {
            List<Answer> answers = model.answer("Where?", "It is in Berlin.", 3).getValue();
            assertEquals(3, answers.size());
        }
        try (EdgebertModel model = open("fill-mask")) {
            List<Fill> fills = model.fillMask("It is in [MASK].", 4).getValue().get(0);
            assertEquals(4, fills.size());
        }
    }

    @Test
    void search() {
        try (EdgebertModel model = open("embed")) {
            Search search = Search.build(model, List.of("My card is lost.", "", "What is the rate?"));
            Hit hit = search.find("My card is lost.", 1).getValue().get(0);
            assertEquals(1, hit.getLine());
            assertEquals(2, search.getSize());
            assertEquals(4, search.add("One more."));
            assertTrue(search.remove(4));
        }
    }

    @Test
    void aBufferOptionsAndATokenizer() throws Exception {
        byte[] bytes = Files.readAllBytes(file("classify").toPath());
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length);
        buffer.put(bytes).flip();
        try (EdgebertModel model = EdgebertModel.fromBuffer(buffer, "classify", new Options(2))) {
            Tokenizer tokenizer = model.getTokenizer();
            Encoding encoding = tokenizer.encode(QUESTION);
            Output output = model.runIds(encoding.getIds()).getValue();
            assertEquals(model.getLabels().size(), output.getValues().length);
            assertEquals(new TokenizerOptions(true, null, true, model.getMaxLength()), tokenizer.getOptions());
        }
    }

    @Test
    void wrongUseIsAnException() {
        try (EdgebertModel model = open("classify")) {
            EdgebertException error = assertThrows(EdgebertException.class, () -> model.embed(QUESTION));
            assertEquals("classify.tflite: is for classify, not for embed", error.getMessage());
            assertTrue(error.getReason() instanceof Reason.WrongTask);
            assertEquals(Task.EMBED, ((Reason.WrongTask) error.getReason()).getAsked());
        }
    }

    private static EdgebertModel open(String name) {
        return EdgebertModel.fromFile(file(name));
    }

    private static File file(String name) {
        return new File(System.getProperty("edgebert.testData", "../../build/android-test-data"), name + ".tflite");
    }
}
