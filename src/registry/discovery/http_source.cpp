// Prometheus's http_sd, and Consul's health by blocking queries.
#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <boost/asio.hpp>

#include "logdist/registry/discovery/consul_index.hpp"
#include "logdist/registry/discovery/parsers.hpp"
#include "registry/discovery/http_client.hpp"
#include "registry/discovery/source.hpp"

namespace logdist::registry {
namespace {

namespace asio = boost::asio;

std::string not_200(const HttpAnswer& answer) { return fmt::format("answers {}", answer.status); }

class HttpSource final : public Source {
 public:
  static constexpr Duration own_interval = std::chrono::seconds(30);

  HttpSource(const config::SourceOptions& options, asio::io_context& io, net::NameResolver& names)
      : options_(options), client_(io, names, options.url, options.source_tls) {}

  asio::awaitable<Look> look(bool) override {
    const Duration wait = options_.interval > Duration::zero() ? options_.interval : own_interval;
    HttpRequest request{.target = client_.target(),
                        .headers = {{"Accept", "application/json"}},
                        .body = {},
                        .bytes_max = answer_bytes_max};
    HttpResult result = co_await client_.ask(std::move(request));
    if (!result) co_return Look{result.error(), wait};
    if (result->status != 200) co_return Look{not_200(*result), wait};
    co_return Look{parse_http_sd(result->body, options_), wait};
  }

 private:
  const config::SourceOptions& options_;
  HttpClient client_;
};

class ConsulSource final : public Source {
 public:
  /// Consul adds up to a sixteenth.
  static constexpr std::chrono::seconds blocks_for{60};
  static constexpr Duration answers_within = std::chrono::seconds(10);
  /// A service that does not exist wakes for every change of the catalogue.
  static constexpr Duration between_queries = std::chrono::seconds(1);

  ConsulSource(const config::SourceOptions& options, asio::io_context& io, net::NameResolver& names)
      : options_(options), client_(io, names, options.url, options.source_tls) {}

  asio::awaitable<Look> look(bool at_once) override {
    if (at_once) index_.reset();
    HttpRequest request{.target = target(),
                        .headers = {},
                        .body = {},
                        .timeout = answers_within + (index_.value() > 0 ? blocks_for * 17 / 16 : blocks_for * 0),
                        .bytes_max = answer_bytes_max};
    if (!options_.token.empty()) {
      Secret token = read_secret(options_.token);
      if (!token.error.empty()) co_return Look{"token: " + token.error, between_queries};
      request.headers.emplace_back("X-Consul-Token", std::move(token.text));
    }
    HttpResult result = co_await client_.ask(std::move(request));
    if (!result) co_return Look{result.error(), between_queries};
    if (result->status != 200) co_return Look{not_200(*result), between_queries};
    index_.answered(result->consul_index);
    co_return Look{parse_consul(result->body, options_), between_queries};
  }

 private:
  std::string target() const {
    std::string target = client_.target();
    while (target.ends_with('/')) target.pop_back();
    target += fmt::format("/v1/health/service/{}?passing=1", url_encoded(options_.service));
    if (!options_.tag.empty()) target += "&tag=" + url_encoded(options_.tag);
    if (!options_.datacenter.empty()) target += "&dc=" + url_encoded(options_.datacenter);
    if (index_.value() > 0) target += fmt::format("&index={}&wait={}s", index_.value(), blocks_for.count());
    return target;
  }

  const config::SourceOptions& options_;
  HttpClient client_;
  ConsulIndex index_;
};

}  // namespace

std::unique_ptr<Source> make_http_source(const config::SourceOptions& options, asio::io_context& io,
                                         net::NameResolver& names) {
  return std::make_unique<HttpSource>(options, io, names);
}

std::unique_ptr<Source> make_consul_source(const config::SourceOptions& options, asio::io_context& io,
                                           net::NameResolver& names) {
  return std::make_unique<ConsulSource>(options, io, names);
}

}  // namespace logdist::registry
