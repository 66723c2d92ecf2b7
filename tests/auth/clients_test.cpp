// The file of auth.clients: who is in it, and what is wrong with it.
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "logdist/auth/clients.hpp"
#include "tests/auth/files.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::auth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsNull;
using testing::Not;

/// What is wrong with `text`, a line each.
std::vector<std::string> faults_of(const std::string& text) {
  const ClientsFile file = parse_clients(text, "c.yaml");
  EXPECT_EQ(file.errors.empty(), !file.clients.entries().empty()) << "clients of a broken file, or none of a good one";
  return lines(file.errors);
}

Clients clients_of(const std::string& text) {
  ClientsFile file = parse_clients(text, "c.yaml");
  EXPECT_THAT(lines(file.errors), IsEmpty()) << text;
  return std::move(file.clients);
}

std::string name_of(const Clients::OfCertificate& found) {
  return found.client == nullptr ? "" : found.client->name + (found.is_ambiguous ? " and another" : "");
}

TEST(Clients, AreKnownByAnyOfTheirTokens) {
  const Clients clients = clients_of("- {name: edge, token_sha256: [" + digest("one") + ", " + digest("two") +
                                     "]}\n- {name: core, token_sha256: " + digest("three") + "}\n");
  for (const char* token : {"one", "two"}) {
    ASSERT_THAT(clients.find_by_token(token), Not(IsNull())) << token;
    EXPECT_EQ(clients.find_by_token(token)->name, "edge");
  }
  EXPECT_EQ(clients.find_by_token("three")->name, "core");
  for (const std::string& other : {std::string(), std::string("four"), std::string("one "), digest("one")}) {
    EXPECT_THAT(clients.find_by_token(other), IsNull()) << other;
  }
  EXPECT_THAT(Clients().find_by_token("one"), IsNull());
}

TEST(Clients, AreKnownByTheNamesOfACertificate) {
  const Clients clients = clients_of(
      "- {name: cn, certificates: CN=edge-eu}\n"
      "- {name: dns, certificates: ['DNS:*.EU.example', 'DNS:host.example']}\n"
      "- {name: uri, certificates: ['URI:spiffe://example/edge']}\n");
  const auto found = [&](const core::CertificateNames& names) { return name_of(clients.find_by_certificate(names)); };
  EXPECT_EQ(found({"edge-eu", {}, {}}), "cn");
  EXPECT_EQ(found({"Edge-eu", {}, {}}), "") << "a common name is compared as it is";
  EXPECT_EQ(found({"", {"x.example", "a.eu.Example"}, {}}), "dns");
  EXPECT_EQ(found({"", {"HOST.example"}, {}}), "dns");
  EXPECT_EQ(found({"", {"a.b.eu.example"}, {}}), "") << "a * is one label";
  EXPECT_EQ(found({"", {".eu.example"}, {}}), "");
  EXPECT_EQ(found({"", {"eu.example"}, {}}), "");
  EXPECT_EQ(found({"host.example", {}, {}}), "") << "a common name is no DNS name";
  EXPECT_EQ(found({"", {}, {"spiffe://example/edge"}}), "uri");
  EXPECT_EQ(found({"", {}, {"spiffe://example/edge2"}}), "");
  EXPECT_EQ(found({"edge-eu", {"a.eu.example"}, {}}), "cn and another");
  EXPECT_EQ(found({}), "");
}

TEST(Clients, AnEmptyCommonNameFitsNobody) {
  EXPECT_THAT(faults_of("- {name: a, certificates: ['CN=']}\n"), ElementsAre(HasSubstr("is no name of a certificate")));
}

TEST(Clients, MayBeHeldToAddressesAndFormats) {
  const Clients clients = clients_of(
      "- name: a\n  token_sha256: " + digest("one") +
      "\n  addresses: [10.0.0.0/8, 'unix:']\n  formats: [packet, hec, bulk]\n"
      "- {name: b, token_sha256: " +
      digest("two") + ", formats: otlp, addresses: 192.0.2.1}\n- {name: c, token_sha256: " + digest("three") + "}\n");
  const Client& a = clients.entries()[0];
  EXPECT_EQ(a.addresses.size(), 2u);
  EXPECT_TRUE(a.addresses[0].contains(*IpAddress::parse("10.9.9.9")));
  for (const auto protocol :
       {core::Protocol::packet, core::Protocol::hec_event, core::Protocol::hec_raw, core::Protocol::elasticsearch}) {
    EXPECT_TRUE(a.formats.has(protocol)) << core::to_string(protocol);
  }
  EXPECT_FALSE(a.formats.has(core::Protocol::loki));
  EXPECT_TRUE(clients.entries()[1].formats.has(core::Protocol::otlp));
  EXPECT_FALSE(clients.entries()[1].formats.has(core::Protocol::packet));
  EXPECT_TRUE(clients.entries()[2].addresses.empty());
  EXPECT_EQ(clients.entries()[2].formats, core::ProtocolSet::all());
}

TEST(Clients, MayHaveLimitsOfTheirOwn) {
  const Clients clients =
      clients_of("- name: a\n  token_sha256: " + digest("one") +
                 "\n  limits: {packets: 500/s, messages: unlimited, bytes: 20MiB/s, burst: 5s, queue_share: 0.25}\n"
                 "- {name: b, certificates: CN=b, limits: {bytes: 1/s}}\n");
  const OwnLimits& limits = clients.entries()[0].limits;
  EXPECT_EQ(limits.packets, 500u);
  EXPECT_EQ(limits.messages, 0u) << "is unlimited";
  EXPECT_EQ(limits.bytes, 20u << 20);
  EXPECT_EQ(limits.burst, std::chrono::seconds(5));
  EXPECT_EQ(limits.queue_share, 0.25);
  EXPECT_EQ(clients.entries()[1].limits.packets, std::nullopt);
  EXPECT_EQ(clients.entries()[1].limits.bytes, 1u);
  EXPECT_EQ(clients.entries()[1].limits.burst, std::nullopt);
}

TEST(Clients, WrongLimitsAreToldWithTheirLine) {
  EXPECT_THAT(
      faults_of(
          "- name: a\n  certificates: CN=a\n  limits:\n    packets: 0/s\n    messages: 5\n    bytes: 1TiB/s\n"
          "    burst: 0s\n    speed: 1/s\n- {name: b, certificates: CN=b, limits: 5}\n"
          "- {name: c, certificates: CN=c, limits: {packets: 1KiB/s, packets: 1/s, bytes: [], burst: 25h, queue_share: "
          "1.5}}\n"),
      ElementsAre(
          "c.yaml:4: [0].limits.packets: is no rate; allowed: such as 500/s, or unlimited",
          HasSubstr("c.yaml:5: [0].limits.messages: is no rate"),
          "c.yaml:6: [0].limits.bytes: is no rate; allowed: such as 20MiB/s, or unlimited",
          "c.yaml:7: [0].limits.burst: is no burst; allowed: a duration from 1ms to 24h",
          HasSubstr("c.yaml:8: [0].limits: has an unknown key; allowed: packets, messages, bytes"),
          HasSubstr("c.yaml:9: [1].limits: is no mapping"), HasSubstr("c.yaml:10: [2].limits.packets: is no rate"),
          "c.yaml:10: [2].limits.packets: is given twice; allowed: once",
          HasSubstr("c.yaml:10: [2].limits.bytes: is no rate"), HasSubstr("c.yaml:10: [2].limits.burst: is no burst"),
          "c.yaml:10: [2].limits.queue_share: is no share; allowed: a number above 0, at most 1"));
}

TEST(Clients, AllThatIsWrongIsToldWithItsLine) {
  const std::string good = digest("good");
  EXPECT_THAT(
      faults_of("- name: a b\n  token_sha256: 1234\n  toke: x\n"
                "- name: anonymous\n  certificates: [OU=x, DNS:a..b, 'DNS:a.*.b', {}]\n  addresses: [10.0.0.1/8, []]\n"
                "  formats: []\n- {name: c, formats: hc, token_sha256: []}\n- d\n- {token_sha256: " +
                good + "}\n- {name: c, token_sha256: " + good + ", certificates: CN=x, name: c}\n" +
                "- {name: e, certificates: CN=x}\n- {name: f}\n"),
      ElementsAre(
          "c.yaml:1: [0].name: is no name; allowed: 1 to 64 of letters, digits, _, . and -",
          HasSubstr("c.yaml:2: [0].token_sha256: is no SHA-256 digest of a token"),
          "c.yaml:3: [0]: has an unknown key; allowed: name, token_sha256, certificates, addresses, formats and limits",
          "c.yaml:4: [1].name: is the name of those that are not known; allowed: another one",
          HasSubstr("c.yaml:5: [1].certificates: is no text"),
          HasSubstr("c.yaml:5: [1].certificates: is no name of a certificate; allowed: CN=NAME"),
          HasSubstr("c.yaml:5: [1].certificates: is no name of a certificate"),
          HasSubstr("c.yaml:5: [1].certificates: is no name of a certificate"),
          HasSubstr("c.yaml:6: [1].addresses: is no text"), HasSubstr("c.yaml:6: [1].addresses: is no network"),
          HasSubstr("c.yaml:7: [1].formats: is empty"), HasSubstr("c.yaml:8: [2].formats: is no format"),
          HasSubstr("c.yaml:8: [2].token_sha256: is empty"), HasSubstr("c.yaml:9: [3]: is no entry"),
          "c.yaml:10: [4].name: is missing", "c.yaml:11: [5].name: is also the name on line 8; allowed: a unique name",
          "c.yaml:11: [5].token_sha256: is also the digest on line 10; allowed: a token for each",
          "c.yaml:11: [5].name: is given twice; allowed: once",
          "c.yaml:12: [6].certificates: is also on line 11; allowed: a name for each",
          HasSubstr("c.yaml:13: f: has neither token_sha256 nor certificates")));
  for (const char* text : {"", "x", "{}", "[]"}) {
    EXPECT_THAT(faults_of(text), ElementsAre(HasSubstr("has no list of clients"))) << text;
  }
}

TEST(Clients, NothingOfTheFileIsQuoted) {
  for (const char* text : {"- {name: 's3cret x', token_sha256: s3cret, certificates: s3cret, addresses: s3cret, "
                           "formats: s3cret, s3cret: x}\n",
                           "- {name: s3cret", "s3cret: [", "- *s3cret\n"}) {
    for (const std::string& line : faults_of(text)) EXPECT_THAT(line, Not(HasSubstr("s3cret"))) << text;
  }
}

TEST(Clients, AreAtMostSoMany) {
  std::string text;
  for (std::size_t i = 0; i <= Clients::max; ++i)
    text += "- {name: c" + std::to_string(i) + ", certificates: CN=" + std::to_string(i) + "}\n";
  EXPECT_THAT(faults_of(text), ElementsAre("c.yaml:10001: [10000]: is one too many; allowed: 10000"));
}

TEST(Clients, OthersRightsToTheFileAreAWarning) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("clients.yaml", "- {name: a, token_sha256: " + digest("one") + "}\n");
  const auto warnings = [&](unsigned mode) {
    std::filesystem::permissions(path, static_cast<std::filesystem::perms>(mode));
    const ClientsFile file = read_clients(path);
    EXPECT_THAT(lines(file.errors), IsEmpty());
    EXPECT_THAT(file.clients.find_by_token("one"), Not(IsNull()));
    return lines(file.warnings);
  };
  EXPECT_THAT(warnings(0600), IsEmpty());
  EXPECT_THAT(warnings(0400), IsEmpty());
  EXPECT_THAT(warnings(0640), ElementsAre(path + ": others may read or change it (mode 0640); better: chmod 600"));
  EXPECT_THAT(warnings(0604), ElementsAre(HasSubstr("mode 0604")));
}

TEST(Clients, AFileThatCannotBeReadIsAnError) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(lines(read_clients(folder.file("none")).errors),
              ElementsAre(folder.file("none") + ": cannot be read: No such file or directory"));
  const std::string large = folder.write("large", std::string((1 << 20) + 1, ' '));
  EXPECT_THAT(lines(read_clients(large).errors), ElementsAre(HasSubstr("is larger than 1MiB")));
}

TEST(Clients, AreCheckedWithTheConfiguration) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("clients.yaml", "- {name: a, certificates: x}\n");
  config::Loaded loaded =
      config::load_text("analyzers: [{name: a, url: 'http://a:1/'}]\nauth:\n  clients: " + path + "\n", "f.yaml", {});
  ASSERT_THAT(lines(loaded.errors), IsEmpty());
  check_clients(loaded);
  EXPECT_THAT(lines(loaded.errors),
              ElementsAre(HasSubstr("f.yaml:3: auth.clients: " + path + ":1: [0].certificates: ")));
}

}  // namespace
}  // namespace logdist::auth
