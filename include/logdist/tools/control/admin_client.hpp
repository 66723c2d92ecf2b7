// One request to the admin port of a running daemon, for the small tools.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <boost/system/result.hpp>

#include "logdist/base/time.hpp"
#include "logdist/config/load.hpp"
#include "logdist/net/name_resolver.hpp"
#include "logdist/tools/agent/retry_decision.hpp"
#include "logdist/tools/agent/target_tls.hpp"

namespace logdist::tools {

/// Where the daemon is, and how long to wait for its answer.
struct AdminPort {
  std::optional<std::string> url{};  ///< none: as admin_url() finds it
  Duration timeout = std::chrono::seconds(15);
  net::Lookup lookup = net::system_lookup;  ///< of the daemon's name
  std::optional<std::string> token_file{};  ///< none: LOGDIST_TOKEN or LOGDIST_TOKEN_FILE, if set
  TargetTlsOptions tls{};                   ///< of an https url; what is not given is as the environment says
  /// Made of `tls` for the url by admin_tls(), for who asks again and again; null: made for each request.
  std::shared_ptr<net::ClientTls> client{};
};

/// Null when the port speaks plain HTTP. May block: it reads files.
boost::system::result<std::shared_ptr<net::ClientTls>, std::string> admin_tls(const AdminPort& port,
                                                                              const config::Environment& environment);

struct AdminAnswer : Answer {
  std::string url;  ///< that was asked
};

/// The answer, whatever its status, or a line that says why there is none. GET
/// without a body; with one, which is JSON, POST. With the token, if there is one. Blocks until then.
boost::system::result<AdminAnswer, std::string> ask_admin(const AdminPort& port, const config::Environment& environment,
                                                          const std::string& path,
                                                          const std::optional<std::string>& body = {});
/// The same for DELETE.
boost::system::result<AdminAnswer, std::string> delete_at_admin(const AdminPort& port,
                                                                const config::Environment& environment,
                                                                const std::string& path);

/// `URL: STATUS what it says is wrong`, in one line.
std::string refusal(const AdminAnswer& answer);

}  // namespace logdist::tools
