// etcd's JSON gateway: several servers, and who logs in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "registry/discovery/http_client.hpp"

namespace logdist::registry {

/// Asks the first server that answers; after a failure the next one. Logs in where there is a user, and again when it
/// is forgotten: tokens end after some minutes. Confined to the thread of `io`.
class EtcdClient {
 public:
  struct Login {
    std::string user;      ///< empty: nobody
    std::string password;  ///< file:PATH
  };

  /// `endpoints`: good URLs with commas between them.
  EtcdClient(boost::asio::io_context& io, net::NameResolver& names, const std::string& endpoints, Login login,
             const config::AnalyzerTlsOptions& tls);

  /// A POST of JSON; a status other than 200 is an error.
  boost::asio::awaitable<HttpResult> ask(HttpRequest request);
  static HttpRequest post(std::string target, std::string body);

 private:
  boost::asio::awaitable<HttpResult> send(HttpRequest request);
  boost::asio::awaitable<std::string> log_in();

  std::vector<std::unique_ptr<HttpClient>> clients_;
  const Login login_;
  std::size_t endpoint_ = 0;  ///< the one that is asked
  std::string token_;         ///< empty: not logged in
};

}  // namespace logdist::registry
