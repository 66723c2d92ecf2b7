// The PROXY protocol's header, byte by byte.
#include "logdist/net/proxy_header.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "logdist/base/random.hpp"

namespace logdist::net {
namespace {

using Progress = ProxyHeader::Progress;

constexpr std::uint64_t seed = 107;

std::string v2(unsigned char version_and_command, unsigned char family, std::string_view rest, int size = -1) {
  const std::size_t length = size < 0 ? rest.size() : static_cast<std::size_t>(size);
  std::string header("\r\n\r\n\0\r\nQUIT\n", 12);
  header += static_cast<char>(version_and_command);
  header += static_cast<char>(family);
  header += static_cast<char>(length >> 8);
  header += static_cast<char>(length & 0xff);
  return header.append(rest);
}

const std::string v4_addresses("\xc0\x00\x02\x01\xcb\x00\x71\x05\x30\x39\x1f\x90", 12);

std::string v6_addresses() {
  std::string bytes("\x20\x01\x0d\xb8", 4);
  bytes.append(11, '\0').append(1, '\1').append(16, '\2');
  return bytes.append("\xff\xff\x00\x50", 4);
}

/// Sound headers, each with the client that it names.
struct Sound {
  std::string bytes;
  std::string source;
  std::uint16_t port;
};

std::vector<Sound> sound_headers() {
  std::string longest =
      "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
      "65535 65535\r\n";
  EXPECT_EQ(longest.size(), ProxyHeader::v1_size_max);
  return {
      {"PROXY TCP4 192.0.2.1 203.0.113.5 12345 8080\r\n", "192.0.2.1", 12345},
      {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255", 65535},
      {"PROXY TCP6 2001:db8::1 ::1 0 65535\r\n", "2001:db8::1", 0},
      {"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1", 1},
      {"PROXY UNKNOWN\r\n", "", 0},
      {longest, "", 0},
      {v2(0x21, 0x11, v4_addresses), "192.0.2.1", 12345},
      {v2(0x21, 0x11, v4_addresses + std::string("\x04\x00\x03zzz", 6)), "192.0.2.1", 12345},
      {v2(0x21, 0x21, v6_addresses()), "2001:db8::1", 65535},
      {v2(0x21, 0x31, std::string(216, 'u')), "", 0},
      {v2(0x21, 0x00, ""), "", 0},
      {v2(0x20, 0x00, ""), "", 0},
      {v2(0x20, 0xff, std::string(4080, 'x')), "", 0},
  };
}

TEST(ProxyHeader, NamesTheClientAndEndsWhereItEnds) {
  for (const Sound& sound : sound_headers()) {
    const ProxyHeader header = parse_proxy_header(sound.bytes + "POST /v1/packets");
    ASSERT_EQ(header.progress, Progress::complete) << sound.bytes << ": " << header.error;
    EXPECT_EQ(header.size, sound.bytes.size());
    EXPECT_EQ(header.source.to_string(), sound.source);
    EXPECT_EQ(header.source_port, sound.port);
  }
}

TEST(ProxyHeader, WaitsForEachByte) {
  for (const Sound& sound : sound_headers()) {
    for (std::size_t size = 0; size < sound.bytes.size(); ++size) {
      EXPECT_EQ(parse_proxy_header(std::string_view(sound.bytes).substr(0, size)).progress, Progress::need_more)
          << size << " of " << sound.bytes;
    }
  }
}

TEST(ProxyHeader, RefusesWhatIsMalformed) {
  for (const std::string& bytes : {
           std::string("POST /v1/packets HTTP/1.1\r\n"),
           std::string("proxy TCP4 192.0.2.1 203.0.113.5 1 2\r\n"),
           std::string("PROXY\r\n"),
           std::string("PROXY  TCP4 192.0.2.1 203.0.113.5 1 2\r\n"),
           std::string("PROXY TCP4 192.0.2.1 203.0.113.5 1\r\n"),
           std::string("PROXY TCP4 192.0.2.1 203.0.113.5 1 2 3\r\n"),
           std::string("PROXY TCP4 192.0.2.1 203.0.113.5 1 2 \r\n"),
           std::string("PROXY TCP4 192.0.2.1  203.0.113.5 1 2\r\n"),
           std::string("PROXY TCP4 192.0.2.1 203.0.113.5 1 65536\r\n"),
           std::string("PROXY TCP4 192.0.2.1 203.0.113.5 01 2\r\n"),
           std::string("PROXY TCP4 192.0.2.1 203.0.113.5 -1 2\r\n"),
           std::string("PROXY TCP4 192.0.2.1 203.0.113.5 1 2\n\r\n"),
           std::string("PROXY TCP4 2001:db8::1 ::1 1 2\r\n"),
           std::string("PROXY TCP6 192.0.2.1 203.0.113.5 1 2\r\n"),
           std::string("PROXY TCP4 host 203.0.113.5 1 2\r\n"),
           std::string("PROXY UDP4 192.0.2.1 203.0.113.5 1 2\r\n"),
           "PROXY UNKNOWN " + std::string(94, 'x'),
           v2(0x11, 0x11, v4_addresses),
           v2(0x22, 0x11, v4_addresses),
           v2(0x21, 0x41, v4_addresses),
           v2(0x21, 0x12, v4_addresses),
           v2(0x21, 0x13, v4_addresses),
           v2(0x21, 0x11, v4_addresses.substr(1)),
           v2(0x21, 0x21, v4_addresses),
           v2(0x21, 0x31, v4_addresses),
           v2(0x20, 0x00, "", 4081),
           v2(0x21, 0x11, "", 65535),
       }) {
    const ProxyHeader header = parse_proxy_header(bytes);
    EXPECT_EQ(header.progress, Progress::malformed) << bytes;
    EXPECT_FALSE(header.error.empty());
  }
}

TEST(ProxyHeader, NeverWaitsForMoreThanItsBound) {
  std::cout << "seed " << seed << "\n";
  Random random(seed);
  const auto sound = sound_headers();
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = sound[random.below(sound.size())].bytes;
    for (std::uint64_t count = 1 + random.below(4); count > 0; --count) {
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    bytes.append(ProxyHeader::size_max, 'x');
    const ProxyHeader header = parse_proxy_header(bytes);
    ASSERT_NE(header.progress, Progress::need_more) << bytes;
    ASSERT_LE(header.size, ProxyHeader::size_max);
  }
}

}  // namespace
}  // namespace logdist::net
