// A daemon with a configuration file that is changed while packets flow.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/e2e/analyzers.hpp"
#include "tests/e2e/checks.hpp"
#include "tests/e2e/daemon_process.hpp"
#include "tests/e2e/ledger_watch.hpp"
#include "tests/e2e/load.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {

/// Four analyzers, a to d, of which the file names a, b and c with 40, 30 and 30.
class ControlRoom : public testing::Test {
 protected:
  /// An analyzer's index and its weight.
  using Share = std::pair<std::size_t, unsigned>;

  static constexpr std::uint32_t packet_messages = 5;

  ControlRoom();

  /// The file's text with these analyzers, and `more` lines.
  std::string configuration(const std::vector<Share>& shares, const std::string& more = "") const;
  void write(const std::string& text);

  /// POST on the admin port.
  test::HttpReply post(const std::string& target, const std::string& body = "{}", const test::Headers& headers = {});
  nlohmann::json get(const std::string& target);
  /// POST /v1/reload of that file, which is taken.
  nlohmann::json reload(const std::string& text);

  /// 300 packets a second, until stop().
  void begin_load();
  /// Waits until so many more packets were answered.
  void await_packets(std::size_t count);
  /// What each of `shares` takes while 400 packets come; nobody else takes any.
  void expect_shares_of(const std::vector<Share>& shares);
  /// Ends the load: everything accepted has arrived, once, and the books were
  /// balanced all the time.
  void expect_nothing_lost();
  /// Ends the load: each packet was answered 202 and taken, and the books balanced at every scrape. How many there
  /// were.
  std::size_t expect_all_taken();

  test::TemporaryFolder folder_;
  Analyzers analyzers_{{1, 1, 1, 1}};
  std::string file_;
  std::optional<DaemonProcess> daemon_;
  std::optional<test::HttpClient> admin_;
  std::optional<LedgerWatch> watch_;
  std::optional<Load> load_;
};

}  // namespace logdist::e2e
