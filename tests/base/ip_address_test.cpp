#include "logdist/base/ip_address.hpp"

#include <gtest/gtest.h>

namespace logdist {
namespace {

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  for (const char* text : {"192.0.2.1", "0.0.0.0", "2001:db8::1", "::1", "::"}) {
    const auto address = IpAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), text);
  }
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1"), IpAddress::parse("192.0.2.1"));
  EXPECT_EQ(IpAddress().to_string(), "");
  EXPECT_FALSE(IpAddress().is_set());
}

TEST(IpAddress, IsNothingElse) {
  for (const char* text : {"", "192.0.2", "192.0.2.256", "192.0.2.1:80", "[::1]", "::1%eth0", "host", " 192.0.2.1",
                           "1.2.3.4.5", ":::", "12345::", "0000:0000:0000:0000:0000:0000:0000:0000:0000:0001"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("192.0.2.1\0", 10)));
}

TEST(Network, HoldsTheAddressesOfItsPrefix) {
  const auto in = [](const char* network, const char* address) {
    return Network::parse(network)->contains(*IpAddress::parse(address));
  };
  EXPECT_TRUE(in("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(in("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(in("192.0.2.128/25", "192.0.2.129"));
  EXPECT_FALSE(in("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(in("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(in("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(in("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(in("0.0.0.0/0", "::1"));
  EXPECT_TRUE(in("::/0", "203.0.113.9")) << "as IPv6 maps it";
  EXPECT_TRUE(in("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(in("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_FALSE(Network::parse("::/0")->contains(IpAddress()));
}

TEST(Network, IsReadStrictly) {
  for (const char* text : {"10.0.0.0/33", "10.0.0.1/8", "2001:db8::1/64", "::/129", "10.0.0.0/", "10.0.0.0/+8", "/8",
                           "10.0.0.0/8/8", "host/8"}) {
    EXPECT_FALSE(Network::parse(text)) << text;
  }
  EXPECT_EQ(Network::parse("10.0.0.0/8")->to_string(), "10.0.0.0/8");
  EXPECT_EQ(Network::parse("::1")->to_string(), "::1/128");
}

TEST(Network, OfUnixSocketsHoldsThoseWithoutAnAddress) {
  const auto network = Network::parse("unix:");
  ASSERT_TRUE(network);
  EXPECT_TRUE(network->contains({}));
  EXPECT_FALSE(network->contains(*IpAddress::parse("0.0.0.0")));
  EXPECT_FALSE(Network::parse("::/0")->contains({}));
  EXPECT_EQ(network->to_string(), "unix:");
  EXPECT_FALSE(Network::parse("unix:/path"));
}

}  // namespace
}  // namespace logdist
