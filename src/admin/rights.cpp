#include "admin/rights.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace logdist::admin {
namespace {

namespace http = boost::beast::http;

constexpr std::array<std::string_view, 4> open_paths{"/healthz", "/health", "/readyz", "*"};

Response unauthorized(std::string_view challenge, std::string_view detail) {
  Response response = problem(http::status::unauthorized, detail);
  response.set(http::field::www_authenticate, challenge);
  return response;
}

}  // namespace

Admission check_rights(const Request& request, const auth::AdminTokens* tokens) {
  if (tokens == nullptr || std::ranges::find(open_paths, request.path) != open_paths.end()) return {};
  const auto token = request.authorization ? auth::bearer_token(*request.authorization) : std::nullopt;
  if (!token) {
    return {.refusal = unauthorized("Bearer realm=\"log-distributor\"",
                                    "a token is needed: Authorization: Bearer TOKEN (admin.tokens)")};
  }
  const auth::AdminToken* const owner = tokens->find(*token);
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
