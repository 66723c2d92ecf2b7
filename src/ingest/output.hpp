// Answers on their way to the agent.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace logdist::ingest {

/// Answers not yet sent. They are appended at any time, also while a write is
/// under way: that one reads from a string of its own, which nothing moves. An
/// answer that the socket takes at once, as nearly all, is sent from where it was
/// composed.
///
/// Bounded by the input: no request is begun while a write is under way, so behind
/// it there is at most what the request already begun is told.
class Output {
 public:
  /// Where answers are appended.
  std::string& tail() { return tail_; }

  bool empty() const { return tail_.empty() && head_.empty(); }
  bool under_way() const { return under_way_; }

  /// The bytes to send next; they move when something is appended. Not while a
  /// write is under way.
  std::string_view next() const { return unsent(head_.empty() ? tail_ : head_); }

  /// Begins a write that ends later, with sent(): its bytes stay where they are
  /// until then, and are there as long as this is.
  std::string_view begin_write() {
    if (head_.empty()) head_.swap(tail_);
    under_way_ = true;
    return unsent(head_);
  }

  /// The first `count_bytes` of what next() or begin_write() told are sent; a write
  /// under way is over.
  void sent(std::size_t count_bytes) {
    under_way_ = false;
    sent_bytes_ += count_bytes;
    std::string& source = head_.empty() ? tail_ : head_;
    if (sent_bytes_ < source.size()) return;
    sent_bytes_ = 0;
    source.clear();
    if (source.capacity() > kept_capacity_bytes) source.shrink_to_fit();
  }

 private:
  /// A string larger than this is not kept between answers.
  static constexpr std::size_t kept_capacity_bytes = 1024;

  std::string_view unsent(const std::string& source) const { return std::string_view(source).substr(sent_bytes_); }

  std::string head_;            ///< what did not go at once; goes before tail_
  std::string tail_;            ///< what was appended since
  std::size_t sent_bytes_ = 0;  ///< of head_, or of tail_ when there is no head_
  bool under_way_ = false;
};

}  // namespace logdist::ingest
