// The requests under way on one connection, and how far they are written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/container/static_vector.hpp>
#include <boost/intrusive/list.hpp>

#include "logdist/base/time.hpp"
#include "logdist/codec/compression/content.hpp"
#include "logdist/core/attempt.hpp"

namespace logdist::sink {

class Connection;

/// Most pieces handed to one gathered write. Asio passes no more on.
inline constexpr std::size_t max_gathered = 64;
using Gathered = boost::container::static_vector<boost::asio::const_buffer, max_gathered>;

/// One request's place on a connection. The hook is the deadline list's.
struct InFlightRequest : boost::intrusive::list_base_hook<> {
  core::Attempt* attempt = nullptr;
  Connection* connection = nullptr;
  TimePoint deadline{};
  std::string head;                       ///< keeps its capacity from request to request
  std::optional<codec::Content> content;  ///< goes out instead of the packet's body
};

/// First in, first out, in slots that stay where they are. Bodies are written
/// straight from their packets, or from their contents. Sans-I/O; confined to its connection.
class Pipeline {
 public:
  /// `capacity` ≥ 1: most requests under way.
  Pipeline(std::size_t capacity, Connection* connection);

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  InFlightRequest& front() { return requests_[first_]; }
  const InFlightRequest& front() const { return requests_[first_]; }
  InFlightRequest& back() { return requests_[place_of(size_ - 1)]; }

  /// The next free entry, now the last one. There must be room.
  InFlightRequest& push_back();
  /// Takes the front off. When it was not written in full the connection is of
  /// no further use.
  void pop_front();
  /// Takes the last one off; no byte of it may have been written.
  void pop_back();

  /// Whether there is nothing to write.
  bool all_written() const { return written_ == size_; }
  /// Whether every byte of the front was written.
  bool front_written() const { return written_ > 0; }
  /// How many were written at least in part: always the first ones.
  std::size_t begun() const { return written_ + (partial_bytes_ > 0 ? 1 : 0); }

  /// The pieces to be written next, in order.
  Gathered gather() const;
  /// `bytes` of what gather() gave have been written.
  void wrote(std::size_t bytes);

 private:
  std::size_t place_of(std::size_t index) const { return (first_ + index) % requests_.size(); }
  static std::size_t length_of(const InFlightRequest& request);

  std::vector<InFlightRequest> requests_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
  std::size_t written_ = 0;        ///< slots written in full
  std::size_t partial_bytes_ = 0;  ///< written of the request after those
};

}  // namespace logdist::sink
