#include <gmock/gmock.h>

#include "logdist/config/load.hpp"
#include "logdist/config/text.hpp"
#include "support.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> warnings_of(const std::string& text) {
  return lines(load_text(text, "f.yaml", one_analyzer).warnings);
}

TEST(Ranges, EndsAreAllowedAndNothingBeyond) {
  const auto is_sound = [](const char* variable, const char* value) {
    Environment environment = one_analyzer;
    environment[variable] = value;
    return load(std::nullopt, environment).errors.empty();
  };
  struct Range {
    const char* variable;
    std::vector<const char*> inside, outside;
  };
  const std::vector<Range> ranges{
      {"LOGDIST_QUEUE__MAX_PACKETS", {"1", "16777215"}, {"0", "16777216", "-1", "1.0", ""}},
      {"LOGDIST_QUEUE__MAX_BYTES", {"1", "1023GiB", "1099511627775"}, {"0", "1024GiB"}},
      {"LOGDIST_QUEUE__STORAGE", {"memory", "disk"}, {"kafka", ""}},
      {"LOGDIST_QUEUE__DIRECTORY", {"/q", "q"}, {""}},
      {"LOGDIST_QUEUE__SYNC", {"always", "off", "1ms", "60s"}, {"0", "on", "999us", "61s", "10", ""}},
      {"LOGDIST_QUEUE__MAX_DISK", {"512KiB", "1048576GiB"}, {"0", "511KiB", "1048577GiB"}},
      {"LOGDIST_QUEUE__RETAIN_FOR", {"0", "8760h"}, {"8761h"}},
      {"LOGDIST_QUEUE__RETAIN_BYTES", {"0", "0B", "1GiB"}, {"-1"}},
      {"LOGDIST_QUEUE__COMPRESSION", {"none", "zstd"}, {"lz4", ""}},
      {"LOGDIST_SERVER__MIN_BODY_RATE",
       {"1B/s", "1/s", "1KiB/s", "1GiB/s"},
       {"0", "0B/s", "1025MiB/s", "1KiB", "1KiB/m", "/s", "-1/s", ""}},
      {"LOGDIST_DELIVERY__PIPELINE", {"1", "1024"}, {"0", "1025"}},
      {"LOGDIST_DELIVERY__RETRY__JITTER", {"0", "1", "0.5"}, {"1.1", "-0.1", "nan", "inf", "1e999", ""}},
      {"LOGDIST_HEALTH__BACKOFF__MULTIPLIER", {"1", "2.5", "100"}, {"0.9", "101", "two"}},
      {"LOGDIST_HEALTH__FAILURE_THRESHOLD", {"1", "1000000"}, {"0", "4294967297"}},
      {"LOGDIST_BALANCE__CATCH_UP_THRESHOLD", {"1", "1000000000"}, {"0", "1000000001"}},
      {"LOGDIST_THREADS", {"0", "1024"}, {"1025", "0x10"}},
      {"LOGDIST_DELIVERY__TIMEOUT", {"1ms", "24h"}, {"0", "999us", "25h"}},
      {"LOGDIST_SHUTDOWN__GRACE", {"0", "0s", "24h"}, {"25h"}},
      {"LOGDIST_SERVER__LISTEN", {":0", "h:65535"}, {"h:65536", "h:-1", "h"}},
      {"LOGDIST_ADMIN__HOSTS", {"", "a", "a.example, b_c"}, {"a b", "a,,b", "a,", "http://a", "a:80", "[::1]"}},
      {"LOGDIST_HEALTH__PATH", {"", "/", "/a?b=c"}, {"health", "/a b", "/a#b", "http://h/"}},
  };
  for (const Range& range : ranges) {
    for (const char* value : range.inside) EXPECT_TRUE(is_sound(range.variable, value)) << range.variable << value;
    for (const char* value : range.outside) EXPECT_FALSE(is_sound(range.variable, value)) << range.variable << value;
  }
}

TEST(Backoff, MaxIsAtLeastInitial) {
  EXPECT_EQ(error_of("delivery:\n  retry:\n    initial: 20s\n"),
            "f.yaml:3: delivery.retry.initial: delivery.retry.max (10s) is below delivery.retry.initial (20s); "
            "allowed: max at least initial");
  EXPECT_THAT(error_of("health: {backoff: {initial: 2s,\n  max: 1s}}\n"), HasSubstr("f.yaml:2: health.backoff.max: "));
  EXPECT_EQ(error_of("delivery: {retry: {initial: 10s}}\n"), "");
}

TEST(Backoff, NothingIsSaidOfARefusedValue) {
  EXPECT_EQ(error_of("delivery:\n  retry: {initial: 20s, max: 30}\n"),
            "f.yaml:2: delivery.retry.max: \"30\" has no unit; allowed: a duration from 1ms to 24h, such as 250ms, 5s "
            "or 2m");
}

TEST(Addresses, MustNotBeInEachOthersWay) {
  EXPECT_EQ(error_of("admin:\n  listen: 127.0.0.1:8080\n"),
            "f.yaml:2: admin.listen: server.listen (0.0.0.0:8080) and admin.listen (127.0.0.1:8080) conflict; "
            "allowed: two ports");
  EXPECT_NE(error_of("server: {listen: 'localhost:1'}\nadmin: {listen: 'localhost:1'}\n"), "");
  EXPECT_EQ(error_of("server: {listen: ':0'}\nadmin: {listen: ':0', open: true}\n"), "");
  EXPECT_EQ(error_of("server: {listen: '127.0.0.1:1'}\nadmin: {listen: '127.0.0.2:1'}\n"), "");
}

TEST(V6Only, WhereAnotherHasThePortForIpv4) {
  const std::vector<ListenAddress> both{{"::", 80}, {"0.0.0.0", 80}, {"::", 81}, {"::", 0}, {"::1", 0}};
  EXPECT_TRUE(is_v6_only(both[0], both));
  for (const std::size_t index : {1U, 2U, 3U, 4U}) EXPECT_FALSE(is_v6_only(both[index], both)) << index;
}

TEST(Addresses, OfAListMustNotIncludeEachOther) {
  const auto error_of_list = [](const std::string& list) { return error_of("server:\n  listen: '" + list + "'\n"); };
  const std::string allowed = " conflict; allowed: two ports, or addresses apart";
  EXPECT_EQ(error_of_list("0.0.0.0:1, 127.0.0.1:1"), "f.yaml:2: server.listen: 0.0.0.0:1 and 127.0.0.1:1" + allowed);
  EXPECT_EQ(error_of_list("[::1]:1, [::]:1"), "f.yaml:2: server.listen: [::1]:1 and [::]:1" + allowed);
  EXPECT_EQ(error_of_list("[::]:1, [0:0::0]:1"), "f.yaml:2: server.listen: [::]:1 and [0:0::0]:1" + allowed);
  EXPECT_EQ(error_of_list("unix:/a/b, unix:/a//b"), "f.yaml:2: server.listen: unix:/a/b and unix:/a//b" + allowed);
  EXPECT_EQ(error_of_list("[::ffff:127.0.0.1]:1, 127.0.0.1:1"),
            "f.yaml:2: server.listen: [::ffff:127.0.0.1]:1 and 127.0.0.1:1" + allowed);
  for (const char* list : {"[::]:1, 0.0.0.0:1", "0.0.0.0:1, 127.0.0.1:2", "127.0.0.1:1, 127.0.0.2:1", "0.0.0.0:0, :0",
                           "[::1]:1, 127.0.0.1:1", "unix:/a/b, unix:/a/c", "localhost:1, 127.0.0.1:1"}) {
    EXPECT_EQ(error_of_list(list), "") << list;
  }
}

TEST(Addresses, OfBothPortsMustNotIncludeEachOther) {
  const auto error_of_both = [](const std::string& packets, const std::string& admin) {
    return error_of("server: {listen: '" + packets + "'}\nadmin: {listen: '" + admin + "'}\n");
  };
  EXPECT_THAT(error_of_both("[::]:1", "127.0.0.1:1"),
              HasSubstr("server.listen ([::]:1) and admin.listen (127.0.0.1:1) conflict"));
  EXPECT_THAT(error_of_both("127.0.0.1:1", "[::]:1"), HasSubstr("conflict"));
  EXPECT_THAT(error_of_both("unix:/a/./b", "unix:/a/b"), HasSubstr("conflict"));
  EXPECT_EQ(error_of_both("[::]:1, 10.0.0.1:1", "127.0.0.1:1"), "") << "[::] leaves IPv4 to the other then";
  EXPECT_EQ(error_of_both("[::1]:1", "127.0.0.1:1"), "");
}

TEST(AdminRights, NobodyListensBeyondLoopbackWithoutSayingWhoMay) {
  const std::string why =
      " is beyond loopback, and everybody there could change something; allowed: with admin.tokens, or with "
      "admin.open: "
      "true where the network keeps others out";
  EXPECT_EQ(error_of("admin:\n  listen: 0.0.0.0:8081\n"), "f.yaml:2: admin.listen: 0.0.0.0:8081" + why);
  EXPECT_EQ(error_of("admin:\n  open: false\n  listen: ['127.0.0.1:8081', '[::]:8082']\n"),
            "f.yaml:3: admin.listen: [::]:8082" + why);
  Environment environment = one_analyzer;
  environment["LOGDIST_ADMIN__LISTEN"] = ":8081";
  EXPECT_EQ(error_of("", environment), "environment: LOGDIST_ADMIN__LISTEN: 0.0.0.0:8081" + why);
  for (const char* beyond : {"10.0.0.1:1", "[2001:db8::1]:1", "[::ffff:10.0.0.1]:1", "host.example:1", "128.0.0.1:1",
                             "126.255.255.255:1", "[::2]:1", "LOCALHOST.example:1"}) {
    const std::string listen = std::string("admin: {listen: '") + beyond + "'";
    EXPECT_THAT(error_of(listen + "}\n"), HasSubstr(why)) << beyond;
    EXPECT_EQ(error_of(listen + ", open: true}\n"), "") << beyond;
    EXPECT_EQ(error_of(listen + ", tokens: /etc/tokens.yaml}\n"), "") << beyond;
  }
  for (const char* own : {"127.0.0.1:1", "127.1.2.3:1", "[::1]:1", "[0:0::1]:1", "[::ffff:127.0.0.1]:1", "localhost:1",
                          "unix:/run/admin.sock"}) {
    EXPECT_EQ(error_of(std::string("admin: {listen: '") + own + "'}\n"), "") << own;
  }
  EXPECT_THAT(error_of("admin: {listen: '0.0.0.0:1', open: maybe}\n"), Not(HasSubstr("beyond")))
      << "what is refused is not spoken of";
}

TEST(Sizes, OddButWorkableOnesAreWarnings) {
  EXPECT_THAT(warnings_of("server:\n  max_body: 64MiB\n  max_buffered: 32MiB\n"),
              ElementsAre("f.yaml:2: server.max_body: server.max_body (64MiB) is above server.max_buffered (32MiB): a "
                          "body larger than that is accepted only while no other is held"));
  EXPECT_THAT(
      warnings_of("threads: 1\nqueue:\n  max_bytes: 1MiB\n"),
      ElementsAre("f.yaml:3: queue.max_bytes: server.max_body (10MiB) is above queue.max_bytes (1MiB): a packet "
                  "larger than that is never queued, its request waits for the delivery"));
  EXPECT_THAT(warnings_of("server: {max_body: 1MiB}\nqueue: {max_bytes: 1MiB, max_packets: 1}\n"), IsEmpty());
}

TEST(Formats, ThoseThatNoAnalyzerTakesAreAWarning) {
  const std::string otlp_and_loki =
      "analyzers:\n- {name: a, url: 'http://a:1/', formats: [otlp]}\n"
      "- {name: b, url: 'http://b:1/', formats: [otlp, loki]}\n";
  const auto warnings = [&](const std::string& formats) {
    return lines(load_text("server: {formats: [" + formats + "]}\n" + otlp_and_loki, "f.yaml", {}).warnings);
  };
  EXPECT_THAT(warnings("loki, otlp"), IsEmpty());
  EXPECT_THAT(warnings("packet, otlp, hec-raw"),
              ElementsAre("f.yaml:1: server.formats: no analyzer takes packet, hec-raw (analyzers[].formats): packets "
                          "of these would wait for one"));
  const auto of_all = lines(load_text(otlp_and_loki, "f.yaml", {}).warnings);
  ASSERT_THAT(of_all, testing::SizeIs(1));
  EXPECT_THAT(of_all.front(), HasSubstr("f.yaml:1: analyzers: no analyzer takes packet, hec-event, "));
}

TEST(Analyzers, OneThatIsTheDaemonItselfIsAFault) {
  const auto errors = [](const std::string& listen, const std::string& url) {
    const std::string text = "server: {listen: '" + listen + "'}\nanalyzers:\n- {name: a, url: '" + url + "'}\n";
    return lines(load_text(text, "f.yaml", {}).errors);
  };
  EXPECT_THAT(errors("0.0.0.0:8080", "http://127.0.0.1:8080/v1/packets"),
              ElementsAre("f.yaml:3: analyzers[0].url: \"http://127.0.0.1:8080/v1/packets\" is a loop: this daemon "
                          "itself receives packets there (0.0.0.0:8080); allowed: an analyzer"));
  EXPECT_THAT(errors("127.0.0.1:80", "http://localhost"), testing::SizeIs(1));
  EXPECT_THAT(errors("[::]:8080", "http://[::1]:8080"), testing::SizeIs(1));
  EXPECT_THAT(errors("packets.local:1", "http://packets.local:1"), testing::SizeIs(1));
  EXPECT_THAT(errors("0.0.0.0:8080", "http://127.0.0.1:8082/"), IsEmpty());
  EXPECT_THAT(errors("0.0.0.0:8080", "http://elsewhere:8080/"), IsEmpty());
  EXPECT_THAT(errors("127.0.0.1:8080", "http://127.0.0.2:8080/"), IsEmpty());
  EXPECT_THAT(errors("0.0.0.0:0", "http://127.0.0.1:8080/"), IsEmpty());
}

TEST(Analyzers, ThereIsALimit) {
  std::string text = "analyzers:\n";
  for (int i = 0; i < 1025; ++i) text += "  - {name: a" + std::to_string(i) + ", url: http://h}\n";
  EXPECT_EQ(error_of(text, {}), "f.yaml:1: analyzers: 1025 analyzers; allowed: at most 1024");
}

TEST(Headers, ThoseThatTheDaemonSetsAreItsOwn) {
  for (const std::string name : {"Host", "content-type", "Via", "traceparent", "TraceState", "Packet-Replay"}) {
    EXPECT_THAT(error_of("analyzers: [{name: a, url: 'http://h', headers: {" + name + ": x}}]", {}),
                HasSubstr("analyzers[0].headers." + name + ": is set by the daemon itself; allowed: "));
  }
  EXPECT_EQ(error_of("analyzers: [{name: a, url: 'http://h', headers: {X-Via: x, Authorization: x}}]", {}), "");
}

TEST(Headers, AValueMayBeInAFile) {
  const test::TemporaryFolder folder;
  const auto loaded_with = [](const std::string& value) {
    return load_text("analyzers: [{name: a, url: 'http://h', headers: {X-Key: '" + value + "'}}]", "f.yaml", {});
  };
  const auto value_of = [&](const std::string& value) {
    return loaded_with(value).options.analyzers[0].headers[0].second;
  };
  EXPECT_EQ(value_of("file:" + folder.write("key", "secret of a file\r\n\n")), "secret of a file");
  EXPECT_EQ(value_of("file"), "file");
  EXPECT_EQ(value_of("profile:/x"), "profile:/x");

  const auto fault_of = [&](const std::string& value) {
    const Loaded loaded = loaded_with(value);
    return loaded.errors.empty() ? std::string() : lines(loaded.errors)[0];
  };
  EXPECT_THAT(fault_of("file:" + folder.file("none")), HasSubstr("is to be read from \"" + folder.file("none")));
  EXPECT_THAT(fault_of("file:" + folder.path()), HasSubstr("Is a directory"));
  EXPECT_THAT(fault_of("file:/dev/zero"), HasSubstr("Invalid argument"));
  EXPECT_THAT(fault_of("file:"), HasSubstr("is to be read from"));
  EXPECT_THAT(fault_of("file:" + folder.write("empty", "\n")), HasSubstr("is empty in"));
  EXPECT_THAT(fault_of("file:" + folder.write("long", std::string(4097, 'x'))), HasSubstr("is too long in"));
  const std::string broken = fault_of("file:" + folder.write("lines", "top-secret\nHost: evil\n"));
  EXPECT_THAT(broken, HasSubstr("has a line break or control character in its value"));
  EXPECT_THAT(broken, Not(HasSubstr("top-secret")));
}

TEST(Headers, ThereIsALimit) {
  std::string text = "analyzers:\n  - name: a\n    url: http://h\n    headers:\n";
  for (int i = 0; i < 64; ++i) text += "      X-" + std::to_string(i) + ": v\n";
  EXPECT_EQ(error_of(text, {}), "");
  EXPECT_THAT(error_of(text + "      X-64: v\n", {}),
              HasSubstr("f.yaml:69: analyzers[0].headers.X-64: is one header too many; allowed: "));
}

TEST(Validate, ListsMayBeWrittenAsListsOrAsTexts) {
  EXPECT_EQ(error_of("server: {listen: ['127.0.0.1:1', 'unix:/run/a.sock']}\n"), "");
  EXPECT_EQ(error_of("server: {listen: '127.0.0.1:1, [::1]:1'}\n"), "");
  EXPECT_NE(error_of("server: {listen: [nowhere]}\n"), "");
  EXPECT_NE(error_of("server: {listen: [{a: b}]}\n"), "");
  EXPECT_NE(error_of("server: {listen: [':1', ':8081']}\n"), "") << "one is the admin port's";
  EXPECT_NE(error_of("server: {listen: 'unix:/run/a'}\nadmin: {listen: [':1', 'unix:/run/a']}\n"), "");
  EXPECT_EQ(error_of("server: {listen: 'unix:/run/a'}\nadmin: {listen: [':1', 'unix:/run/b'], open: true}\n"), "");
}

TEST(Validate, FormatsHaveNames) {
  for (const char* good : {"[packet]", "packet", "'packet, otlp'", "[otlp, hec-event, hec-raw]"}) {
    EXPECT_EQ(error_of(std::string("server: {formats: ") + good + "}\n"), "") << good;
  }
  for (const char* bad : {"''", "[]", "[hec]", "'packet,'", "[packet, '']", "all"}) {
    EXPECT_THAT(error_of(std::string("server: {formats: ") + bad + "}\n"),
                HasSubstr("is no format; allowed: at least one"))
        << bad;
  }
}

TEST(Validate, ProxyProtocolNeedsSomebodyToTrust) {
  EXPECT_NE(error_of("server: {proxy_protocol: true}\n"), "");
  EXPECT_EQ(error_of("server: {proxy_protocol: true, trusted_proxies: [10.0.0.0/8, '::1']}\n"), "");
  EXPECT_NE(error_of("server: {trusted_proxies: [10.0.0.1/8]}\n"), "");
  for (const char* good : {"''", "[]", "'10.0.0.0/8,::1'", "' 10.0.0.0/8 , unix: '"}) {
    EXPECT_EQ(error_of(std::string("server: {trusted_proxies: ") + good + "}\n"), "") << good;
  }
  for (const char* bad : {"'10.0.0.0/8,'", "'10.0.0.0/8, '", "','", "',10.0.0.0/8'", "'::1,,::2'", "' '"}) {
    EXPECT_NE(error_of(std::string("server: {trusted_proxies: ") + bad + "}\n"), "") << bad;
  }
}

TEST(TlsSections, HaveBothFilesOrNone) {
  const auto errors_of = [](const std::string& tls) {
    return lines(load_text("server:\n  tls: {" + tls + "}\n", "f.yaml", one_analyzer).errors);
  };
  EXPECT_THAT(errors_of("certificate: a.pem, key: a.key"), IsEmpty());
  EXPECT_THAT(errors_of(""), IsEmpty());
  EXPECT_THAT(errors_of("certificate: a.pem"),
              ElementsAre("f.yaml:2: server.tls.certificate: is set, but key is not; allowed: both, for TLS, or none"));
  EXPECT_THAT(errors_of("key: a.key"),
              ElementsAre("f.yaml:2: server.tls.key: is set, but certificate is not; allowed: both, for TLS, or none"));
  EXPECT_THAT(errors_of("certificate: a.pem, key: a.key, client_auth: required"),
              ElementsAre("f.yaml:2: server.tls.client_auth: needs client_ca, by which clients' certificates are "
                          "verified"));
  EXPECT_THAT(errors_of("client_ca: ca.pem, client_auth: optional"),
              ElementsAre("f.yaml:2: server.tls.client_auth: is for TLS; allowed: with certificate and key"));
  EXPECT_THAT(
      errors_of("min_version: 1.1, max_handshakes: 0"),
      ElementsAre(HasSubstr("f.yaml:2: server.tls.min_version: "), HasSubstr("f.yaml:2: server.tls.max_handshakes: ")));
}

TEST(TlsSections, AreTheSameForBothPorts) {
  const auto errors_of = [](const std::string& tls) {
    return lines(load_text("admin:\n  tls: {" + tls + "}\n", "f.yaml", one_analyzer).errors);
  };
  EXPECT_THAT(errors_of("certificate: a.pem, key: a.key, client_ca: ca.pem, client_auth: optional"), IsEmpty());
  EXPECT_THAT(errors_of("certificate: a.pem"),
              ElementsAre("f.yaml:2: admin.tls.certificate: is set, but key is not; allowed: both, for TLS, or none"));
  EXPECT_THAT(errors_of("certificate: a.pem, key: a.key, client_auth: required"),
              ElementsAre(HasSubstr("f.yaml:2: admin.tls.client_auth: needs client_ca")));
}

TEST(TlsSections, ClientCasThatNobodyIsAskedForAreAWarning) {
  EXPECT_THAT(warnings_of("server:\n  tls: {certificate: a.pem, key: a.key, client_ca: ca.pem}\n"),
              ElementsAre("f.yaml:2: server.tls.client_ca: has no effect: client_auth is none, no certificate is asked "
                          "for"));
}

TEST(AnalyzersTls, IsReadWithItsSection) {
  const Loaded loaded = load_text(
      "analyzers:\n  - name: a\n    url: https://h/x\n    tls: {ca: ca.pem, certificate: c.pem, key: c.key, "
      "server_name: s}\n",
      "f.yaml", {});
  EXPECT_THAT(lines(loaded.errors), IsEmpty());
  EXPECT_THAT(lines(loaded.warnings), IsEmpty());
  const AnalyzerOptions& analyzer = loaded.options.analyzers.at(0);
  EXPECT_TRUE(analyzer.is_tls);
  EXPECT_EQ(analyzer.port, "443");
  EXPECT_EQ(analyzer.tls, (AnalyzerTlsOptions{"ca.pem", "c.pem", "c.key", "s", true}));
  const Loaded short_form =
      load(std::nullopt, {{"LOGDIST_ANALYZERS", "a=https://h:8443/x tls.ca=ca.pem tls.verify=false"}});
  EXPECT_THAT(lines(short_form.errors), IsEmpty());
  EXPECT_EQ(short_form.options.analyzers.at(0).tls.ca, "ca.pem");
}

TEST(AnalyzersTls, HasNoMistakes) {
  const auto said_of = [](const std::string& url, const std::string& tls) {
    const Loaded loaded =
        load_text("analyzers:\n  - name: a\n    url: " + url + "\n    tls: " + tls + "\n", "f.yaml", {});
    std::vector<std::string> all = lines(loaded.errors);
    for (const std::string& warning : lines(loaded.warnings)) all.push_back("warning: " + warning);
    return all;
  };
  EXPECT_THAT(said_of("https://h", ""), IsEmpty());
  EXPECT_THAT(said_of("http://h", "{verify: true}"), IsEmpty());
  EXPECT_THAT(said_of("http://h", "{ca: ca.pem}"),
              ElementsAre("f.yaml:3: analyzers[0].url: is not https, but tls says how to speak it; allowed: https://"));
  EXPECT_THAT(said_of("https://h", "{certificate: c.pem}"),
              ElementsAre("f.yaml:4: analyzers[0].tls.certificate: is set, but key is not; allowed: both, or none"));
  EXPECT_THAT(said_of("https://h", "{verify: false}"),
              ElementsAre("warning: f.yaml:4: analyzers[0].tls.verify: is false: who is on the way to it can read and "
                          "change what it gets"));
  EXPECT_THAT(said_of("https://h", "yes"), ElementsAre(HasSubstr("f.yaml:4: analyzers[0].tls: ")));
  EXPECT_THAT(said_of("https://h", "{cert: c.pem}"),
              ElementsAre(HasSubstr("f.yaml:4: analyzers[0].tls.cert: unknown key")));
  EXPECT_THAT(said_of("https://h", "{server_name: 'a b'}"), ElementsAre(HasSubstr("analyzers[0].tls.server_name: ")));
}

}  // namespace
}  // namespace logdist::config
