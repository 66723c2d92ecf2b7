// Who may do what on the admin port.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "admin/replies.hpp"
#include "admin/request.hpp"
#include "logdist/auth/admin_tokens.hpp"

namespace logdist::admin {

/// Whether a request is let in, and whose it is.
struct Admission {
  std::string name{};                 ///< of the token; empty without one
  std::optional<Response> refusal{};  ///< 401 or 403; none: it is let in
};

/// The WWW-Authenticate of a request without a token.
inline constexpr std::string_view challenge = "Bearer realm=\"log-distributor\"";

/// By the token of its Authorization or, without that, of its cookie: `read` may GET and HEAD, `operate` all else, too.
/// `tokens` null: everybody may do everything. /healthz, /health, /readyz and `OPTIONS *` are for probes, which have no
/// token, and tell whether packets are taken. Who has none gets the form at / and /login, and its style.
Admission check_rights(const Request& request, const auth::AdminTokens* tokens);

}  // namespace logdist::admin
