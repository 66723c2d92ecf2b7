#include "logdist/registry/loop_check.hpp"

#include <gtest/gtest.h>

#include "tests/net/scripted_names.hpp"

namespace logdist::registry {
namespace {

using boost::asio::ip::make_address;
using ListenAddresses = std::optional<std::vector<config::ListenAddress>>;

class LoopCheckTest : public ::testing::Test {
 protected:
  LoopCheckTest() {
    scripted.set("collector.example", {"192.0.2.7"});
    scripted.set("all.example", {"192.0.2.9", "192.0.2.7"});
    scripted.set("other.example", {"192.0.2.8"});
    scripted.set("six.example", {"2001:db8::7"});
    names.lookup = scripted.lookup();
    names.addresses = {make_address("127.0.0.1"), make_address("192.0.2.7"), make_address("2001:db8::7")};
  }

  /// The faults of a configuration that listens and sends there.
  std::vector<std::string> faults(const std::string& listen, const std::string& url,
                                  const ListenAddresses& listening = std::nullopt) {
    const std::string text = "server: {listen: '" + listen + "'}\nanalyzers:\n- {name: a, url: '" + url + "'}\n";
    config::Loaded loaded = config::load_text(text, "f.yaml", {});
    EXPECT_TRUE(loaded.errors.empty());
    check_loops(loaded, listening, names);
    std::vector<std::string> lines;
    for (const config::Error& fault : loaded.errors) lines.push_back(to_string(fault));
    return lines;
  }
  bool is_loop(const std::string& listen, const std::string& url, const ListenAddresses& listening = std::nullopt) {
    return !faults(listen, url, listening).empty();
  }

  net::ScriptedNames scripted;
  LocalNames names;
};

TEST_F(LoopCheckTest, SaysWhereAndWhy) {
  EXPECT_EQ(
      faults("0.0.0.0:8080", "http://collector.example:8080/v1/packets"),
      std::vector<std::string>{"f.yaml:3: analyzers[0].url: \"http://collector.example:8080/v1/packets\" is a "
                               "loop: this daemon itself receives packets there (0.0.0.0:8080); allowed: an analyzer"});
}

TEST_F(LoopCheckTest, ByAnyNameOrAddress) {
  for (const char* url : {"http://192.0.2.7:8080", "http://all.example:8080", "http://[::ffff:192.0.2.7]:8080"}) {
    EXPECT_TRUE(is_loop("0.0.0.0:8080", url)) << url;
    EXPECT_TRUE(is_loop("192.0.2.7:8080", "http://collector.example:8080")) << url;
  }
  EXPECT_TRUE(is_loop("[::]:8080", "http://[2001:db8::7]:8080"));
  EXPECT_TRUE(is_loop("[::]:8080", "http://192.0.2.7:8080"));
  EXPECT_TRUE(is_loop("collector.example:8080", "http://192.0.2.7:8080"));
}

TEST_F(LoopCheckTest, OthersAreNone) {
  EXPECT_FALSE(is_loop("0.0.0.0:8080", "http://other.example:8080"));
  EXPECT_FALSE(is_loop("0.0.0.0:8080", "http://192.0.2.8:8080"));
  EXPECT_FALSE(is_loop("0.0.0.0:8080", "http://[2001:db8::7]:8080")) << "it listens on IPv4 alone";
  EXPECT_FALSE(is_loop("127.0.0.1:8080", "http://collector.example:8080"));
  EXPECT_FALSE(is_loop("0.0.0.0:8080", "http://unknown.example:8080"));
}

TEST_F(LoopCheckTest, AnotherPortIsNotLookedUp) {
  EXPECT_FALSE(is_loop("0.0.0.0:8080", "http://collector.example:8081"));
  EXPECT_FALSE(is_loop("0.0.0.0:0", "http://collector.example:8080"));
  EXPECT_EQ(scripted.asked("collector.example"), 0u);
}

TEST_F(LoopCheckTest, AnyOfSeveralAddressesIsOurs) {
  const std::string listen = "127.0.0.1:8080, [2001:db8::7]:8081, unix:/run/packets.sock";
  EXPECT_TRUE(is_loop(listen, "http://six.example:8081"));
  EXPECT_FALSE(is_loop(listen, "http://collector.example:8080"));
  EXPECT_FALSE(is_loop("unix:/run/packets.sock", "http://127.0.0.1:8080"));
}

TEST_F(LoopCheckTest, WhereItListensInTruthDecides) {
  const ListenAddresses open{{{"0.0.0.0", 4711}}};
  EXPECT_TRUE(is_loop("0.0.0.0:0", "http://collector.example:4711", open));
  EXPECT_FALSE(is_loop("0.0.0.0:8080", "http://collector.example:8080", open));
}

TEST_F(LoopCheckTest, ASilentNameIsPassedOver) {
  const net::ScriptedNames::Silence silence(scripted, "collector.example");
  names.limit = std::chrono::milliseconds(10);
  EXPECT_FALSE(is_loop("0.0.0.0:8080", "http://collector.example:8080"));
}

TEST_F(LoopCheckTest, ThisMachineHasItsLoopback) {
  const auto found = LocalNames::of_this_machine().addresses;
  EXPECT_NE(std::find(found.begin(), found.end(), make_address("127.0.0.1")), found.end());
}

}  // namespace
}  // namespace logdist::registry
