// Answers on their way to the agent.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace logdist::ingest {

/// Answers not yet sent, in the order in which they were appended. Nearly all are
/// sent from where they were composed, at once.
///
/// Bounded by the input: no request is begun while the socket takes no more, so
/// behind what is held up there is at most what the request already begun is told.
class Output {
 public:
  /// Where answers are appended, at any time.
  std::string& tail() { return bytes_; }

  bool empty() const { return bytes_.empty(); }
  /// The bytes to send next; they move when something is appended.
  std::string_view unsent() const { return std::string_view(bytes_).substr(sent_bytes_); }

  /// The socket takes no more for now.
  void block() { blocked_ = true; }
  /// From block() until all is sent.
  bool blocked() const { return blocked_; }

  /// The first `count_bytes` of unsent() are sent.
  void sent(std::size_t count_bytes) {
    sent_bytes_ += count_bytes;
    if (sent_bytes_ < bytes_.size()) return;
    blocked_ = false;
    sent_bytes_ = 0;
    bytes_.clear();
    if (bytes_.capacity() > kept_capacity_bytes) bytes_.shrink_to_fit();
  }

 private:
  /// A string larger than this is not kept between answers.
  static constexpr std::size_t kept_capacity_bytes = 1024;

  std::string bytes_;
  std::size_t sent_bytes_ = 0;
  bool blocked_ = false;
};

}  // namespace logdist::ingest
