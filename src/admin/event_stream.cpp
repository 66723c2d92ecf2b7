#include "admin/event_stream.hpp"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "admin/status.hpp"

namespace logdist::admin {
namespace {

namespace asio = boost::asio;

constexpr std::string_view first_lines = "retry: 2000\n\n";  // when a browser is to come back, in ms
constexpr std::string_view heartbeat = ": nothing new\n\n";

}  // namespace

EventStream::EventStream(asio::any_io_executor loop, std::shared_ptr<StatusFeed> feed)
    : feed_(std::move(feed)), wake_(std::move(loop)), joined_(feed_->join(*this)) {}

EventStream::~EventStream() {
  if (joined_) feed_->leave(*this);
}

asio::awaitable<std::string_view> EventStream::next() {
  while (!feed_->stopped()) {
    chunk_.assign(std::exchange(begun_, true) ? std::string_view() : first_lines);
    append_events();
    append_status();
    if (!chunk_.empty()) co_return chunk_;
    wake_.expires_after(feed_->limits().heartbeat_interval);
    const auto [error] = co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!error) co_return heartbeat;
  }
  co_return std::string_view();
}

void EventStream::append_events() {
  for (const Event& event : feed_->events().events()) {
    if (event.number <= events_sent_) continue;
    append("event", to_event_line(event));
    events_sent_ = event.number;
  }
}

void EventStream::append_status() {
  if (!feed_->status() || status_sent_ == feed_->status_number()) return;
  append("status", *feed_->status());
  status_sent_ = feed_->status_number();
}

void EventStream::append(std::string_view type, std::string_view data) {
  chunk_.append("event: ").append(type).append("\ndata: ").append(data).append("\n\n");
}

}  // namespace logdist::admin
