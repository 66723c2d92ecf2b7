// What the sources' answers say, as far as it needs no socket. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "logdist/config/options.hpp"
#include "logdist/registry/discovery/answer.hpp"

namespace logdist::registry {

/// The answer, or why it is none: one sentence's end, to be put behind the source's name.
using Parsed = boost::system::result<Answer, std::string>;

/// Most bytes of an answer that are read. A thousand instances of Consul take some 1.5 MiB. One with half a million of
/// values is no answer, either.
inline constexpr std::size_t answer_bytes_max = std::size_t{8} << 20;

/// Prometheus's http_sd: `[{"targets": ["host:port"], "labels": {"__weight__": "2", …}}]`.
Parsed parse_http_sd(std::string_view text, const config::SourceOptions& source);

/// Consul's `/v1/health/service/NAME`. Weight: the service's meta `weight`, else `Weights.Passing`; its meta `path` and
/// `scheme` beat the source's; zone: the node's meta `zone`.
Parsed parse_consul(std::string_view text, const config::SourceOptions& source);

/// etcd's answer to a range: `revision` is what a watch goes on from, minus one.
struct EtcdRange {
  Answer answer;
  std::string revision;
};
boost::system::result<EtcdRange, std::string> parse_etcd_range(std::string_view text,
                                                               const config::SourceOptions& source);

/// One watch of etcd. Not thread-safe.
class EtcdWatch {
 public:
  /// Most bytes of it that are read: it only has to say that there is something new.
  static constexpr std::size_t bytes_max = std::size_t{64} << 10;

  /// Whether what it has said so far asks for another range: a whole line tells an event, or the watch's end. What was
  /// there at an earlier call is not looked at again.
  bool has_news(std::string_view stream);

 private:
  std::size_t read_ = 0;  ///< so much had no news
};

/// What is asked of etcd. The end of a prefix is the prefix with its last byte that can grow grown.
std::string etcd_range_request(std::string_view prefix);
std::string etcd_watch_request(std::string_view prefix, std::string_view revision);

/// One SRV record.
struct SrvRecord {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string target;
};
/// Those of the first priority. Weight 0 is 1 beside others, and the source's where all are 0.
Answer answer_of(const std::vector<SrvRecord>& records, const config::SourceOptions& source);

}  // namespace logdist::registry
