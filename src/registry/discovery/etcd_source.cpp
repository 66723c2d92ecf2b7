// etcd version 3: a range, then a watch that tells when to ask for another one.
#include <algorithm>
#include <utility>

#include <boost/asio.hpp>

#include "logdist/net/as_tuple.hpp"
#include "logdist/registry/discovery/parsers.hpp"
#include "registry/discovery/etcd_client.hpp"
#include "registry/discovery/source.hpp"

namespace logdist::registry {
namespace {

namespace asio = boost::asio;

/// A watch is given up after so long: its server may be gone without a word, and a delete may be missed around a
/// compaction, so everything is read again this often.
constexpr Duration watch_max = std::chrono::seconds(60);
/// Several changes are one range.
constexpr Duration watch_settling = std::chrono::milliseconds(50);
/// However often there is something new.
constexpr Duration between_ranges = std::chrono::milliseconds(500);

class EtcdSource final : public Source {
 public:
  EtcdSource(const config::SourceOptions& options, asio::io_context& io, net::NameResolver& names)
      : options_(options),
        client_(io, names, options.endpoints, {options.user, options.password}, options.source_tls),
        timer_(io) {}

  asio::awaitable<Look> look(bool at_once) override {
    if (!at_once && !revision_.empty()) {
      HttpRequest watch = EtcdClient::post("/v3/watch", etcd_watch_request(options_.prefix, revision_));
      watch.timeout = watch_max;
      watch.bytes_max = EtcdWatch::bytes_max;
      watch.enough = [news = EtcdWatch()](std::string_view stream) mutable { return news.has_news(stream); };
      // However it ends: the range shows what is, and a failure of its own if there is one.
      const HttpResult ended = co_await client_.ask(std::move(watch));
      timer_.expires_at(std::max(Clock::now() + watch_settling, next_range_));
      co_await timer_.async_wait(net::as_tuple);
    }
    next_range_ = Clock::now() + between_ranges;
    HttpResult result = co_await client_.ask(EtcdClient::post("/v3/kv/range", etcd_range_request(options_.prefix)));
    if (!result) co_return Look{result.error(), Duration::zero()};
    auto range = parse_etcd_range(result->body, options_);
    if (!range) co_return Look{range.error(), Duration::zero()};
    revision_ = std::move(range->revision);
    co_return Look{std::move(range->answer), Duration::zero()};
  }

 private:
  const config::SourceOptions& options_;
  EtcdClient client_;
  std::string revision_;                     ///< of the last range; empty: there was none
  TimePoint next_range_ = TimePoint::min();  ///< not before
  asio::steady_timer timer_;
};

}  // namespace

std::unique_ptr<Source> make_etcd_source(const config::SourceOptions& options, asio::io_context& io,
                                         net::NameResolver& names) {
  return std::make_unique<EtcdSource>(options, io, names);
}

}  // namespace logdist::registry
