#include "admin/rights.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "admin/login.hpp"

namespace logdist::admin {
namespace {

namespace http = boost::beast::http;

/// For probes; and the form with its style, for who has no token yet.
constexpr std::array<std::string_view, 7> open_paths{"/healthz", "/health",        "/readyz",       "*",
                                                     login_path, "/dashboard.css", "/dashboard.svg"};

/// An Authorization of whatever kind counts alone.
std::optional<std::string_view> token_of(const Request& request) {
  if (request.authorization) return auth::bearer_token(*request.authorization);
  return request.cookies ? cookie_token(*request.cookies) : std::nullopt;
}

Response unauthorized_page() {
  Response response = login_page(http::status::unauthorized);
  response.set(http::field::www_authenticate, challenge);
  return response;
}

Response unauthorized(std::string_view how, std::string_view detail) {
  Response response = problem(http::status::unauthorized, detail);
  response.set(http::field::www_authenticate, how);
  return response;
}

}  // namespace

Admission check_rights(const Request& request, const auth::AdminTokens* tokens) {
  if (tokens == nullptr || std::ranges::find(open_paths, request.path) != open_paths.end()) return {};
  const auto token = token_of(request);
  const auth::AdminToken* const owner = token ? tokens->find(*token) : nullptr;
  if (owner == nullptr && request.path == "/" && !request.authorization) return {.refusal = unauthorized_page()};
  if (!token) {
    return {.refusal = unauthorized(challenge, "a token is needed: Authorization: Bearer TOKEN (admin.tokens)")};
  }
  if (owner == nullptr) {
    return {.refusal = unauthorized("Bearer realm=\"log-distributor\", error=\"invalid_token\"",
                                    "nobody in admin.tokens has this token")};
  }
  if (owner->role == auth::Role::read && !request.reads()) {
    return {.name = owner->name,
            .refusal = problem(http::status::forbidden,
                               fmt::format("the token of {} has the role read, and changes nothing", owner->name))};
  }
  return {.name = owner->name};
}

}  // namespace logdist::admin
