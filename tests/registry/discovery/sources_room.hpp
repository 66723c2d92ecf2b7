// A scripted server on the test's loop, and discovery on its thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "logdist/config/load.hpp"
#include "logdist/registry/discovery/discovery.hpp"
#include "tests/sink/http/scripted_server.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::registry {

using sink::ReceivedRequest;
using sink::ScriptedServer;
using sink::Session;

inline std::string http_ok(const std::string& body, const std::string& fields = "") {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), fields, body);
}

class Sources : public testing::Test {
 protected:
  /// `sources`: the list of discovery; SERVER is the scripted server's URL.
  void start(std::string sources) {
    for (std::size_t at = sources.find("SERVER"); at != sources.npos; at = sources.find("SERVER")) {
      sources.replace(at, 6, "http://127.0.0.1:" + port_);
    }
    const std::string text = fmt::format("discovery:\n- cache: '{}'\n{}", folder_.file("cache"), sources);
    const config::Loaded loaded = config::load_text(text, "f.yaml", {});
    ASSERT_TRUE(loaded.errors.empty()) << to_string(loaded.errors[0]);
    options_ = loaded.options;
    discovery_.emplace(io_, options_, 1);
    discovery_->start([this](const std::string& source) { ++changes_[source]; });
  }

  /// By name, with the weight where it is not 1.
  std::vector<std::string> analyzers() {
    config::Options all = options_;
    discovery_->complete(all);
    std::vector<std::string> names;
    for (const auto& analyzer : all.analyzers) {
      const double weight = analyzer.weight.value();
      names.push_back(weight == 1 ? analyzer.name : fmt::format("{}={}", analyzer.name, weight));
    }
    return names;
  }

  void run_until(const std::function<bool()>& holds) {
    const auto limit = Clock::now() + std::chrono::seconds(60);
    while (!holds()) {
      ASSERT_LT(Clock::now(), limit) << "waited too long";
      io_.run_one_for(std::chrono::milliseconds(100));
      io_.restart();
    }
  }
  void run_until_set(const std::vector<std::string>& wanted) {
    run_until([&] { return analyzers() == wanted; });
  }
  telemetry::SourceFacts facts() { return discovery_->facts().at(0); }

  test::TemporaryFolder folder_;
  boost::asio::io_context io_;
  ScriptedServer server_{io_};
  const std::string port_ = server_.port();  ///< also when it does not listen any more
  config::Options options_;
  std::map<std::string, int> changes_;
  std::optional<Discovery> discovery_;
};

}  // namespace logdist::registry
