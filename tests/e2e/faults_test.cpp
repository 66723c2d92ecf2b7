// Analyzers that go wrong in every way, on the wire. Whatever they do: what agents
// were promised is delivered, and the other analyzers do not feel it.
#include <gtest/gtest.h>

#include "tests/e2e/fault_room.hpp"

namespace logdist::e2e {
namespace {

using namespace std::chrono_literals;
using Then = Manner::Then;

const std::string endless_field = "X-More: " + std::string(1000, 'x') + "\r\n";
const std::string endless_chunk = "4000\r\n" + std::string(0x4000, 'x') + "\r\n";

Manner taking(const std::string& answer, Then then) { return {.answer = answer, .then = then}; }

/// What comes is no whole 2xx.
Manner untaking(const std::string& answer, Then then, const std::string& forever = "") {
  return {.answer = answer, .then = then, .forever = forever, .takes = false};
}

std::vector<Fault> faults() {
  const std::string closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const auto byte_pause = sanitized ? 500ms : 100ms;
  return {
      {"Killed", Blow::kill, {"connect_error"}},
      {"Stopped", Blow::stop, {"timeout"}},
      {"Garbage", untaking("\x16\x03 no HTTP at all\r\n\r\n", Then::close), {"protocol_error"}},
      {"HalfAHead", untaking("HTTP/1.1 200 OK\r\nContent-Le", Then::close), {"connection_broken"}},
      {"HalfABody", taking("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", Then::close), {"delivered"}, false},
      {"AByteAtATime", Manner{.byte_pause = byte_pause, .takes = false}, {"timeout"}},
      {"ClosesAfterAnAnswer", taking(good_answer, Then::close), {"delivered"}, false},
      {"SaysThatItCloses", taking(closing, Then::close), {"delivered"}, false},
      {"Http10", taking("HTTP/1.0 200 OK\r\n\r\n", Then::close), {"delivered"}, false},
      {"Refuses", Manner{.listens = false}, {"connect_error"}},
      {"Resets", untaking("", Then::reset), {"connection_broken"}},
      {"NeverAnswers", untaking("", Then::hold), {"timeout"}},
      {"NeverReads", Manner{.reads = false}, {"timeout"}},
      {"SaysOnlyContinue", untaking(go_on, Then::hold), {"timeout"}},
      {"SaysContinueForever", untaking("", Then::close, go_on), {"protocol_error"}},
      {"EndlessHeader", untaking("HTTP/1.1 200 OK\r\n", Then::close, endless_field), {"protocol_error"}},
      {"EndlessBody", Manner{.answer = chunked, .forever = endless_chunk}, {"delivered"}, false},
      {"DropsWhatIsPipelined", Manner{.drops_pipelined = true}, {"delivered"}, false},
  };
}

class Faults : public testing::TestWithParam<Fault> {};

TEST_P(Faults, LoseNothingAndSlowNobody) {
  FaultRoom room(GetParam());
  room.live_quietly();
  room.go_wrong();
  room.heal();
  room.settle();
}

INSTANTIATE_TEST_SUITE_P(OfAnAnalyzer, Faults, testing::ValuesIn(faults()),
                         [](const auto& fault) { return fault.param.name; });

/// delivery.ack: delivered. A 200 is for what an analyzer took that answered well; to have been read by the
/// one that goes wrong does not count.
class FaultsDelivered : public testing::TestWithParam<Fault> {};

TEST_P(FaultsDelivered, A200IsInAJournal) {
  FaultRoom room(GetParam(), "delivered");
  room.live_quietly();
  room.go_wrong();
  room.heal();
  room.settle();
}

INSTANTIATE_TEST_SUITE_P(
    OfAnAnalyzer, FaultsDelivered,
    testing::Values(Fault{"Killed", Blow::kill, {"connect_error"}}, Fault{"Stopped", Blow::stop, {"timeout"}},
                    Fault{"ResetsWhatItHasRead", untaking("", Then::reset), {"connection_broken"}}),
    [](const auto& fault) { return fault.param.name; });

}  // namespace
}  // namespace logdist::e2e
