#include "logdist/tools/top/top_command.hpp"

#include <gmock/gmock.h>

#include "tests/tools/scripted_server.hpp"
#include "tests/tools/top/top_sample.hpp"

namespace logdist::tools {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

/// `top` with its output in a pipe.
class TopCommand : public testing::Test {
 protected:
  int run(const ScriptedServer::Script& script, std::uint64_t looks) {
    const ScriptedServer server(script);
    return run_at(server.url_text(), looks);
  }

  int run_at(const std::string& url, std::uint64_t looks) {
    TopCommandOptions options;
    options.port.url = url;
    options.interval = 1ms;
    options.count = looks;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = run_top(options, config::Environment{});
    output_ = testing::internal::GetCapturedStdout();
    errors_ = testing::internal::GetCapturedStderr();
    return code;
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> result;
    for (std::size_t at = 0; at < output_.size();) {
      const std::size_t end = output_.find('\n', at);
      result.push_back(output_.substr(at, end - at));
      at = end + 1;
    }
    return result;
  }

  std::string output_;
  std::string errors_;
};

ScriptedAnswer status_after(std::size_t seconds) {
  return {.status = 200, .body = sample_status_text(static_cast<int>(seconds))};
}

TEST_F(TopCommand, PrintsALineForEachLook) {
  EXPECT_EQ(run([](const SeenRequest&, std::size_t index) { return status_after(index); }, 2), 0) << errors_;
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("  ready  1,000 packets/s"),
                                   AllOf(HasSubstr("  alpha 75.0%"), HasSubstr("  beta failed"))));
  EXPECT_THAT(output_, Not(HasSubstr("\x1b"))) << "no colours in a pipe";
}

TEST_F(TopCommand, OneLookHasRatesToo) {
  EXPECT_EQ(run([](const SeenRequest&, std::size_t index) { return status_after(index); }, 1), 0) << errors_;
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("  ready  1,000 packets/s")));
}

TEST_F(TopCommand, WaitsForADaemonThatIsAway) {
  const auto away_for_one = [](const SeenRequest&, std::size_t index) {
    return index == 1 ? ScriptedAnswer{.status = 503, .body = "the loops did not report in time"} : status_after(index);
  };
  EXPECT_EQ(run(away_for_one, 2), 0) << errors_;
  ASSERT_THAT(lines(), SizeIs(2)) << "no event is new";
  EXPECT_THAT(lines()[0], AllOf(HasSubstr("not reachable since "), HasSubstr("the loops did not report in time")));
  EXPECT_THAT(lines()[1], HasSubstr("  ready  1,000 packets/s")) << "over the time that has passed";
}

TEST_F(TopCommand, ARestartedDaemonHasNoRatesYet) {
  const auto restarted = [](const SeenRequest&, std::size_t index) { return status_after(index == 0 ? 50 : 1); };
  EXPECT_EQ(run(restarted, 2), 0) << errors_;
  EXPECT_THAT(lines().back(), HasSubstr("  ready  - packets/s"));
  EXPECT_THAT(lines(), Contains(HasSubstr("reload  1 analyzer changed"))) << "its events are all new";
}

TEST_F(TopCommand, FailsWhenTheLastLookHasFailed) {
  EXPECT_EQ(run_at("http://127.0.0.1:1", 2), 1);
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("not reachable since "))) << "once";
  const auto something_else = [](const SeenRequest&, std::size_t) {
    return ScriptedAnswer{.status = 200, .body = "<html>"};
  };
  EXPECT_EQ(run(something_else, 1), 1);
  EXPECT_THAT(output_, HasSubstr("the answer is not a status"));
  EXPECT_EQ(run([](const SeenRequest&, std::size_t) { return ScriptedAnswer{.status = 404}; }, 1), 1);
  EXPECT_THAT(output_, HasSubstr("/v1/status: 404 Not Found"));
}

TEST_F(TopCommand, AUrlThatIsNoneIsSaidAtOnce) {
  EXPECT_EQ(run_at("ftp://x", 1), 1);
  EXPECT_EQ(output_, "");
  EXPECT_THAT(errors_, HasSubstr("log-distributor top: --url"));
}

}  // namespace
}  // namespace logdist::tools
