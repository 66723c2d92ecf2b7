// What the machine around the daemon does to it: file descriptors that run out,
// names that fail and change, a network that loses, delays and parts. (When a name
// is looked up again has tests of its own: tests/sink/http/names_test.cpp.)
#include <gmock/gmock.h>

#include <fmt/format.h>
#include <boost/asio.hpp>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>

#include "tests/e2e/checks.hpp"
#include "tests/e2e/delivered.hpp"
#include "tests/e2e/ledger_watch.hpp"
#include "tests/e2e/network.hpp"
#include "tests/e2e/raw_analyzer.hpp"
#include "tests/e2e/slowness.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

Settings settings_of(const std::string& analyzers, Settings settings = {}) {
  settings.insert({{"ANALYZERS", analyzers},
                   {"DELIVERY__TIMEOUT", sanitized ? "2s" : "500ms"},
                   {"DELIVERY__RETRY__INITIAL", "20ms"},
                   {"DELIVERY__RETRY__MAX", "100ms"},
                   {"HEALTH__INTERVAL", "200ms"},
                   {"HEALTH__TIMEOUT", sanitized ? "2s" : "500ms"},
                   {"HEALTH__BACKOFF__INITIAL", "100ms"},
                   {"HEALTH__BACKOFF__MAX", "300ms"},
                   {"HEALTH__SLOW_START", "0"}});
  return settings;
}

/// A daemon between many small loads.
class Surroundings : public testing::Test {
 protected:
  void start(const std::string& analyzers, Settings settings = {}, const Launch& launch = {}) {
    daemon_.emplace(settings_of(analyzers, std::move(settings)), launch);
    watch_ = std::make_unique<LedgerWatch>(daemon_->admin_url());
    EXPECT_TRUE(send());
    EXPECT_TRUE(send());
    quiet_bytes_ = resident_bytes(*daemon_);
  }

  /// A twin of the daemon, with one good analyzer, of that name: all that is sent goes to the twin, too.
  void start_twin(const std::string& analyzer) {
    twin_analyzer_.emplace(folder_.file("twin"));
    twin_.emplace(settings_of(analyzer + "=" + twin_analyzer_->url() + "/ weight=1"));
  }

  /// In the trouble that there is: the twin's analyzer is not served faster than that of the same name.
  void expect_not_slowed(
      const std::string& analyzer, const std::function<void()>& begin_anew = [] {}) {
    const auto slowed = [&] {
      return are_slowed({analyzer}, *daemon_, *twin_, [&] {
        for (int i = 0; i < 8; ++i) EXPECT_TRUE(send());
      });
    };
    EXPECT_FALSE(are_judged_slowed(slowed, begin_anew)) << analyzer << " is served more slowly";
  }

  /// Whether all of it was accepted.
  bool send() {
    LoadPlan plan;
    plan.name = "load" + std::to_string(loads_++);
    plan.agents = 5;
    plan.packets_each = 10;
    plan.messages_max = 20;
    plan.packets_per_second = 500;
    std::optional<Load> beside;
    if (twin_) beside.emplace(twin_->packet_url(), plan);
    const std::vector<Sent> sent = send_all(daemon_->packet_url(), plan);
    if (beside) expect_answers(beside->finish(), 202);
    sent_.insert(sent_.end(), sent.begin(), sent.end());
    return with_status(sent, 202).size() == sent.size();
  }

  /// Load after load, until it has come to that.
  template <typename Condition>
  void send_until(Condition condition) {
    EXPECT_TRUE(eventually([&] {
      EXPECT_TRUE(send());
      return condition();
    }));
  }

  /// Where the analyzer has come to be in service, under load.
  void send_until_in_service(const std::string& analyzer) {
    send_until([&] { return daemon_->metrics().of("analyzer_in_service", analyzer) == 1; });
  }

  std::size_t taken(const std::string& journal) const { return read_journal(folder_.file(journal)).size(); }

  void expect_all_delivered(const std::vector<std::string>& analyzers, const std::vector<std::string>& journals) {
    ASSERT_TRUE(daemon_->await([](const auto& status) { return status["queue"]["packets"] == 0; }));
    watch_->expect_balanced();
    std::vector<Entry> entries;
    for (const std::string& journal : journals) {
      const std::vector<Entry> more = read_journal(folder_.file(journal));
      entries.insert(entries.end(), more.begin(), more.end());
    }
    const Delivered delivered = compare(sent_, entries);
    EXPECT_THAT(delivered.lost, IsEmpty());
    EXPECT_THAT(delivered.altered, IsEmpty());
    EXPECT_THAT(delivered.invented, IsEmpty());
    EXPECT_EQ(daemon_->metrics().packets("dead_lettered"), 0) << "others would have taken them";
    EXPECT_LE(static_cast<double>(delivered.duplicates), explained_duplicates(daemon_->metrics(), analyzers));
    expect_memory_back(*daemon_, quiet_bytes_);
    daemon_->expect_clean_end();
  }

  const test::TemporaryFolder folder_;
  std::optional<DaemonProcess> daemon_;
  std::unique_ptr<LedgerWatch> watch_;
  std::optional<RawAnalyzer> twin_analyzer_;
  std::optional<DaemonProcess> twin_;
  std::vector<Sent> sent_;
  double quiet_bytes_ = 0;
  std::size_t loads_ = 0;
};

TEST_F(Surroundings, SixtyFourFileDescriptors) {
  RawAnalyzer a(folder_.file("a"));
  RawAnalyzer b(folder_.file("b"));
  // Slow, so that more connections are wanted than there can be.
  a.behave({.byte_pause = std::chrono::microseconds(200)});
  b.behave({.byte_pause = std::chrono::microseconds(200)});
  start("a=" + a.url() + "/ weight=1, b=" + b.url() + "/ weight=1",
        {{"DELIVERY__TIMEOUT", "20s"}, {"HEALTH__TIMEOUT", "20s"}}, {.wrapper = {"prlimit", "--nofile=64:64"}});
  ASSERT_TRUE(daemon_->process().wait_for_line("at most 64 open files are allowed"));
  LoadPlan plan;
  plan.name = "early";
  plan.agents = 8;
  plan.packets_each = LoadPlan::endless;
  Load early(daemon_->packet_url(), plan);
  ASSERT_TRUE(eventually([&] { return early.answered() > 100; }));

  // They send nothing, and so make room for one another before an agent at work does.
  std::vector<std::unique_ptr<test::RawSocket>> crowd;
  for (int i = 0; i < 100; ++i) crowd.push_back(std::make_unique<test::RawSocket>(daemon_->packet_url()));
  ASSERT_TRUE(eventually([&] {
    const auto metrics = daemon_->metrics();
    return metrics.value("logdist_connections") == metrics.value("logdist_connections_capacity");
  })) << "the admin port is still there, too";
  const std::size_t before = early.answered();
  EXPECT_TRUE(eventually([&] { return early.answered() > before + 100; })) << "who is in stays in";
  EXPECT_LE(daemon_->metrics().value("process_open_fds"), 64);
  EXPECT_EQ(daemon_->metrics().value("process_max_fds"), 64);
  for (const char* analyzer : {"a", "b"}) {
    EXPECT_EQ(daemon_->metrics().of("analyzer_failures_total", analyzer), 0) << "what we lack is not their failure";
  }
  crowd.clear();
  early.stop();
  const std::vector<Sent> inside = early.finish();
  expect_answers(inside, 202);
  sent_.insert(sent_.end(), inside.begin(), inside.end());
  EXPECT_TRUE(eventually([&] { return send(); })) << "there is room again";
  expect_all_delivered({"a", "b"}, {"a", "b"});
}

/// The names of one process, in a mount namespace of its own.
class Hosts {
 public:
  /// `asked`: what they are looked up in.
  explicit Hosts(const test::TemporaryFolder& folder, const std::string& asked = "files")
      : hosts_(folder.write("hosts", "")),
        switch_(folder.write("nsswitch.conf", "hosts: " + asked + "\n")),
        resolver_(folder.write("resolv.conf", "nameserver 127.0.0.1\n")) {}

  /// `name` leads to `address` from now on; nowhere when that is empty.
  void set(const std::string& name, const std::string& address) {
    std::ofstream(hosts_) << (address.empty() ? "" : address + " " + name + "\n");
  }
  std::vector<std::string> wrapper() const {
    const std::string command = R"(mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/nsswitch.conf && )"
                                R"(mount --bind "$2" /etc/resolv.conf && shift 2 && exec "$@")";
    return {"unshare", "--map-root-user", "--mount", "sh", "-c", command, hosts_, switch_, resolver_};
  }
  /// Why it cannot be done here; empty when it can.
  std::string refused() const {
    test::ProcessOptions attempt;
    attempt.program = "true";
    attempt.wrapper = wrapper();
    test::Process process(attempt);
    return process.wait_exit(patience) == 0 ? "" : "no mount namespace may be made: " + process.errors();
  }

 private:
  const std::string hosts_;
  const std::string switch_;
  const std::string resolver_;
};

TEST_F(Surroundings, ANameThatFailsAndChanges) {
  Hosts hosts(folder_);
  if (const std::string why = hosts.refused(); !why.empty()) GTEST_SKIP() << why;
  RawAnalyzer steady(folder_.file("steady"));
  RawAnalyzer first(folder_.file("first"), "127.0.0.1");
  RawAnalyzer second(folder_.file("second"), "127.0.0.2", first.port());
  start(fmt::format("steady={}/ weight=1, named=http://analyzer.test:{}/ weight=1", steady.url(), first.port()), {},
        {.wrapper = hosts.wrapper()});
  start_twin("steady");

  send_until([&] { return daemon_->metrics().attempts("named", "connect_error") > 0; });
  ASSERT_TRUE(daemon_->await_state("named", "failed"));
  expect_not_slowed("steady");
  EXPECT_EQ(taken("first") + taken("second"), 0u);

  hosts.set("analyzer.test", "127.0.0.1");
  send_until_in_service("named");
  send_until([&] { return taken("first") > 0; });
  EXPECT_EQ(taken("second"), 0u);

  // It moves: what is kept breaks, what is remembered is no longer right.
  hosts.set("analyzer.test", "127.0.0.2");
  first.behave({.listens = false});
  send_until([&] { return taken("second") > 0; });
  send_until_in_service("named");

  hosts.set("analyzer.test", "");
  second.behave({.listens = false});
  ASSERT_TRUE(daemon_->await_state("named", "failed"));
  expect_not_slowed("steady");
  expect_all_delivered({"steady", "named"}, {"steady", "first", "second"});
}

TEST_F(Surroundings, ANameWhoseServerIsSilent) try {
  TwoNetworks networks;  // for a port 53 of our own
  Hosts hosts(folder_, "dns");
  if (const std::string why = hosts.refused(); !why.empty()) throw NotAllowed(why);
  boost::asio::io_context io;
  using boost::asio::ip::udp;
  const udp::socket name_server(io, {boost::asio::ip::make_address("127.0.0.1"), 53});
  RawAnalyzer steady(folder_.file("steady"));
  start("steady=" + steady.url() + "/ weight=1, named=http://analyzer.test:9/ weight=1", {},
        {.wrapper = hosts.wrapper()});
  start_twin("steady");
  send_until([&] { return daemon_->metrics().attempts("named", "connect_error") > 0; });
  ASSERT_TRUE(daemon_->await_state("named", "failed"));
  EXPECT_GT(name_server.available(), 0u) << "it was asked";
  expect_not_slowed("steady");
  expect_all_delivered({"steady", "named"}, {"steady"});
} catch (const NotAllowed& why) {
  GTEST_SKIP() << why.what();
}

TEST_F(Surroundings, ANetworkThatParts) try {
  TwoNetworks networks;
  RawAnalyzer near(folder_.file("near"));
  std::optional<RawAnalyzer> far;
  networks.in_far([&] { far.emplace(folder_.file("far"), TwoNetworks::far_address); });
  start("near=" + near.url() + "/ weight=1, far=" + far->url() + "/ weight=1");
  start_twin("near");
  send_until([&] { return taken("far") > 0; });

  networks.cut();
  // From the very cut on, when packets are still sent there.
  expect_not_slowed("near", [&] {
    networks.join();
    send_until_in_service("far");
    networks.cut();
  });
  send_until([&] { return daemon_->metrics().attempts("far", "timeout") > 0; });
  ASSERT_TRUE(daemon_->await_state("far", "failed"));
  const std::size_t before = taken("near");
  EXPECT_TRUE(send());
  EXPECT_TRUE(eventually([&] { return taken("near") >= before + 50; })) << "the others take all";

  networks.join();
  send_until_in_service("far");
  expect_all_delivered({"near", "far"}, {"near", "far"});
} catch (const NotAllowed& why) {
  GTEST_SKIP() << why.what();
}

TEST_F(Surroundings, ANetworkThatLosesAndDelays) try {
  const Impairment impairment{.delay_min = 5ms, .delay_max = 15ms, .loss = 0.03, .seed = 20'261};
  std::cout << "seed " << impairment.seed << '\n';
  TwoNetworks networks(impairment);
  RawAnalyzer near(folder_.file("near"));
  std::optional<RawAnalyzer> far;
  networks.in_far([&] { far.emplace(folder_.file("far"), TwoNetworks::far_address); });
  start("near=" + near.url() + "/ weight=1, far=" + far->url() + "/ weight=1");
  start_twin("near");
  send_until([&] { return taken("far") > 300; });
  expect_not_slowed("near");
  EXPECT_GT(networks.lost(), 0u);
  EXPECT_GT(Durations(Samples(""), daemon_->metrics(), {"far"}).p99_seconds(), 0.01) << "there and back";
  expect_all_delivered({"near", "far"}, {"near", "far"});
} catch (const NotAllowed& why) {
  GTEST_SKIP() << why.what();
}

}  // namespace
}  // namespace logdist::e2e
