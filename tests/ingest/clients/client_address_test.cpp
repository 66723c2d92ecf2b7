// X-Forwarded-For: who is believed, and how far.
#include "logdist/ingest/clients/client_address.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace logdist::ingest {
namespace {

std::string client(const std::string& fields, const std::string& peer = "10.0.0.1") {
  const std::vector<Network> trusted{*Network::parse("10.0.0.0/8"), *Network::parse("2001:db8::/32")};
  return client_of(IpAddress::parse(peer).value_or(IpAddress()), fields, trusted).to_string();
}

TEST(ClientAddress, IsThePeerWithoutTheField) {
  EXPECT_EQ(client(""), "10.0.0.1");
  EXPECT_EQ(client("Host: a\r\nForwarded: for=192.0.2.1\r\n"), "10.0.0.1");
}

TEST(ClientAddress, IsThePeerThatIsNotTrusted) {
  EXPECT_EQ(client("X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.9"), "192.0.2.9");
  EXPECT_EQ(client("X-Forwarded-For: 192.0.2.1\r\n", ""), "") << "nor a unix socket that is not listed";
}

TEST(ClientAddress, IsTheLastThatIsNotTrusted) {
  EXPECT_EQ(client("X-Forwarded-For: 192.0.2.1\r\n"), "192.0.2.1");
  EXPECT_EQ(client("x-forwarded-for: 203.0.113.9, 192.0.2.1, 10.0.0.2\r\nHost: a\r\n"), "192.0.2.1")
      << "what is before it, anybody may have written";
  EXPECT_EQ(client("X-Forwarded-For: 10.0.0.3\r\n"), "10.0.0.3") << "all are trusted: the first of them";
}

TEST(ClientAddress, SeveralLinesAreOneList) {
  EXPECT_EQ(client("X-Forwarded-For: 192.0.2.1\r\nHost: a\r\nX-Forwarded-For: 10.0.0.2\r\n"), "192.0.2.1");
  EXPECT_EQ(client("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n"), "192.0.2.2");
  EXPECT_EQ(client("X-Forwarded-For: ,192.0.2.1 ,, \r\nX-Forwarded-For:\r\n"), "192.0.2.1");
}

TEST(ClientAddress, EntriesMayHavePortsAndBrackets) {
  EXPECT_EQ(client("X-Forwarded-For: 192.0.2.1:4711\r\n"), "192.0.2.1");
  EXPECT_EQ(client("X-Forwarded-For: 2001:db9::1\r\n"), "2001:db9::1");
  EXPECT_EQ(client("X-Forwarded-For: [2001:db9::1]\r\n"), "2001:db9::1");
  EXPECT_EQ(client("X-Forwarded-For: 192.0.2.7, [2001:db8::1]:80\r\n"), "192.0.2.7");
}

TEST(ClientAddress, WhatIsNoAddressEndsTheList) {
  for (const char* entry :
       {"unknown", "192.0.2.256", "[192.0.2.1]", "[2001:db9::1", "[2001:db9::1]x", "_hidden", ":"}) {
    EXPECT_EQ(client("X-Forwarded-For: 203.0.113.9, " + std::string(entry) + "\r\n"), "10.0.0.1") << entry;
    EXPECT_EQ(client("X-Forwarded-For: " + std::string(entry) + ", 10.0.0.2\r\n"), "10.0.0.2") << entry;
  }
}

}  // namespace
}  // namespace logdist::ingest
