// A test for each case of tests/http/cases, by topic and name.
#include <cctype>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "case.hpp"
#include "ports.hpp"
#include "tests/ingest/port.hpp"

namespace logdist::http_cases {
namespace {

/// Larger ones take too long byte by byte, and their size is what they are about.
constexpr std::size_t byte_by_byte_max = 2'000;

std::unique_ptr<Ports>& ports() {
  static std::unique_ptr<Ports> both;
  return both;
}

class PortsEnvironment final : public ::testing::Environment {
 public:
  void SetUp() override { ports() = std::make_unique<Ports>(); }
  void TearDown() override { ports().reset(); }
};

class WireCase final : public ::testing::Test {
 public:
  explicit WireCase(const Case& one) : case_(one) {}

  void TestBody() override {
    SCOPED_TRACE(case_.place + ": " + case_.name + " (" + case_.section + ")");
    for (const Case::Port port : {Case::Port::packet, Case::Port::admin}) {
      if (case_.port != port && case_.port != Case::Port::both) continue;
      SCOPED_TRACE(port == Case::Port::packet ? "packet port" : "admin port");
      ports()->play(case_, port, Ports::Writes::whole);
      if (HasFailure() || case_.bytes().size() > byte_by_byte_max) continue;
      ports()->play(case_, port, Ports::Writes::byte_by_byte);
    }
  }

 private:
  const Case& case_;
};

/// As a filter of GoogleTest can have it: letters and digits, the rest as `_`.
std::string plain(const std::string& text) {
  std::string name;
  for (const char byte : text) {
    const bool kept = std::isalnum(static_cast<unsigned char>(byte)) != 0;
    if (kept || (!name.empty() && name.back() != '_')) name += kept ? byte : '_';
  }
  while (name.ends_with('_')) name.pop_back();
  return name;
}

void register_all(const std::vector<Case>& cases) {
  std::map<std::string, int> taken;
  for (const Case& one : cases) {
    const std::string suite = plain(one.topic);
    std::string name = plain(one.name).substr(0, 100);
    if (const int count = ++taken[suite + '.' + name]; count > 1) name += "_" + std::to_string(count);
    ::testing::RegisterTest(suite.c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [&one]() -> ::testing::Test* { return new WireCase(one); });
  }
}

}  // namespace
}  // namespace logdist::http_cases

int main(int argc, char** argv) {
  try {
    const auto cases = logdist::http_cases::load_cases(
        LOGDIST_HTTP_CASES, {{"OUR-NAME", std::string(logdist::ingest::test::Port::via_name)}});
    ::testing::InitGoogleTest(&argc, argv);
    ::testing::AddGlobalTestEnvironment(new logdist::http_cases::PortsEnvironment);
    logdist::http_cases::register_all(cases);
    return RUN_ALL_TESTS();
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
