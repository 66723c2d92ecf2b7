#include "logdist/config/text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace logdist::config {
namespace {

std::string complaint_of(const auto& parsed) { return parsed ? "none" : parsed.error().text; }

TEST(Duration, ReadsEveryUnit) {
  EXPECT_EQ(*parse_duration("250us"), 250us);
  EXPECT_EQ(*parse_duration("250ms"), 250ms);
  EXPECT_EQ(*parse_duration("5s"), 5s);
  EXPECT_EQ(*parse_duration("2m"), 2min);
  EXPECT_EQ(*parse_duration("3h"), 3h);
  EXPECT_EQ(*parse_duration("0"), 0s);
  EXPECT_EQ(*parse_duration("0ms"), 0s);
}

TEST(Duration, SaysWhatIsWrong) {
  EXPECT_EQ(complaint_of(parse_duration("5")), "\"5\" has no unit");
  for (const char* text : {"", "s", "-5s", "+5s", "5 s", " 5s", "5s ", "1.5s", "5S", "5sec", "1m30s", "5d", "0x5s"}) {
    EXPECT_EQ(complaint_of(parse_duration(text)), "\"" + std::string(text) + "\" is not a duration");
  }
  EXPECT_EQ(complaint_of(parse_duration("9999999999h")), "\"9999999999h\" is too large");
  EXPECT_EQ(complaint_of(parse_duration("99999999999999999999999s")), "\"99999999999999999999999s\" is too large");
  EXPECT_EQ(complaint_of(parse_duration("99999999999999999999999")), "\"99999999999999999999999\" has no unit");
}

TEST(Duration, IsShownInTheLargestExactUnit) {
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(250ms), "250ms");
  EXPECT_EQ(format_duration(1500us), "1500us");
  EXPECT_EQ(format_duration(75s), "75s");
  EXPECT_EQ(format_duration(120s), "2m");
  EXPECT_EQ(format_duration(24h), "24h");
  EXPECT_EQ(format_duration(7ns), "7ns");
  for (const Duration duration : {Duration(1us), Duration(999ms), Duration(61s), Duration(90min), Duration(48h)}) {
    EXPECT_EQ(*parse_duration(format_duration(duration)), duration);
  }
}

TEST(Size, ReadsEveryUnit) {
  EXPECT_EQ(*parse_size("0"), 0u);
  EXPECT_EQ(*parse_size("1000"), 1000u);
  EXPECT_EQ(*parse_size("512B"), 512u);
  EXPECT_EQ(*parse_size("64KiB"), 64 * KiB);
  EXPECT_EQ(*parse_size("10MiB"), 10 * MiB);
  EXPECT_EQ(*parse_size("2GiB"), 2048 * MiB);
}

TEST(Size, SaysWhatIsWrong) {
  for (const char* text : {"", "KiB", "-1", "10MB", "10mib", "1.5MiB", "10 MiB", "1e6", "0x10"}) {
    EXPECT_EQ(complaint_of(parse_size(text)), "\"" + std::string(text) + "\" is not a size");
  }
  EXPECT_EQ(complaint_of(parse_size("99999999999999999999")), "\"99999999999999999999\" is too large");
  EXPECT_EQ(complaint_of(parse_size("18446744073709551615GiB")), "\"18446744073709551615GiB\" is too large");
}

TEST(Size, IsShownInTheLargestExactUnit) {
  EXPECT_EQ(format_size(0), "0B");
  EXPECT_EQ(format_size(1000), "1000B");
  EXPECT_EQ(format_size(64 * KiB), "64KiB");
  EXPECT_EQ(format_size(10 * MiB), "10MiB");
  for (const std::uint64_t bytes : {std::uint64_t{1}, KiB + 1, 3 * KiB, 1024 * MiB, ~std::uint64_t{0}}) {
    EXPECT_EQ(*parse_size(format_size(bytes)), bytes);
  }
}

TEST(Weight, IsExact) {
  EXPECT_EQ(parse_weight("40")->units, 40'000'000u);
  EXPECT_EQ(parse_weight("0.5")->units, 500'000u);
  EXPECT_EQ(parse_weight("0.000001")->units, 1u);
  EXPECT_EQ(parse_weight("33.333333")->units, 33'333'333u);
  EXPECT_EQ(parse_weight("1000000")->units, 1'000'000'000'000u);
  EXPECT_EQ(parse_weight("1000000.000000")->units, 1'000'000'000'000u);
}

TEST(Weight, SaysWhatIsWrong) {
  for (const char* text : {"", "-1", "+1", ".5", "5.", "1e3", "1,5", "1.2.3", "nan", "1.-1"}) {
    EXPECT_EQ(complaint_of(parse_weight(text)), "\"" + std::string(text) + "\" is not a positive decimal number");
  }
  EXPECT_EQ(complaint_of(parse_weight("0.0000001")), "\"0.0000001\" has more than 6 decimals");
  EXPECT_EQ(complaint_of(parse_weight("0.0")), "\"0.0\" is not above 0");
  EXPECT_EQ(complaint_of(parse_weight("1000000.000001")), "\"1000000.000001\" is too large");
  EXPECT_EQ(complaint_of(parse_weight("1000001")), "\"1000001\" is too large");
  EXPECT_EQ(complaint_of(parse_weight("99999999999999999999")), "\"99999999999999999999\" is too large");
}

TEST(Weight, IsShownWithoutNeedlessDecimals) {
  EXPECT_EQ(format_weight({40'000'000}), "40");
  EXPECT_EQ(format_weight({500'000}), "0.5");
  EXPECT_EQ(format_weight({1}), "0.000001");
}

TEST(ListenAddress, ReadsItsForms) {
  const auto shown = [](const char* text) {
    const auto address = parse_listen_address(text);
    return address ? address->host + " " + std::to_string(address->port) : address.error().text;
  };
  EXPECT_EQ(shown("127.0.0.1:8080"), "127.0.0.1 8080");
  EXPECT_EQ(shown("localhost:0"), "localhost 0");
  EXPECT_EQ(shown("my_host.local:65535"), "my_host.local 65535");
  EXPECT_EQ(shown(":8080"), "0.0.0.0 8080");
  EXPECT_EQ(shown("[::1]:8080"), "::1 8080");
  EXPECT_EQ(shown("8080"), "\"8080\" has no port");
  EXPECT_EQ(shown("localhost:"), "\"localhost:\" has no port from 0 to 65535");
  EXPECT_EQ(shown("localhost:65536"), "\"localhost:65536\" has no port from 0 to 65535");
  EXPECT_EQ(shown("::1:8080"), "\"::1:8080\" is not an address");
  EXPECT_EQ(shown("me@localhost:80"), "\"me@localhost:80\" is not an address");
  EXPECT_EQ(shown("a%20b:80"), "\"a%20b:80\" has no usable host");
  EXPECT_EQ(shown("[v1.x]:80"), "\"[v1.x]:80\" has no usable host");
  EXPECT_EQ(shown("[::1]"), "\"[::1]\" has no port");
  EXPECT_EQ(shown("local host:80"), "\"local host:80\" is not an address");
  EXPECT_EQ(shown(""), "\"\" has no port");
}

TEST(ListenAddress, IsShownAsItIsRead) {
  EXPECT_EQ(format_listen_address({"::1", 80}), "[::1]:80");
  EXPECT_EQ(format_listen_address({"0.0.0.0", 8080}), "0.0.0.0:8080");
}

TEST(HostHeader, NamesTheHostAsItsUrlDoes) {
  EXPECT_EQ(host_header("logs.example", "80"), "logs.example");
  EXPECT_EQ(host_header("logs.example", "8080"), "logs.example:8080");
  EXPECT_EQ(host_header("::1", "80"), "[::1]");
  EXPECT_EQ(host_header("::1", "81"), "[::1]:81");
  EXPECT_EQ(host_header("logs.example", "443", true), "logs.example");
  EXPECT_EQ(host_header("logs.example", "443"), "logs.example:443");
  EXPECT_EQ(host_header("logs.example", "80", true), "logs.example:80");
}

TEST(HttpUrl, LeadsToHostPortAndTarget) {
  const auto shown = [](const char* text) {
    const auto url = parse_http_url(text);
    return url ? url->host + " " + url->port + " " + url->target : url.error().text;
  };
  EXPECT_EQ(shown("http://host:9101/analyze"), "host 9101 /analyze");
  EXPECT_EQ(shown("http://host"), "host 80 /");
  EXPECT_EQ(shown("HTTP://host:/"), "host 80 /");
  EXPECT_EQ(shown("http://host?a=b&c"), "host 80 /?a=b&c");
  EXPECT_EQ(shown("http://10.0.0.1:80/a%20b/?q=1"), "10.0.0.1 80 /a%20b/?q=1");
  EXPECT_EQ(shown("http://[fe80::1]:9101/x"), "fe80::1 9101 /x");
  EXPECT_EQ(shown("https://host/"), "\"https://host/\": only http:// is spoken here");
  EXPECT_EQ(shown("ftp://host/"), "\"ftp://host/\" does not start with http:// or https://");
  EXPECT_EQ(shown("host:9101/analyze"), "\"host:9101/analyze\" does not start with http:// or https://");
  EXPECT_EQ(shown("/analyze"), "\"/analyze\" is not a URL");
  EXPECT_EQ(shown("http://host/a b"), "\"http://host/a b\" is not a URL");
  EXPECT_EQ(shown("http:///x"), "\"http:///x\" has no usable host");
  EXPECT_EQ(shown("http:x"), "\"http:x\" has no usable host");
  EXPECT_EQ(shown("http://host:0/"), "\"http://host:0/\" has no port from 1 to 65535");
  EXPECT_EQ(shown("http://host:http"), "\"http://host:http\" has no port from 1 to 65535");
  EXPECT_EQ(shown("http://host:80x/y"), "\"http://host:80x/y\" has no port from 1 to 65535");
  EXPECT_EQ(shown("http://host:65536/"), "\"http://host:65536/\" has no port from 1 to 65535");
  EXPECT_EQ(shown("http://host/#part"), "\"http://host/#part\" has a fragment (#…), which is never sent");
  EXPECT_EQ(shown("http://user:secret@host/"), "names a user, which is never sent to an analyzer");
  EXPECT_EQ(shown("https://user:secret@host/"), "names a user, which is never sent to an analyzer");
  EXPECT_TRUE(parse_http_url("http://h/" + std::string(2000, 'x')));
  EXPECT_FALSE(parse_http_url("http://h/" + std::string(2048, 'x')));
}

TEST(Url, MayBeHttps) {
  const auto url = parse_url("https://host/a");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->is_tls);
  EXPECT_EQ(url->port, "443");
  EXPECT_EQ(parse_url("HTTPS://host:8443")->port, "8443");
  EXPECT_FALSE(parse_url("http://host")->is_tls);
}

TEST(TypedUrl, MayBeAnAddress) {
  const auto shown = [](std::string_view text) {
    const auto url = parse_typed_url(text);
    return url ? url->host + " " + url->port + " " + url->target : url.error().text;
  };
  EXPECT_EQ(shown("host:9101"), "host 9101 /");
  EXPECT_EQ(shown("10.0.0.1:9101/a?b=http://c"), "10.0.0.1 9101 /a?b=http://c");
  EXPECT_EQ(shown("[::1]:9101?q"), "::1 9101 /?q");
  EXPECT_EQ(shown("http://host/a:1"), "host 80 /a:1");
  EXPECT_EQ(shown("https://host"), "host 443 /");
  EXPECT_EQ(shown("user:secret@host:1"), "names a user, which is never sent to an analyzer");
  EXPECT_EQ(shown("host:http"), "\"http://host:http\" has no port from 1 to 65535");
  for (const char* text : {"host", "8081", "host/a:1", ""})
    EXPECT_THAT(shown(text), testing::HasSubstr(" is not a URL"));
  for (const char* text : {":8081", "host:", "::1:8081", "host:0"}) EXPECT_FALSE(parse_typed_url(text)) << text;
}

TEST(Quote, FitsOnOneLine) {
  EXPECT_EQ(quote("a\nb\x7f"), "\"a\\x0ab\\x7f\"");
  EXPECT_EQ(quote(std::string(200, 'x')), "\"" + std::string(80, 'x') + "...\"");
  EXPECT_EQ(quote(std::string(79, 'x') + "ü!"), "\"" + std::string(79, 'x') + "...\"") << "no half character";
}

TEST(Escape, LeavesWhatAnyTerminalShowsAsItIs) {
  EXPECT_EQ(escape("grün \"日本\" \\ 😀" + std::string(200, 'x')), "grün \"日本\" \\ 😀" + std::string(200, 'x'));
  EXPECT_EQ(escape("\x1b]0;title\a\xc2\x9b"
                   "1m"),
            "\\x1b]0;title\\x07\\u009b"
            "1m");
  EXPECT_EQ(escape("\xe2\x80\xaegnp.exe"), "\\u202egnp.exe");
  EXPECT_EQ(escape("\xff\xc0\xaf\xed\xa0\x80\xf5"), "\\xff\\xc0\\xaf\\xed\\xa0\\x80\\xf5");
  EXPECT_EQ(escape("\xe2\x82"), "\\xe2\\x82") << "cut short";
}

TEST(ListenAddresses, AreReadOneByOne) {
  const auto addresses = parse_listen_addresses("127.0.0.1:80, [::1]:80,unix:/run/packets.sock");
  ASSERT_TRUE(addresses);
  ASSERT_EQ(addresses->size(), 3u);
  EXPECT_EQ(format_listen_address((*addresses)[0]), "127.0.0.1:80");
  EXPECT_EQ(format_listen_address((*addresses)[1]), "[::1]:80");
  EXPECT_EQ(format_listen_address((*addresses)[2]), "unix:/run/packets.sock");
  EXPECT_TRUE((*addresses)[2].is_unix());
  EXPECT_TRUE(parse_listen_addresses(":0, :0")) << "two free ports";
  EXPECT_TRUE(parse_listen_addresses("unix:/" + std::string(106, 'x')));
}

TEST(ListenAddresses, RefuseWhatNobodyCanListenOn) {
  std::string many = ":1";
  for (int port = 2; port <= 17; ++port) many += ", :" + std::to_string(port);
  for (const std::string& text : {std::string(), std::string(":80,"), std::string(",:80"), std::string(":80, :80"),
                                  std::string("unix:"), std::string("unix:relative"), std::string("unix:/run/"),
                                  std::string("unix:/a, unix:/a"), "unix:/" + std::string(107, 'x'), many}) {
    EXPECT_FALSE(parse_listen_addresses(text)) << text;
  }
}

TEST(Text, RatesAreWrittenAsTheyAreRead) {
  EXPECT_EQ(*parse_rate("500/s", RateUnit::things), 500u);
  EXPECT_EQ(*parse_rate("20MiB/s", RateUnit::bytes), 20 * MiB);
  EXPECT_EQ(*parse_rate("20/s", RateUnit::bytes), 20u);
  for (const RateUnit unit : {RateUnit::things, RateUnit::bytes}) {
    EXPECT_EQ(*parse_rate("unlimited", unit), 0u);
    EXPECT_EQ(format_rate(0, unit), "unlimited");
    for (const char* broken : {"", "/s", "5", "5/m", "-5/s", "5 /s", "Unlimited", "99999999999999999999/s"}) {
      EXPECT_FALSE(parse_rate(broken, unit)) << broken;
    }
  }
  EXPECT_FALSE(parse_rate("1KiB/s", RateUnit::things));
  EXPECT_EQ(format_rate(500, RateUnit::things), "500/s");
  EXPECT_EQ(format_rate(20 * MiB, RateUnit::bytes), "20MiB/s");
}

}  // namespace
}  // namespace logdist::config
