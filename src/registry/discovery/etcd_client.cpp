#include "registry/discovery/etcd_client.hpp"

#include <utility>

#include <fmt/format.h>
#include <boost/asio.hpp>
#include <nlohmann/json.hpp>

#include "logdist/registry/discovery/parsers.hpp"

namespace logdist::registry {

namespace asio = boost::asio;

EtcdClient::EtcdClient(asio::io_context& io, net::NameResolver& names, const std::string& endpoints, Login login,
                       const config::AnalyzerTlsOptions& tls)
    : login_(std::move(login)) {
  for (const std::string& url : config::split_list(endpoints)) {
    clients_.push_back(std::make_unique<HttpClient>(io, names, url, tls));
  }
}

HttpRequest EtcdClient::post(std::string target, std::string body) {
  return {.method = "POST",
          .target = std::move(target),
          .headers = {},
          .body = std::move(body),
          .bytes_max = answer_bytes_max};
}

asio::awaitable<HttpResult> EtcdClient::ask(HttpRequest request) {
  HttpResult result = co_await send(std::move(request));
  if (result && result->status != 200) result = fmt::format("answers {}", result->status);
  if (!result) endpoint_ = (endpoint_ + 1) % clients_.size();
  co_return result;
}

asio::awaitable<HttpResult> EtcdClient::send(HttpRequest request) {
  if (!login_.user.empty() && token_.empty()) {
    std::string error = co_await log_in();
    if (!error.empty()) co_return error;
  }
  HttpRequest again = request;
  if (!token_.empty()) request.headers.emplace_back("Authorization", token_);
  HttpResult result = co_await clients_[endpoint_]->ask(std::move(request));
  const bool is_forgotten = result && !login_.user.empty() && (result->status == 401 || result->status == 400);
  if (!is_forgotten) co_return result;
  token_.clear();
  std::string error = co_await log_in();
  if (!error.empty()) co_return error;
  again.headers.emplace_back("Authorization", token_);
  result = co_await clients_[endpoint_]->ask(std::move(again));
  co_return result;
}

/// What is wrong; empty: it worked.
asio::awaitable<std::string> EtcdClient::log_in() {
  const Secret password = read_secret(login_.password);
  if (!password.error.empty()) co_return "password: " + password.error;
  const nlohmann::json body{{"name", login_.user}, {"password", password.text}};
  const std::string text = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  HttpResult result = co_await clients_[endpoint_]->ask(post("/v3/auth/authenticate", text));
  if (!result) co_return result.error();
  if (result->status != 200) co_return fmt::format("does not let {} in: it answers {}", login_.user, result->status);
  const auto json = nlohmann::json::parse(result->body, nullptr, false);
  if (!json.is_object() || !json.contains("token") || !json["token"].is_string()) co_return "gives no token";
  token_ = json["token"].get<std::string>();
  co_return std::string();
}

}  // namespace logdist::registry
