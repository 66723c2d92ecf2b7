// What one reader of /v1/events is sent.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "admin/status_feed.hpp"

namespace logdist::admin {

inline constexpr std::string_view event_stream_type = "text/event-stream";

/// Server-sent events (WHATWG HTML, 9.2): `event` for each line of the event log,
/// those it has at the beginning, too, and `status` about once a second. Keeps
/// nothing for a reader but its place: one that reads slowly misses statuses, and
/// events only when they have left the log. Confined to its loop.
class EventStream final : public Watcher {
 public:
  EventStream(boost::asio::any_io_executor loop, std::shared_ptr<StatusFeed> feed);
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  /// False when there are too many already: next() must not be called then.
  bool joined() const { return joined_; }

  /// Waits for what is to be sent next, at most for the heartbeat; empty when it is
  /// over. Valid until the next call.
  boost::asio::awaitable<std::string_view> next();

  void news() override { wake_.cancel(); }

 private:
  void append_events();
  void append_status();
  void append(std::string_view type, std::string_view data);

  const std::shared_ptr<StatusFeed> feed_;
  boost::asio::steady_timer wake_;
  const bool joined_;
  bool begun_ = false;
  std::uint64_t events_sent_ = 0;  ///< up to this number
  std::uint64_t status_sent_ = 0;
  std::string chunk_;
};

}  // namespace logdist::admin
