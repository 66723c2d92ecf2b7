// How a browser gets a token along: a form, and a cookie.
#pragma once

#include <optional>
#include <string_view>

#include "admin/replies.hpp"
#include "admin/request.hpp"
#include "logdist/auth/admin_tokens.hpp"

namespace logdist::admin {

inline constexpr std::string_view login_path = "/login";

/// The form, which POSTs the token to login_path. `note` is a sentence above it; empty: none.
Response login_page(boost::beast::http::status status, std::string_view note = {});

/// Answers at login_path: GET the form; POST with somebody's token 303 to the dashboard and the cookie, with another
/// one 401 and the form again. Without `tokens` there is nothing to log in to: 303. A page of another origin may not
/// log anybody in: 403.
Response log_in(const Request& request, const auth::AdminTokens* tokens);

/// The token of a Cookie field; none when it has none.
std::optional<std::string_view> cookie_token(std::string_view cookies);

}  // namespace logdist::admin
