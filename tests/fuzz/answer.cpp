// Any bytes as an analyzer's answers: the same ones whether they come at once or
// one by one, each with a status, its end after its head, never more unparsed than a
// connection holds.
// When a fault is noticed may differ: what came at once is looked at sooner.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/base/check.hpp"
#include "logdist/sink/http/answer_reader.hpp"

namespace logdist::sink {
namespace {

using Result = AnswerReader::Result;

struct Told {
  unsigned status;
  bool keep_alive;
  std::string retry_after;
  bool ended = false;

  friend bool operator==(const Told&, const Told&) = default;
};

class Connection {
 public:
  /// Nothing is looked at after an answer that ends the connection.
  void receive(std::string_view bytes) {
    if (ended() || bytes.empty()) return;
    const auto room = input_.prepare(bytes.size());
    std::memcpy(room.data(), bytes.data(), bytes.size());
    input_.commit(bytes.size());
    while (!ended() && take(reader_.read(input_))) {
    }
    LOGDIST_CHECK(ended() || input_.size() <= max_unparsed_bytes);
  }

  void close() {
    if (!ended()) take(reader_.end_of_stream());
  }

  const std::vector<Told>& told() const { return told_; }

 private:
  bool ended() const { return broken_ || (!told_.empty() && told_.back().ended && !told_.back().keep_alive); }

  bool take(Result result) {
    broken_ = broken_ || result == Result::broken;
    if (result == Result::end) {
      LOGDIST_CHECK(!told_.empty() && !told_.back().ended && !reader_.in_body());
      told_.back().ended = true;
      return true;
    }
    if (result != Result::head) return false;
    const AnswerHead& head = reader_.head();
    LOGDIST_CHECK(head.status >= 200 && head.status <= 999 && reader_.in_body());
    LOGDIST_CHECK(told_.empty() || told_.back().ended);
    told_.push_back({head.status, head.keep_alive, head.retry_after});
    return true;
  }

  boost::beast::flat_buffer input_;
  AnswerReader reader_;
  std::vector<Told> told_;
  bool broken_ = false;
};

void read(std::string_view bytes) {
  Connection at_once;
  at_once.receive(bytes);
  at_once.close();

  Connection one_by_one;
  for (std::size_t i = 0; i < bytes.size(); ++i) one_by_one.receive(bytes.substr(i, 1));
  one_by_one.close();
  LOGDIST_CHECK(at_once.told() == one_by_one.told());
}

}  // namespace
}  // namespace logdist::sink

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  logdist::sink::read({reinterpret_cast<const char*>(data), size});
  return 0;
}
