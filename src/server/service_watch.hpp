// Looks at the daemon once a second, on its own behalf.
#pragma once

#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/base/time.hpp"
#include "logdist/telemetry/scrape.hpp"

namespace logdist::server {

/// Takes a scrape, waits a second, and so on, so that what lasts is noticed though nobody
/// asks. Belongs to the thread that runs `control`; its functions must not be called once it
/// is destroyed.
class ServiceWatch {
 public:
  using Gather = std::function<void(std::function<void(telemetry::Scrape)>)>;
  using Look = std::function<void(const telemetry::Scrape&)>;

  static constexpr Duration interval = std::chrono::seconds(1);

  ServiceWatch(boost::asio::io_context& control, Gather gather, Look look)
      : gather_(std::move(gather)), look_(std::move(look)), timer_(control) {}

  void start() {
    gather_([this](const telemetry::Scrape& scrape) {
      if (stopped_) return;
      look_(scrape);
      timer_.expires_after(interval);
      timer_.async_wait([this](boost::system::error_code error) {
        if (!error && !stopped_) start();
      });
    });
  }
  void stop() {
    stopped_ = true;
    timer_.cancel();
  }

 private:
  const Gather gather_;
  const Look look_;
  boost::asio::steady_timer timer_;
  bool stopped_ = false;
};

}  // namespace logdist::server
