// Real clients of Java, each sending what its users would.
//
//     java -cp 'lib/*' Clients.java CLIENT PORT MESSAGES
//
// A client that is not content with an answer throws, or says so on standard error.
import java.io.StringReader;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.status.Status;
import co.elastic.clients.elasticsearch.ElasticsearchClient;
import co.elastic.clients.elasticsearch.core.BulkRequest;
import io.opentelemetry.api.logs.Logger;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.BatchLogRecordProcessor;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.xml.sax.InputSource;

public final class Clients {
    private static String origin;
    private static int messages;

    private static void must(boolean condition, Object what) {
        if (!condition) throw new IllegalStateException(String.valueOf(what));
    }

    private static void otlp(String compression) {
        var exporter = OtlpHttpLogRecordExporter.builder()
            .setEndpoint(origin + "/v1/logs").setCompression(compression).build();
        var provider = SdkLoggerProvider.builder()
            .addLogRecordProcessor(BatchLogRecordProcessor.builder(exporter).build()).build();
        Logger logger = provider.get("test");
        for (int i = 0; i < messages; i++) {
            logger.logRecordBuilder().setSeverity(Severity.INFO).setBody("line " + i).setAttribute("order", i).emit();
        }
        must(provider.forceFlush().join(30, TimeUnit.SECONDS).isSuccess(), "not content");
        provider.shutdown().join(30, TimeUnit.SECONDS);
    }

    private static void loki4j() throws Exception {
        var context = new LoggerContext();
        context.start();
        var configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(new InputSource(new StringReader("""
            <configuration>
              <appender name="LOKI" class="com.github.loki4j.logback.Loki4jAppender">
                <http><url>%s/loki/api/v1/push</url></http>
                <batchTimeoutMs>200</batchTimeoutMs>
                <format>
                  <label><pattern>job=test,level=%%level</pattern></label>
                  <message><pattern>%%msg</pattern></message>
                </format>
              </appender>
              <root level="INFO"><appender-ref ref="LOKI"/></root>
            </configuration>
            """.formatted(origin))));
        var logger = context.getLogger("test");
        for (int i = 0; i < messages; i++) logger.info("line {}", i);
        context.stop();
        for (Status status : context.getStatusManager().getCopyOfStatusList()) {
            must(status.getLevel() < Status.WARN, status);
        }
    }

    private static void log4j2() throws Exception {
        log4j2("""
            <Http name="logs" url="%s/v1/events" ignoreExceptions="false">
              <JsonTemplateLayout eventTemplateUri="classpath:EcsLayout.json"/>
            </Http>
            """.formatted(origin));
    }

    private static void log4j2(String appender) throws Exception {
        String text = """
            <Configuration status="WARN">
              <Appenders>%s</Appenders>
              <Loggers><Root level="INFO"><AppenderRef ref="logs"/></Root></Loggers>
            </Configuration>
            """.formatted(appender);
        var source = new ConfigurationSource(new java.io.ByteArrayInputStream(text.getBytes()));
        try (var context = Configurator.initialize(Clients.class.getClassLoader(), source)) {
            var logger = context.getLogger("test");
            for (int i = 0; i < messages; i++) logger.info("line {}", i);
        }
    }

    private static void elasticsearch() throws Exception {
        try (var client = ElasticsearchClient.of(builder -> builder.host(origin))) {
            must(client.info().tagline().equals("You Know, for Search"), "no Elasticsearch");
            var request = new BulkRequest.Builder();
            for (int i = 0; i < messages; i++) {
                Map<String, String> document = Map.of("message", "line " + i);
                request.operations(operation -> operation.create(create -> create.index("logs").document(document)));
            }
            var answer = client.bulk(request.build());
            must(!answer.errors() && answer.items().size() == messages, answer);
        }
    }

    private interface Client {
        void send() throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        origin = "http://127.0.0.1:" + arguments[1];
        messages = Integer.parseInt(arguments[2]);
        Map<String, Client> clients = Map.of(
            "otlp", () -> otlp("none"),
            "otlp_gzip", () -> otlp("gzip"),
            "loki4j", Clients::loki4j,
            "log4j2", Clients::log4j2,
            "log4j2_documented", () -> log4j2(System.getenv("SNIPPET")),
            "elasticsearch", Clients::elasticsearch);
        clients.get(arguments[0]).send();
        System.exit(0);
    }
}
